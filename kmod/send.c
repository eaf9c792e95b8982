// SPDX-License-Identifier: GPL-2.0-only
/* A UDP payload leaves: route, new UDP and IP headers, and the stack's ordinary output path. */
#include "module.h"
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/udp.h>
#include "forward.h"

static __be32 inet4(const struct rtpe_addr *a)
{
	__be32 be;

	memcpy(&be, a->addr, sizeof(be));
	return be;
}

static struct in6_addr inet6(const struct rtpe_addr *a)
{
	struct in6_addr in6;

	memcpy(&in6, a->addr, sizeof(in6));
	return in6;
}

/* ---- routes ---- */

static struct dst_entry *route4(struct net *net, struct rtpe_exit *ex)
{
	struct flowi4 fl4 = {};
	struct rtable *rt;
	__be32 saddr;

	rt = dst_cache_get_ip4(&ex->route, &saddr);
	if (rt)
		return &rt->dst;
	fl4.daddr = inet4(&ex->to);
	fl4.saddr = inet4(&ex->from);
	fl4.flowi4_proto = IPPROTO_UDP;
	fl4.fl4_dport = htons(ex->to.port);
	fl4.fl4_sport = htons(ex->from.port);
	rtpe_flowi4_set_tos(&fl4, ex->tos);
	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return NULL;
	dst_cache_set_ip4(&ex->route, &rt->dst, fl4.saddr);
	return &rt->dst;
}

static struct dst_entry *route6(struct net *net, struct rtpe_exit *ex)
{
	struct flowi6 fl6 = {};
	struct dst_entry *dst;
	struct in6_addr saddr;

	dst = dst_cache_get_ip6(&ex->route, &saddr);
	if (dst)
		return dst;
	fl6.daddr = inet6(&ex->to);
	fl6.saddr = inet6(&ex->from);
	fl6.flowi6_proto = IPPROTO_UDP;
	fl6.fl6_dport = htons(ex->to.port);
	fl6.fl6_sport = htons(ex->from.port);
	fl6.flowlabel = ip6_make_flowinfo(ex->tos, 0);
	dst = ip6_route_output(net, NULL, &fl6);
	if (dst->error) {
		dst_release(dst);
		return NULL;
	}
	dst_cache_set_ip6(&ex->route, dst, &fl6.saddr);
	return dst;
}

struct dst_entry *rtpe_exit_route(struct net *net, struct rtpe_exit *ex)
{
	if (ex->to.family == RTPE_INET4)
		return route4(net, ex);
	return IS_ENABLED(CONFIG_IPV6) ? route6(net, ex) : NULL;
}

/* ---- headers ---- */

bool rtpe_make_room(struct sk_buff *skb, const struct dst_entry *dst, u32 len, u32 behind, bool flat)
{
	u32 front = LL_RESERVED_SPACE(dst->dev) + dst->header_len + sizeof(struct ipv6hdr) + sizeof(struct udphdr);
	int more_front, more_behind;

	if (flat && skb_linearize(skb))
		return false;
	if (!pskb_may_pull(skb, len))
		return false;
	more_front = front > skb_headroom(skb) ? front - skb_headroom(skb) : 0;
	more_behind = behind > skb_tailroom(skb) ? behind - skb_tailroom(skb) : 0;
	if (!more_front && !more_behind && !skb_cloned(skb))
		return true;
	return !pskb_expand_head(skb, more_front, more_behind, GFP_ATOMIC);
}

/* What the packet was to the stack on its way in must not follow it out. */
static void forget_past(struct sk_buff *skb)
{
	skb_orphan(skb);
	skb_scrub_packet(skb, true);
	skb_clear_hash(skb);
	skb_set_queue_mapping(skb, 0);
	skb->ip_summed = CHECKSUM_NONE;
	skb->csum_valid = 0;
	skb->encapsulation = 0;
	skb_reset_inner_headers(skb);
	memset(skb->cb, 0, sizeof(skb->cb));
}

static void push_udp(struct sk_buff *skb, const struct rtpe_exit *ex)
{
	struct udphdr *uh;

	__skb_push(skb, sizeof(*uh));
	skb_reset_transport_header(skb);
	uh = udp_hdr(skb);
	uh->source = htons(ex->from.port);
	uh->dest = htons(ex->to.port);
	uh->len = htons(skb->len);
}

static void send4(struct net *net, struct sk_buff *skb, struct dst_entry *dst, const struct rtpe_exit *ex)
{
	struct iphdr *iph;

	udp_set_csum(false, skb, inet4(&ex->from), inet4(&ex->to), skb->len);
	__skb_push(skb, sizeof(*iph));
	skb_reset_network_header(skb);
	iph = ip_hdr(skb);
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tos = ex->tos;
	/* As for a UDP socket with default path MTU discovery: what does not fit is sent in fragments. */
	iph->frag_off = skb->len <= dst_mtu(dst) ? htons(IP_DF) : 0;
	iph->ttl = ip4_dst_hoplimit(dst);
	iph->protocol = IPPROTO_UDP;
	iph->saddr = inet4(&ex->from);
	iph->daddr = inet4(&ex->to);
	iph->tot_len = htons(skb->len);
	ip_select_ident(net, skb, NULL);
	skb->protocol = htons(ETH_P_IP);
	skb->priority = rt_tos2priority(ex->tos);
	ip_local_out(net, NULL, skb);
}

static void send6(struct net *net, struct sk_buff *skb, struct dst_entry *dst, const struct rtpe_exit *ex)
{
	struct in6_addr saddr = inet6(&ex->from), daddr = inet6(&ex->to);
	struct ipv6hdr *iph;

	udp6_set_csum(false, skb, &saddr, &daddr, skb->len);
	__skb_push(skb, sizeof(*iph));
	skb_reset_network_header(skb);
	iph = ipv6_hdr(skb);
	ip6_flow_hdr(iph, ex->tos, 0);
	iph->payload_len = htons(skb->len - sizeof(*iph));
	iph->nexthdr = IPPROTO_UDP;
	iph->hop_limit = ip6_dst_hoplimit(dst);
	iph->saddr = saddr;
	iph->daddr = daddr;
	skb->protocol = htons(ETH_P_IPV6);
	skb->priority = rt_tos2priority(ex->tos);
	skb->ignore_df = 1;
	ip6_local_out(net, NULL, skb);
}

void rtpe_send(struct net *net, struct sk_buff *skb, struct dst_entry *dst, const struct rtpe_exit *ex)
{
	forget_past(skb);
	skb_dst_set(skb, dst);
	push_udp(skb, ex);
	if (ex->to.family == RTPE_INET4)
		send4(net, skb, dst, ex);
#if IS_ENABLED(CONFIG_IPV6)
	else
		send6(net, skb, dst, ex);
#endif
}
