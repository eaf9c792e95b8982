// SPDX-License-Identifier: GPL-2.0-only
/* From an skb to a struct rtpe_packet. Reads only; every length is proved here and nowhere else. */
#include "module.h"
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include "compat/unaligned.h"
#include "packet.h"

enum rtpe_kind rtpe_kind(u8 first, u8 second)
{
	if (first < 128 || first > 191)
		return RTPE_KIND_OTHER;
	return second >= 192 && second <= 223 ? RTPE_KIND_RTCP : RTPE_KIND_RTP;
}

u32 rtpe_rtp_header_len(const u8 *packet, u32 len)
{
	u32 header = RTPE_RTP_HEADER + 4 * (packet[0] & 0x0f);

	if (packet[0] & 0x10) {
		if (len < header + 4)
			return 0;
		header += 4 + 4 * get_unaligned_be16(packet + header + 2);
	}
	return header <= len ? header : 0;
}

static u32 inet4_addresses(struct sk_buff *skb, struct rtpe_packet *p)
{
	const struct iphdr *iph;
	u32 header;

	if (!pskb_may_pull(skb, sizeof(*iph)))
		return 0;
	iph = ip_hdr(skb);
	header = iph->ihl * 4;
	if (iph->version != 4 || header < sizeof(*iph) || iph->protocol != IPPROTO_UDP || ip_is_fragment(iph))
		return 0;
	p->tos = iph->tos;
	p->local.family = RTPE_INET4;
	p->remote.family = RTPE_INET4;
	memcpy(p->local.addr, &iph->daddr, 4);
	memcpy(p->remote.addr, &iph->saddr, 4);
	return header;
}

static u32 inet6_addresses(struct sk_buff *skb, struct rtpe_packet *p)
{
	const struct ipv6hdr *iph;

	if (!pskb_may_pull(skb, sizeof(*iph)))
		return 0;
	iph = ipv6_hdr(skb);
	if (iph->version != 6 || iph->nexthdr != IPPROTO_UDP)
		return 0;
	p->tos = ipv6_get_dsfield(iph);
	p->local.family = RTPE_INET6;
	p->remote.family = RTPE_INET6;
	memcpy(p->local.addr, &iph->daddr, 16);
	memcpy(p->remote.addr, &iph->saddr, 16);
	return sizeof(*iph);
}

bool rtpe_packet_addresses(struct sk_buff *skb, u8 family, struct rtpe_packet *p)
{
	const struct udphdr *uh;
	u32 at, udp_len;

	if (skb_network_offset(skb) != 0)
		return false;
	memset(p, 0, sizeof(*p));
	at = family == NFPROTO_IPV4 ? inet4_addresses(skb, p) : inet6_addresses(skb, p);
	if (!at || !pskb_may_pull(skb, at + sizeof(*uh)))
		return false;
	uh = (const struct udphdr *)(skb->data + at);
	/* The length of a packet that was put together from several is that of one of them, or of all. */
	udp_len = skb_is_gso(skb) ? skb->len - at : ntohs(uh->len);
	if (udp_len < sizeof(*uh) || udp_len > skb->len - at)
		return false;
	p->local.port = ntohs(uh->dest);
	p->remote.port = ntohs(uh->source);
	p->payload = at + sizeof(*uh);
	p->len = udp_len - sizeof(*uh);
	return true;
}

bool rtpe_packet_look(struct sk_buff *skb, struct rtpe_packet *p)
{
	u8 room[RTPE_RTP_HEADER];
	const u8 *b;

	if (p->len < 2)
		return false;
	b = skb_header_pointer(skb, p->payload, min_t(u32, p->len, sizeof(room)), room);
	if (!b)
		return false;
	p->kind = rtpe_kind(b[0], b[1]);
	switch (p->kind) {
	case RTPE_KIND_RTP:
		if (p->len < RTPE_RTP_HEADER)
			return false;
		p->pt = b[1] & 0x7f;
		p->seq = get_unaligned_be16(b + 2);
		p->timestamp = get_unaligned_be32(b + 4);
		p->ssrc = get_unaligned_be32(b + 8);
		return true;
	case RTPE_KIND_RTCP:
		if (p->len < RTPE_RTCP_HEADER)
			return false;
		p->ssrc = get_unaligned_be32(b + 4);
		return true;
	default:
		return true;
	}
}

bool rtpe_packet_intact(struct sk_buff *skb, const struct rtpe_packet *p)
{
	u32 at = p->payload - sizeof(struct udphdr);
	const struct udphdr *uh = (const struct udphdr *)(skb->data + at);
	bool inet4 = p->local.family == RTPE_INET4;

	if (!uh->check)
		return inet4;	/* RFC 8200 section 8.1: not allowed in IPv6 */
	return !nf_checksum(skb, NF_INET_LOCAL_IN, at, IPPROTO_UDP, inet4 ? AF_INET : AF_INET6);
}
