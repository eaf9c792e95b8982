// SPDX-License-Identifier: GPL-2.0-only
/* Packet indices, replay windows, loss, order, jitter. */
#include "../module.h"
#include <linux/slab.h>
#include "../stats.h"
#include "tables.h"

static const struct {
	u64 highest;
	u16 seq;
	u64 index;
} guesses[] = {
	{ 0, 1, 1 }, { 10, 5, 5 }, { 0xffff, 0, 0x10000 }, { 0xfff0, 3, 0x10003 }, { 0x10000, 0xffff, 0xffff },
	{ 0x10003, 0xfff0, 0xfff0 }, { 0, 0xffff, 0xffff }, { 0x17fff, 0x8000, 0x18000 },
	{ 0x18000, 0x7fff, 0x17fff }, { 0x1ffff, 0x7ffe, 0x27ffe }, { 0x20000, 0x8001, 0x18001 },
	{ 0xffffffffffffULL, 0, 0 },
};

/* One window, packet after packet. */
static const struct {
	u64 index;
	bool seen;
} arrivals[] = {
	{ 100, false }, { 100, true }, { 101, false }, { 99, false }, { 99, true }, { 164, false }, { 100, true },
	{ 101, true }, { 102, false }, { 165, false }, { 101, true }, { 103, false }, { 1000, false }, { 936, true },
	{ 937, false }, { 937, true }, { 1000, true },
};

/* One sender, packet after packet; what is known after each. */
static const struct {
	u64 index;
	u32 lost, duplicates, reordered;
} losses[] = {
	{ 10, 0, 0, 0 }, { 11, 0, 0, 0 }, { 14, 2, 0, 0 }, { 12, 1, 0, 1 }, { 12, 1, 1, 1 }, { 20, 6, 1, 1 },
	{ 9000, 6, 1, 1 }, { 9001, 6, 1, 1 }, { 100, 6, 1, 1 }, { 101, 6, 1, 1 },
};

static int jitter(int *wrong)
{
	struct rtpe_progress *p = kzalloc(sizeof(*p), GFP_KERNEL);
	struct rtpe_arrival a = { .pt = 0, .bytes = 172 };
	int i, slot;

	if (!p) {
		rtpe_expect(false, "memory", 0, wrong);
		return 0;
	}
	slot = rtpe_stats_claim_ssrc(p, 7, false);
	for (i = 0; i < ARRAY_SIZE(losses); i++) {
		const struct rtpe_ssrc_counters *s = &p->ssrcs[slot];

		a.index = losses[i].index;
		rtpe_stats_rtp(p, slot, &a);
		rtpe_expect(s->lost == losses[i].lost && s->duplicates == losses[i].duplicates &&
			    s->reordered == losses[i].reordered, "losses", i, wrong);
	}
	/* Packets of 20 ms at 8 kHz: as regular as a clock, then each second one 5 ms late. */
	memset(p, 0, sizeof(*p));
	slot = rtpe_stats_claim_ssrc(p, 7, false);
	for (i = 0; i < 200; i++) {
		a.index = i;
		a.timestamp = 160 * i;
		a.now_ns = 1000000000ULL + 20000000ULL * i;
		rtpe_stats_rtp(p, slot, &a);
	}
	rtpe_expect(rtpe_meter_jitter_us(&p->meters[slot]) == 0, "jitter", 0, wrong);
	for (; i < 600; i++) {
		a.index = i;
		a.timestamp = 160 * i;
		a.now_ns = 1000000000ULL + 20000000ULL * i + (i & 1 ? 5000000 : 0);
		rtpe_stats_rtp(p, slot, &a);
	}
	rtpe_expect(rtpe_meter_jitter_us(&p->meters[slot]) >= 4500 && rtpe_meter_jitter_us(&p->meters[slot]) <= 5000,
		    "jitter", 1, wrong);
	for (i = 0; i < RTPE_SSRCS_MAX - 1; i++)
		rtpe_expect(rtpe_stats_claim_ssrc(p, 100 + i, false) >= 0, "ssrcs", i, wrong);
	rtpe_expect(rtpe_stats_claim_ssrc(p, 200, false) < 0, "ssrcs", i, wrong);
	/* The one with the fewest packets makes room. */
	rtpe_expect(rtpe_stats_claim_ssrc(p, 200, true) != slot && rtpe_stats_find_ssrc(p, 7) == slot, "ssrcs", i + 1,
		    wrong);
	kfree(p);
	return ARRAY_SIZE(losses) + 2 + RTPE_SSRCS_MAX + 1;
}

int rtpe_selftest_counters(int *wrong)
{
	u64 highest = arrivals[0].index, window = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(guesses); i++)
		rtpe_expect(rtpe_index_guess(guesses[i].highest, guesses[i].seq) == guesses[i].index, "guesses", i,
			    wrong);
	for (i = 0; i < ARRAY_SIZE(arrivals); i++) {
		rtpe_expect(rtpe_window_seen(highest, window, arrivals[i].index) == arrivals[i].seen, "arrivals", i,
			    wrong);
		rtpe_window_mark(&highest, &window, arrivals[i].index);
	}
	return ARRAY_SIZE(guesses) + ARRAY_SIZE(arrivals) + jitter(wrong);
}
