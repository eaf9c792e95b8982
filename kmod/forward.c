// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a packet: is it this flow's, may it be, what does it become, where does it go. Until commit() the skb is
 * only looked at, so that every earlier "no" can leave it to the socket untouched. All of it runs with bottom halves off.
 */
#include "module.h"
#include <linux/ktime.h>
#include <linux/udp.h>
#include "compat/unaligned.h"
#include "forward.h"
#include "srtp.h"
#include "stats.h"
#include "table.h"

/* One packet at work. Large and made for every packet, so it is not cleared as a whole. */
struct job {
	struct net *net;
	struct rtpe_entry *entry;
	struct rtpe_packet *packet;
	bool from_loopback;
	bool part;		/* cut out of a GRO packet: what passes up comes by again and is counted then */
	u32 exit_flag;		/* RTPE_OUT_RTP or RTPE_OUT_RTCP */
	bool any_seal;
	int slot;		/* of the SSRC, -1: none */
	u64 index;		/* packet index, or SRTCP index */
	struct dst_entry *routes[RTPE_OUTPUTS_MAX];	/* valid once find_routes() was there */
};

static enum rtpe_verdict pass(struct job *j, enum rtpe_fate why)
{
	if (!j->part)
		rtpe_stats_fate(j->entry->progress, why);
	return RTPE_PASS;
}

static enum rtpe_verdict refuse(struct job *j, enum rtpe_fate why)
{
	rtpe_stats_fate(j->entry->progress, why);
	return RTPE_DROP;
}

/* ---- may it be? ---- */

static bool from_source(const struct rtpe_entry *e, const struct rtpe_packet *p)
{
	return e->source_check == RTPE_SOURCE_IGNORE || rtpe_addr_equal(&e->source, &p->remote);
}

static bool carries(const struct rtpe_entry *e, enum rtpe_kind kind)
{
	switch (kind) {
	case RTPE_KIND_RTP:
		return e->carries != RTPE_CARRIES_RTCP;
	case RTPE_KIND_RTCP:
		return e->carries != RTPE_CARRIES_RTP && e->flags & RTPE_FLOW_RTCP_FORWARD;
	default:
		return false;
	}
}

/* RTPE_TAKEN: go on. */
static enum rtpe_verdict examine(struct job *j, struct sk_buff *skb)
{
	struct rtpe_entry *e = j->entry;
	struct rtpe_packet *p = j->packet;

	if (!from_source(e, p))
		return e->source_check == RTPE_SOURCE_DROP ? refuse(j, RTPE_FATE_SOURCE) :
							     pass(j, RTPE_FATE_PASS_SOURCE);
	j->exit_flag = RTPE_OUT_RTP;
	if (e->carries != RTPE_CARRIES_OPAQUE) {
		if (!rtpe_packet_look(skb, p) || !carries(e, p->kind))
			return pass(j, RTPE_FATE_PASS_KIND);
		if (p->kind == RTPE_KIND_RTCP)
			j->exit_flag = RTPE_OUT_RTCP;
		else if (e->flags & RTPE_FLOW_PT_FILTER && !test_bit(p->pt, e->allowed_pts))
			return pass(j, RTPE_FATE_PASS_PT);
	}
	if (!rtpe_packet_intact(skb, p))
		return pass(j, RTPE_FATE_PASS_ODD);
	return RTPE_TAKEN;
}

/* ---- where does it go? ---- */

static void drop_routes(struct job *j)
{
	int i;

	for (i = 0; i < j->entry->exit_count; i++)
		dst_release(j->routes[i]);
}

/* How many exits want the packet; `*ready` of them have a route. */
static int find_routes(struct job *j, int *ready)
{
	struct rtpe_entry *e = j->entry;
	int i, wanted = 0;

	*ready = 0;
	for (i = 0; i < e->exit_count; i++) {
		struct rtpe_exit *ex = &e->exits[i];
		struct dst_entry *dst;

		j->routes[i] = NULL;
		if (!(ex->flags & j->exit_flag))
			continue;
		wanted++;
		dst = rtpe_exit_route(j->net, ex);
		/* From ourselves to ourselves could go on for ever: two flows that feed each other. */
		if (dst && j->from_loopback && dst->dev->flags & IFF_LOOPBACK) {
			dst_release(dst);
			dst = NULL;
		}
		if (!dst)
			continue;
		j->routes[i] = dst;
		j->any_seal |= ex->seal != NULL;
		++*ready;
	}
	return wanted;
}

/* ---- which packet is it? (with the lock of the progress) ---- */

#define FINE (-1)

