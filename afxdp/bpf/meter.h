/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counting what the driver tier carries. A flow arrives at one queue, so one
 * CPU at a time writes its meter; only the totals are atomic, because they
 * must be right even while a flow moves between queues.
 */
#ifndef STEER_METER_H
#define STEER_METER_H

#include "parse.h"

#define RTP_UNIT_US 125		/* one tick of the 8 kHz clock assumed */

struct rtp {
	__u8 first;
	__u8 second;
	__be16 seq;
	__be32 timestamp;
	__be32 ssrc;
};

static __always_inline void count_jitter(struct sender *s, __u32 timestamp,
					 __u64 now_us)
{
	__s64 arrived = now_us - s->last_us;
	__s64 sent = (__s64)(__s32)(timestamp - s->last_timestamp) * RTP_UNIT_US;
	__s64 d = arrived - sent;

	if (d < 0)
		d = -d;
	/* A pause or a jump of the timestamp is no jitter. */
	if (d < 1000000)
		s->jitter += (__u32)d - ((s->jitter + 8) >> 4);
}

/* True when the packet is newer than all before. */
static __always_inline int count_seq(struct sender *s, __u16 seq)
{
	__u16 ahead = seq - (__u16)s->last_seq;
	__u16 behind = -ahead;

	if (ahead && ahead < 0x8000) {
		s->last_seq += ahead;
		s->window = ahead < 64 ? (s->window << ahead) | 1 : 1;
		return 1;
	}
	if (behind >= 64) {
		s->reordered++;
	} else if (s->window & (1ULL << behind)) {
		s->duplicates++;
	} else {
		s->window |= 1ULL << behind;
		s->reordered++;
	}
	return 0;
}

static __always_inline void count_sender(struct meter *m, const struct rtp *rtp,
					 __u32 len, __u64 now_us)
{
	__u32 ssrc = bpf_ntohl(rtp->ssrc), timestamp = bpf_ntohl(rtp->timestamp);
	__u16 seq = bpf_ntohs(rtp->seq);
	struct sender *s = &m->senders[0];

	if (s->used && s->ssrc != ssrc)
		s = &m->senders[1];
	if (!s->used || s->ssrc != ssrc) {
		__builtin_memset(s, 0, sizeof(*s));
		s->used = 1;
		s->ssrc = ssrc;
		s->first_seq = seq;
		s->last_seq = seq;
		s->window = 1;
		s->last_us = now_us;
		s->last_timestamp = timestamp;
	} else if (count_seq(s, seq)) {
		/* Packets of one frame share a timestamp and say nothing. */
		if (timestamp != s->last_timestamp)
			count_jitter(s, timestamp, now_us);
		s->last_us = now_us;
		s->last_timestamp = timestamp;
	}
	s->last_pt = rtp->second & 0x7f;
	s->packets++;
	s->bytes += len;
}

static __always_inline void count_packet(struct meter *m, __u32 len, __u64 now)
{
	__sync_fetch_and_add(&m->packets, 1);
	__sync_fetch_and_add(&m->bytes, len);
	m->last_ns = now;
}

#endif
