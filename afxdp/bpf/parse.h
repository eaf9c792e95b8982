/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From bytes to a plain unicast UDP packet, or the reason why it is none.
 * Same checks in the same order as wire::Packet::parse.
 */
#ifndef STEER_PARSE_H
#define STEER_PARSE_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "steer.h"

#define PLAIN (-1)

struct tag {
	__be16 tci;
	__be16 proto;
};

struct packet {
	struct address local;
	struct endpoint remote;
	__be16 local_port;
	/* A full word each, so that the verifier remembers what it knows. */
	__u64 headers_len;
	__u64 payload_len;
	__sum16 udp_check;
};

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static __always_inline int is_tag(__be16 proto)
{
	return proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD);
}

static __always_inline int header_sum_holds(const struct iphdr *ip)
{
	const __u16 *word = (const void *)ip;
	__u32 sum = 0;
	int i;

#pragma unroll
	for (i = 0; i < 10; i++)
		sum += word[i];
	return fold(sum) == 0xffff;
}

static __always_inline int parse_udp(struct udphdr *udp, void *end,
				     __u32 len, int v6, struct packet *p)
{
	if (len < sizeof(*udp) || (void *)(udp + 1) > end)
		return REASON_BAD_UDP_LENGTH;
	if (bpf_ntohs(udp->len) != len)
		return REASON_BAD_UDP_LENGTH;
	if (v6 && !udp->check)
		return REASON_NO_CHECKSUM;
	p->remote.port = udp->source;
	p->local_port = udp->dest;
	p->udp_check = udp->check;
	p->payload_len = len - sizeof(*udp);
	return PLAIN;
}

static __always_inline int parse_ipv4(struct iphdr *ip, void *end, int group,
				      struct packet *p)
{
	__u32 total;

	if ((void *)(ip + 1) > end)
		return REASON_SHORT_FRAME;
	if (ip->version != 4)
		return REASON_BAD_VERSION;
	if (ip->ihl > 5)
		return REASON_IP_OPTIONS;
	if (ip->ihl < 5)
		return REASON_BAD_LENGTH;
	total = bpf_ntohs(ip->tot_len);
	if (total < sizeof(*ip) || total > (__u64)(end - (void *)ip))
		return REASON_BAD_LENGTH;
	if (!header_sum_holds(ip))
		return REASON_BAD_HEADER_CHECKSUM;
	if (ip->frag_off & bpf_htons(0x3fff))
		return REASON_FRAGMENT;
	if (ip->protocol != IPPROTO_UDP)
		return REASON_NOT_UDP;
	if ((ip->daddr & bpf_htonl(0xf0000000)) == bpf_htonl(0xe0000000) ||
	    ip->daddr == bpf_htonl(0xffffffff) || group)
		return REASON_GROUP;
	__builtin_memcpy(p->local.addr, &ip->daddr, 4);
	__builtin_memcpy(p->remote.addr, &ip->saddr, 4);
	p->local.family = 4;
	p->remote.family = 4;
	p->headers_len += sizeof(*ip) + sizeof(struct udphdr);
	return parse_udp((void *)(ip + 1), end, total - sizeof(*ip), 0, p);
}

static __always_inline int parse_ipv6(struct ipv6hdr *ip, void *end, int group,
				      struct packet *p)
{
	__u32 len;

	if ((void *)(ip + 1) > end)
		return REASON_SHORT_FRAME;
	if (ip->version != 6)
		return REASON_BAD_VERSION;
	len = bpf_ntohs(ip->payload_len);
	if (len > (__u64)(end - (void *)(ip + 1)))
		return REASON_BAD_LENGTH;
	switch (ip->nexthdr) {
	case IPPROTO_UDP:
		break;
	case IPPROTO_FRAGMENT:
		return REASON_FRAGMENT;
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_AH:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
	case 139:		/* HIP */
	case 140:		/* shim6 */
		return REASON_EXTENSION_HEADER;
	default:
		return REASON_NOT_UDP;
	}
	if (ip->daddr.s6_addr[0] == 0xff || group)
		return REASON_GROUP;
	__builtin_memcpy(p->local.addr, &ip->daddr, 16);
	__builtin_memcpy(p->remote.addr, &ip->saddr, 16);
	p->local.family = 6;
	p->remote.family = 6;
	p->headers_len += sizeof(*ip) + sizeof(struct udphdr);
	return parse_udp((void *)(ip + 1), end, len, 1, p);
}

static __always_inline int parse(struct xdp_md *ctx, struct packet *p)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	void *next = eth + 1;
	__be16 proto;
	int group;

	__builtin_memset(p, 0, sizeof(*p));
	if (next > end)
		return REASON_SHORT_FRAME;
	proto = eth->h_proto;
	group = eth->h_dest[0] & 1;
	p->headers_len = sizeof(*eth);
	if (is_tag(proto)) {
		struct tag *tag = next;

		next = tag + 1;
		if (next > end)
			return REASON_SHORT_FRAME;
		proto = tag->proto;
		p->headers_len += sizeof(*tag);
		if (is_tag(proto))
			return REASON_STACKED_TAGS;
	}
	if (proto == bpf_htons(ETH_P_IP))
		return parse_ipv4(next, end, group, p);
	if (proto == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(next, end, group, p);
	return REASON_NOT_IP;
}

#endif