static int locate_rtp(struct job *j)
{
	struct rtpe_progress *p = j->entry->progress;
	bool careful = j->entry->open || j->any_seal;
	const struct rtpe_ssrc *s;
	int i;

	j->slot = rtpe_stats_find_ssrc(p, j->packet->ssrc);
	j->index = j->packet->seq;
	if (j->slot < 0) {
		for (i = 0; careful && i < RTPE_SSRCS_MAX; i++)
			if (!(p->ssrcs[i].state.flags & RTPE_SSRC_KNOWN))
				return FINE;
		return careful ? RTPE_FATE_PASS_SSRC : FINE;
	}
	s = &p->ssrcs[j->slot].state;
	if (s->flags & RTPE_SSRC_PASS)
		return RTPE_FATE_PASS_SSRC;
	if (!(s->flags & RTPE_SSRC_INDEX))
		return FINE;
	j->index = rtpe_index_guess(s->index, j->packet->seq);
	if (!careful || !rtpe_window_seen(s->index, s->window, j->index))
		return FINE;
	/*
	 * Sealing an old index again with other content would give the key stream away, so a plain sender that
	 * started anew is the daemon's to deal with.
	 */
	return !j->entry->open && s->index - j->index >= 64 ? RTPE_FATE_PASS_ODD : RTPE_FATE_REPLAY;
}

static int locate_rtcp(struct job *j)
{
	struct rtpe_progress *p = j->entry->progress;
	const struct rtpe_ssrc *s;

	j->slot = rtpe_stats_find_ssrc(p, j->packet->ssrc);
	if (j->slot < 0 || !j->entry->open)
		return FINE;
	s = &p->ssrcs[j->slot].state;
	if (s->flags & RTPE_SSRC_RTCP_INDEX && rtpe_window_seen(s->rtcp_index, s->rtcp_window, j->index))
		return RTPE_FATE_REPLAY;
	return FINE;
}

static int locate(struct job *j)
{
	switch (j->packet->kind) {
	case RTPE_KIND_RTP:
		return locate_rtp(j);
	case RTPE_KIND_RTCP:
		return locate_rtcp(j);
	default:
		return FINE;
	}
}

/* Counts the packet as received. */
static void commit(struct job *j)
{
	struct rtpe_progress *p = j->entry->progress;
	struct rtpe_packet *packet = j->packet;
	u64 now = ktime_get_ns();

	p->received.packets++;
	p->received.bytes += packet->len;
	p->last_packet_ns = now;
	p->last_tos = packet->tos;
	if (packet->kind == RTPE_KIND_RTP) {
		struct rtpe_arrival a = {
			.index = j->index, .now_ns = now, .timestamp = packet->timestamp, .bytes = packet->len,
			.pt = packet->pt,
		};

		if (j->slot < 0)
			j->slot = rtpe_stats_claim_ssrc(p, packet->ssrc, true);
		rtpe_stats_rtp(p, j->slot, &a);
	} else if (packet->kind == RTPE_KIND_RTCP && j->entry->open) {
		if (j->slot < 0)
			j->slot = rtpe_stats_claim_ssrc(p, packet->ssrc, false);
		if (j->slot >= 0) {
			struct rtpe_ssrc *s = &p->ssrcs[j->slot].state;
			u64 highest = s->flags & RTPE_SSRC_RTCP_INDEX ? s->rtcp_index : 0;

			s->flags |= RTPE_SSRC_RTCP_INDEX;
			rtpe_window_mark(&highest, &s->rtcp_window, j->index);
			s->rtcp_index = highest;
		}
	}
}

/* Before a packet is opened: whether it may be, and which it claims to be. RTCP has that behind its end. */
static int locate_sealed(struct job *j)
{
	struct rtpe_progress *p = j->entry->progress;
	int why;

	spin_lock(&p->lock);
	why = locate(j);
	spin_unlock(&p->lock);
	return why;
}

static int locate_and_commit(struct job *j)
{
	struct rtpe_progress *p = j->entry->progress;
	int why;

	spin_lock(&p->lock);
	/* Withdrawn meanwhile: the daemon counts it. One that was opened is no SRTP any more and cannot go up. */
	why = p->ended && !j->entry->open ? RTPE_FATE_PASS_ODD : locate(j);
	if (why == FINE)
		commit(j);
	spin_unlock(&p->lock);
	return why;
}

/* ---- what does it become? ---- */

