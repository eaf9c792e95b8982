/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_FORWARD_H
#define RTPE_FORWARD_H

#include <linux/skbuff.h>
#include <net/net_namespace.h>
#include "flow.h"
#include "packet.h"

/* How a packet that reached a rule ends. */
enum rtpe_verdict {
	RTPE_PASS,	/* not ours: the next rule, the socket */
	RTPE_DROP,	/* the caller frees it */
	RTPE_TAKEN,	/* gone: sent or freed here */
	RTPE_COPIED,	/* a copy was sent, the packet itself goes up to the socket */
};

/* Whole path of a packet on the LOCAL_IN hook. `family`: NFPROTO_IPV4 or NFPROTO_IPV6. */
enum rtpe_verdict rtpe_receive(struct net *net, u32 table, struct sk_buff *skb, u8 family);

/* send.c */

/* A counted route of an exit, or NULL. */
struct dst_entry *rtpe_exit_route(struct net *net, struct rtpe_exit *ex);

/*
 * Makes the first `len` bytes of skb->data (the UDP payload) writable, gives it room for the headers of `dst` and
 * `behind` bytes more; with `flat`, all of it is linear. Changes nothing else. False: no memory.
 */
bool rtpe_make_room(struct sk_buff *skb, const struct dst_entry *dst, u32 len, u32 behind, bool flat);

/* Puts UDP and IP headers in front of the payload and sends it. Takes skb and dst. */
void rtpe_send(struct net *net, struct sk_buff *skb, struct dst_entry *dst, const struct rtpe_exit *ex);

#endif
