// SPDX-License-Identifier: GPL-2.0-only
/* Counters of a flow: payload types, SSRCs with loss and jitter, replay windows. No packets in here. */
#include "module.h"
#include <linux/math64.h>
#include "stats.h"

#define DEFAULT_CLOCK_HZ 8000

u64 rtpe_index_guess(u64 highest, u16 seq)
{
	u16 last = (u16)highest;
	u64 cycle = highest >> 16;

	/* The nearest of the three numbers that end in seq; none lies before zero or past 48 bits. */
	if (last < 0x8000) {
		if (seq > last && seq - last > 0x8000 && cycle > 0)
			cycle--;
	} else {
		if (seq < last - 0x8000)
			cycle++;
	}
	return ((cycle << 16) | seq) & RTPE_INDEX_MASK;
}

bool rtpe_window_seen(u64 highest, u64 window, u64 index)
{
	u64 behind;

	if (index > highest)
		return false;
	behind = highest - index;
	return behind >= 64 || (window >> behind) & 1;
}

void rtpe_window_mark(u64 *highest, u64 *window, u64 index)
{
	if (index > *highest) {
		u64 ahead = index - *highest;

		*window = ahead < 64 ? *window << ahead | 1 : 1;
		*highest = index;
	} else if (*highest - index < 64) {
		*window |= 1ULL << (*highest - index);
	}
}

int rtpe_stats_find_ssrc(const struct rtpe_progress *p, u32 ssrc)
{
	int i;

	for (i = 0; i < RTPE_SSRCS_MAX; i++)
		if (p->ssrcs[i].state.ssrc == ssrc && p->ssrcs[i].state.flags & RTPE_SSRC_KNOWN)
			return i;
	return -1;
}

int rtpe_stats_claim_ssrc(struct rtpe_progress *p, u32 ssrc, bool evict)
{
	int i, slot = -1;

	for (i = 0; i < RTPE_SSRCS_MAX; i++) {
		if (!(p->ssrcs[i].state.flags & RTPE_SSRC_KNOWN)) {
			slot = i;
			break;
		}
		if (evict && (slot < 0 || p->ssrcs[i].rtp.packets < p->ssrcs[slot].rtp.packets))
			slot = i;
	}
	if (slot < 0)
		return -1;
	memset(&p->ssrcs[slot], 0, sizeof(p->ssrcs[slot]));
	memset(&p->meters[slot], 0, sizeof(p->meters[slot]));
	p->ssrcs[slot].state.ssrc = ssrc;
	p->ssrcs[slot].state.flags = RTPE_SSRC_KNOWN;
	return slot;
}

static struct rtpe_pt_counters *find_pt(struct rtpe_progress *p, u8 pt)
{
	int i;

	for (i = 0; i < RTPE_PTS_MAX; i++) {
		struct rtpe_pt_counters *c = &p->pts[i];

		if (!c->known) {
			c->known = 1;
			c->pt = pt;
			c->clock_hz = DEFAULT_CLOCK_HZ;
			return c;
		}
		if (c->pt == pt)
			return c;
	}
	return NULL;
}

/* RFC 3550 section 6.4.1, the integer form of appendix A.8. */
static void meter_step(struct rtpe_meter *m, u32 clock_hz, u64 now_ns, u32 timestamp)
{
	u32 transit = (u32)div_u64(div_u64(now_ns, 1000) * clock_hz, 1000000) - timestamp;

	if (m->clock_hz == clock_hz) {
		s32 d = (s32)(transit - m->transit);
		u32 step = d < 0 ? -(u32)d : d;

		m->jitter += step - ((m->jitter + 8) >> 4);
	} else {
		m->jitter = 0;
		m->clock_hz = clock_hz;
	}
	m->transit = transit;
}

u32 rtpe_meter_jitter_us(const struct rtpe_meter *m)
{
	return m->clock_hz ? (u32)div_u64((u64)(m->jitter >> 4) * 1000000, m->clock_hz) : 0;
}