/* Opens SRTP in place; skb->data is the payload, linear and writable. Returns FINE or a fate. */
static int open_packet(struct job *j, struct sk_buff *skb)
{
	struct rtpe_crypt *c = j->entry->open;
	int why, len;

	if (j->packet->kind == RTPE_KIND_RTCP) {
		s64 index = rtpe_rtcp_index(c, skb->data, skb->len);

		if (index < 0)
			return RTPE_FATE_MALFORMED;
		j->index = index;
		why = locate_sealed(j);
		if (why != FINE)
			return why;
		len = rtpe_open_rtcp(c, skb->data, skb->len, j->packet->ssrc);
	} else {
		u32 header = rtpe_rtp_header_len(skb->data, skb->len);

		if (!header)
			return RTPE_FATE_MALFORMED;
		len = rtpe_open_rtp(c, skb->data, skb->len, header, j->packet->ssrc, j->index);
	}
	if (len < 0)
		return len == -EBADMSG ? RTPE_FATE_AUTH : RTPE_FATE_MALFORMED;
	/* Another CPU may have had the same packet meanwhile: only now is it known to be genuine, so only now count. */
	why = locate_and_commit(j);
	if (why == FINE)
		skb_trim(skb, len);
	return why;
}

static void rewrite(const struct job *j, const struct rtpe_exit *ex, u8 *header)
{
	int slot = max(j->slot, 0);

	if (ex->flags & RTPE_OUT_PT && j->packet->pt == ex->pt_from)
		header[1] = (header[1] & 0x80) | ex->pt_to;
	if (ex->index_offset[slot])
		put_unaligned_be16(j->packet->seq + (u16)ex->index_offset[slot], header + 2);
	if (ex->flags & RTPE_OUT_SSRC)
		put_unaligned_be32(ex->ssrc[slot], header + 8);
}

/* Returns the new length or an error. */
static int seal_packet(struct job *j, int at, struct sk_buff *skb)
{
	struct rtpe_exit *ex = &j->entry->exits[at];
	struct rtpe_progress *p = j->entry->progress;
	u32 header, index;

	if (j->packet->kind == RTPE_KIND_RTCP) {
		spin_lock(&p->lock);
		index = p->outputs[at].rtcp_index++ & 0x7fffffff;
		spin_unlock(&p->lock);
		return rtpe_seal_rtcp(ex->seal, skb->data, skb->len, get_unaligned_be32(skb->data + 4), index);
	}
	header = rtpe_rtp_header_len(skb->data, skb->len);
	if (!header)
		return -EMSGSIZE;
	return rtpe_seal_rtp(ex->seal, skb->data, skb->len, header, get_unaligned_be32(skb->data + 8),
			     (j->index + ex->index_offset[max(j->slot, 0)]) & RTPE_INDEX_MASK);
}

static u32 seal_room(const struct rtpe_exit *ex)
{
	return ex->seal ? RTPE_SEAL_ROOM : 0;
}

/* The packet leaves through exit `at`. Takes skb (may be NULL) and the exit's route. */
static void leave(struct job *j, int at, struct sk_buff *skb)
{
	struct rtpe_exit *ex = &j->entry->exits[at];
	struct rtpe_progress *p = j->entry->progress;
	struct dst_entry *dst = j->routes[at];
	int len;

	j->routes[at] = NULL;
	if (!skb || !rtpe_make_room(skb, dst, min_t(u32, skb->len, RTPE_RTP_HEADER), seal_room(ex), ex->seal))
		goto undo_route;
	if (j->packet->kind == RTPE_KIND_RTP)
		rewrite(j, ex, skb->data);
	if (ex->seal) {
		len = seal_packet(j, at, skb);
		if (len < 0)
			goto undo_route;
		skb_put(skb, len - skb->len);
	}
	spin_lock(&p->lock);
	p->outputs[at].packets++;
	p->outputs[at].bytes += skb->len;
	spin_unlock(&p->lock);
	rtpe_send(j->net, skb, dst, ex);
	return;

undo_route:
	kfree_skb(skb);
	dst_release(dst);
	spin_lock(&p->lock);
	p->outputs[at].errors++;
	p->fates[RTPE_FATE_SEND]++;
	p->received.errors++;
	spin_unlock(&p->lock);
	if (rtpe_log_errors)
		pr_info_ratelimited("a packet could not be sent to %pI4/%pI6c port %u\n", ex->to.addr, ex->to.addr,
				    ex->to.port);
}

/* ---- the whole way ---- */

/* Sends `skb` through every exit that has a route; takes it. skb->data is the (opened) payload. */
static void fan_out(struct job *j, struct sk_buff *skb, int ready)
{
	int i;

	for (i = 0; i < j->entry->exit_count; i++) {
		if (!j->routes[i])
			continue;
		if (--ready == 0) {
			leave(j, i, skb);
			return;
		}
		leave(j, i, pskb_copy(skb, GFP_ATOMIC));
	}
}

static struct dst_entry *first_route(const struct job *j)
{
	int i = 0;

	while (!j->routes[i])
		i++;
	return j->routes[i];
}

