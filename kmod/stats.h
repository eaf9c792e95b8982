/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_STATS_H
#define RTPE_STATS_H

#include "flow.h"

#define RTPE_INDEX_MASK 0xffffffffffffULL	/* 48 bits */
#define RTPE_MAX_DROPOUT 3000			/* a larger step is a restart of the sender (RFC 3550 appendix A.1) */

/* Packet index that sequence number `seq` most likely means, given the highest so far (RFC 3711 section 3.3.1). */
u64 rtpe_index_guess(u64 highest, u16 seq);

/* A 64-packet window over indices: true when `index` is older than the window or was seen. */
bool rtpe_window_seen(u64 highest, u64 window, u64 index);
/* Marks `index` as seen, moving the window when it is a new highest one. */
void rtpe_window_mark(u64 *highest, u64 *window, u64 index);

/* Place of `ssrc`, or a free one (claimed), or -1. Caller holds the lock. */
int rtpe_stats_find_ssrc(const struct rtpe_progress *p, u32 ssrc);
int rtpe_stats_claim_ssrc(struct rtpe_progress *p, u32 ssrc, bool evict);

/* What one RTP packet changes. Caller holds the lock; `slot` is the place of its SSRC. */
struct rtpe_arrival {
	u64 index;
	u64 now_ns;
	u32 timestamp;
	u32 bytes;	/* UDP payload */
	u8 pt;
};
void rtpe_stats_rtp(struct rtpe_progress *p, int slot, const struct rtpe_arrival *a);

u32 rtpe_meter_jitter_us(const struct rtpe_meter *m);

/* A new generation of a flow states payload types and SSRCs: what is known of them already stays. */
void rtpe_stats_merge_pts(struct rtpe_progress *p, const struct rtpe_flow *flow);
void rtpe_stats_merge_ssrcs(struct rtpe_progress *p, const struct rtpe_flow *flow);

/* Of a packet; bottom halves are off. */
static inline void rtpe_stats_fate(struct rtpe_progress *p, enum rtpe_fate fate)
{
	spin_lock(&p->lock);
	p->fates[fate]++;
	if (fate < RTPE_FATE_PASS_KIND)
		p->received.errors++;
	spin_unlock(&p->lock);
}

#endif