static void count_order(struct rtpe_ssrc_counters *s, u64 index)
{
	u64 highest = s->state.index;

	if (!(s->state.flags & RTPE_SSRC_INDEX)) {
		s->state.flags |= RTPE_SSRC_INDEX;
		s->state.index = index;
		s->state.window = 1;
		s->first_index = index;
		return;
	}
	if (!s->rtp.packets)
		s->first_index = index;
	if (index > highest) {
		u64 gap = index - highest - 1;

		/* What came before our first packet, another path has counted. */
		if (s->rtp.packets && gap < RTPE_MAX_DROPOUT)
			s->lost += gap;
	} else if (highest - index >= RTPE_MAX_DROPOUT) {
		/* A sender that started anew further down: follow it. */
		s->state.index = index;
		s->state.window = 0;
	} else if (rtpe_window_seen(highest, s->state.window, index) && highest - index < 64) {
		s->duplicates++;
	} else {
		s->reordered++;
		if (s->lost)
			s->lost--;
	}
	rtpe_window_mark(&s->state.index, &s->state.window, index);
}

void rtpe_stats_rtp(struct rtpe_progress *p, int slot, const struct rtpe_arrival *a)
{
	struct rtpe_ssrc_counters *s = &p->ssrcs[slot];
	struct rtpe_pt_counters *pt = find_pt(p, a->pt);
	u32 clock_hz = pt ? pt->clock_hz : DEFAULT_CLOCK_HZ;

	if (pt) {
		pt->packets++;
		pt->bytes += a->bytes;
	}
	count_order(s, a->index);
	s->rtp.packets++;
	s->rtp.bytes += a->bytes;
	if (s->state.index == a->index)
		s->last_timestamp = a->timestamp;
	s->last_pt = a->pt;
	meter_step(&p->meters[slot], clock_hz, a->now_ns, a->timestamp);
}

void rtpe_stats_merge_pts(struct rtpe_progress *p, const struct rtpe_flow *flow)
{
	int i;

	for (i = 0; i < flow->pt_count; i++) {
		struct rtpe_pt_counters *c = find_pt(p, flow->pts[i].pt);

		if (c)
			c->clock_hz = flow->pts[i].clock_hz ?: DEFAULT_CLOCK_HZ;
	}
}

/* True when the index of kind `flag` is stated, and is news. */
static bool ahead(const struct rtpe_ssrc *want, u32 flag, u32 known, u64 index, u64 than)
{
	return want->flags & flag && (!(known & flag) || index > than);
}

/* Moves what is known of `flow->ssrcs[at]` to the place `at`. */
static void place_ssrc(struct rtpe_progress *p, const struct rtpe_ssrc *want, int at)
{
	struct rtpe_ssrc *state;
	int found = rtpe_stats_find_ssrc(p, want->ssrc);

	if (found < 0) {
		/* The one that is in the way makes room if there is any, and is forgotten if not. */
		found = rtpe_stats_claim_ssrc(p, want->ssrc, false);
		if (found < 0) {
			memset(&p->ssrcs[at], 0, sizeof(p->ssrcs[at]));
			memset(&p->meters[at], 0, sizeof(p->meters[at]));
			p->ssrcs[at].state.ssrc = want->ssrc;
			found = at;
		}
	}
	if (found != at) {
		swap(p->ssrcs[found], p->ssrcs[at]);
		swap(p->meters[found], p->meters[at]);
	}
	state = &p->ssrcs[at].state;
	state->flags &= ~RTPE_SSRC_PASS;
	state->flags |= RTPE_SSRC_KNOWN | (want->flags & RTPE_SSRC_PASS);
	/* Never back: an index that is used twice under one key gives the key stream away. */
	if (ahead(want, RTPE_SSRC_INDEX, state->flags, want->index, state->index)) {
		state->flags |= RTPE_SSRC_INDEX;
		state->index = want->index;
		state->window = want->window;
	}
	if (ahead(want, RTPE_SSRC_RTCP_INDEX, state->flags, want->rtcp_index, state->rtcp_index)) {
		state->flags |= RTPE_SSRC_RTCP_INDEX;
		state->rtcp_index = want->rtcp_index;
		state->rtcp_window = want->rtcp_window;
	}
}

void rtpe_stats_merge_ssrcs(struct rtpe_progress *p, const struct rtpe_flow *flow)
{
	int i;

	for (i = 0; i < RTPE_SSRCS_MAX; i++)
		if (flow->ssrcs[i].flags & RTPE_SSRC_KNOWN)
			place_ssrc(p, &flow->ssrcs[i], i);
}