static enum rtpe_verdict forward(struct job *j, struct sk_buff *skb)
{
	struct rtpe_entry *e = j->entry;
	enum rtpe_verdict verdict = examine(j, skb);
	bool keep = j->packet->kind == RTPE_KIND_RTCP && e->flags & RTPE_FLOW_RTCP_COPY;
	struct sk_buff *work = skb;
	int why, ready;

	if (verdict != RTPE_TAKEN)
		return verdict;
	if (keep && j->part)
		return RTPE_PASS;
	if (e->open && j->packet->kind == RTPE_KIND_RTP) {
		why = locate_sealed(j);
		if (why != FINE)
			return why < RTPE_FATE_PASS_KIND ? refuse(j, why) : pass(j, why);
	}
	if (!find_routes(j, &ready)) {
		why = e->open ? FINE : locate_and_commit(j);
		return why == FINE || why < RTPE_FATE_PASS_KIND ? refuse(j, RTPE_FATE_NO_OUTPUT) : pass(j, why);
	}
	if (!ready)
		return pass(j, RTPE_FATE_PASS_ROUTE);
	if (!e->open) {
		why = locate_and_commit(j);
		if (why != FINE)
			goto undo_routes;
	}
	if (keep) {
		work = skb_copy(skb, GFP_ATOMIC);
		why = RTPE_FATE_SEND;
		if (!work)
			goto undo_routes;
	}
	/* From here on the packet is changed, so it is sent or dropped. */
	why = RTPE_FATE_SEND;
	if (pskb_trim(work, j->packet->payload + j->packet->len))
		goto undo_work;
	__skb_pull(work, j->packet->payload);
	if (e->open) {
		if (!rtpe_make_room(work, first_route(j), min_t(u32, work->len, RTPE_RTP_HEADER),
				    j->any_seal ? RTPE_SEAL_ROOM : 0, true))
			goto undo_work;
		why = open_packet(j, work);
		if (why != FINE)
			goto undo_work;
	}
	fan_out(j, work, ready);
	return keep ? RTPE_COPIED : RTPE_TAKEN;

undo_work:
	rtpe_stats_fate(e->progress, why);
	kfree_skb(work);
	drop_routes(j);
	return keep ? RTPE_DROP : RTPE_TAKEN;
undo_routes:
	drop_routes(j);
	return why < RTPE_FATE_PASS_KIND ? refuse(j, why) : pass(j, why);
}

/* What the NIC or GRO has put together is taken apart; parts that are not forwarded come in again on their own. */
static enum rtpe_verdict split(struct job *j, struct sk_buff *skb, u8 family)
{
	struct sk_buff *parts, *part, *next;
	int to_mac = skb_mac_header_was_set(skb) ? -skb_mac_offset(skb) : 0;

	/* The packet itself stays as it is; it is freed by the caller when its parts are on their way. */
	__skb_push(skb, to_mac);
	parts = __skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM, false);
	__skb_pull(skb, to_mac);
	if (IS_ERR_OR_NULL(parts))
		return pass(j, RTPE_FATE_PASS_ODD);
	j->part = true;
	skb_list_walk_safe(parts, part, next) {
		enum rtpe_verdict verdict = RTPE_PASS;

		skb_mark_not_on_list(part);
		__skb_pull(part, skb_network_offset(part));
		j->any_seal = false;
		if (rtpe_packet_addresses(part, family, j->packet))
			verdict = forward(j, part);
		if (verdict == RTPE_PASS)
			netif_rx(part);
		else if (verdict == RTPE_DROP)
			kfree_skb(part);
	}
	return RTPE_DROP;
}

enum rtpe_verdict rtpe_receive(struct net *net, u32 id, struct sk_buff *skb, u8 family)
{
	struct rtpe_table *table = rtpe_table_get(id);
	enum rtpe_verdict verdict;
	struct rtpe_packet packet;
	struct job j;

	if (!table || READ_ONCE(table->net) != net)
		return RTPE_PASS;
	if (!rtpe_packet_addresses(skb, family, &packet))
		return RTPE_PASS;
	j.entry = rtpe_table_find(table, &packet.local);
	if (!j.entry)
		return RTPE_PASS;
	j.net = net;
	j.packet = &packet;
	j.from_loopback = skb->dev && skb->dev->flags & IFF_LOOPBACK;
	j.part = false;
	j.any_seal = false;
	j.slot = -1;
	j.index = 0;
	/* They are off already, unless the packet comes back from a queue in user space. */
	local_bh_disable();
	verdict = skb_is_gso(skb) ? split(&j, skb, family) : forward(&j, skb);
	local_bh_enable();
	return verdict;
}
