/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_FLOW_H
#define RTPE_FLOW_H

#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/dst_cache.h>
#include "uapi/rtpengine.h"

struct rtpe_crypt;

/*
 * What packets of one local port have left behind. Outlives the flow that counts here: the next generation of the
 * flow takes it over.
 */
struct rtpe_progress {
	spinlock_t lock;	/* everything below; taken by packets (softirq) and snapshots */
	refcount_t refs;
	bool ended;		/* the last snapshot was taken: what is counted from now on nobody reads */
	u64 installed_ns;
	u64 last_packet_ns;
	u8 last_tos;
	struct rtpe_traffic received;
	u64 fates[RTPE_FATES];
	struct rtpe_pt_counters pts[RTPE_PTS_MAX];
	struct rtpe_ssrc_counters ssrcs[RTPE_SSRCS_MAX];
	struct rtpe_meter {
		u32 transit;	/* arrival less timestamp, RTP clock units */
		u32 jitter;	/* times 16, RTP clock units */
		u32 clock_hz;	/* of both; 0: no packet yet */
	} meters[RTPE_SSRCS_MAX];
	struct rtpe_output_counters outputs[RTPE_OUTPUTS_MAX];
};

/* One way out, as packets use it. */
struct rtpe_exit {
	struct rtpe_addr from;
	struct rtpe_addr to;
	u32 flags;
	u8 tos;
	u8 pt_from;
	u8 pt_to;
	u32 ssrc[RTPE_SSRCS_MAX];
	s64 index_offset[RTPE_SSRCS_MAX];
	struct rtpe_crypt *seal;	/* NULL: plain */
	struct dst_cache route;
};

/* An installed flow. Does not change once it can be found; replaced as a whole. Freed after RCU grace. */
struct rtpe_entry {
	struct rtpe_addr local;		/* the key */
	struct rhash_head node;
	struct rtpe_addr source;
	u32 flags;
	u8 carries;
	u8 source_check;
	u8 exit_count;
	struct rtpe_crypt *open;	/* NULL: plain */
	struct rtpe_progress *progress;
	u64 generation;
	u64 stream;
	unsigned long allowed_pts[BITS_TO_LONGS(128)];	/* with RTPE_FLOW_PT_FILTER */
	u32 order;			/* place in rtpe_table.by_order */
	struct rcu_work free_work;
	struct rtpe_exit exits[];
};

/* Makes an entry of a request whose size has been checked; nothing is looked up yet. Returns ERR_PTR. */
struct rtpe_entry *rtpe_entry_make(const struct rtpe_flow *flow, const struct rtpe_output *outputs);

/* Gives a new entry its progress: that of `older` (same local address), or a new one. May fail with -ENOMEM. */
int rtpe_entry_settle(struct rtpe_entry *entry, const struct rtpe_flow *flow, const struct rtpe_output *outputs,
		      struct rtpe_entry *older);

/* Frees an entry that no packet can have seen. */
void rtpe_entry_free(struct rtpe_entry *entry);

/* Frees an entry once no packet uses it any more. */
void rtpe_entry_retire(struct rtpe_entry *entry);

void rtpe_entry_snapshot(const struct rtpe_entry *entry, struct rtpe_snapshot *out);

/* It opens, or an exit seals. */
bool rtpe_entry_has_keys(const struct rtpe_entry *entry);

/* The next snapshot is the last: plain packets that have found the entry already go up and are not counted here. */
void rtpe_entry_end(struct rtpe_entry *entry);

/* Room for entries that wait for their grace period; set up before the first and torn down after the last table. */
int rtpe_flow_init(void);
void rtpe_flow_exit(void);
/* Waits until every retired entry is gone. */
void rtpe_flow_barrier(void);

#endif
