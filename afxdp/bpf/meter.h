/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counting what the driver tier carries. A flow arrives at one queue, so one
 * CPU at a time writes its meter; only the totals are atomic, because they
 * must be right even while a flow moves between queues.
 */
#ifndef STEER_METER_H
#define STEER_METER_H

#include "parse.h"

#define MAX_DROPOUT	3000	/* RFC 3550 A.1 */
#define MAX_MISORDER	100

struct rtp {
	__u8 first;
	__u8 second;
	__be16 seq;
	__be32 timestamp;
	__be32 ssrc;
};

/*
 * Ticks per nanosecond, times 2^32: a multiplication instead of divisions, and
 * the product's upper half is right modulo 2^32, as timestamps are. Rounded to
 * 2^-16 of itself, so 20 ms are 160 ticks to within 3/1000 of one.
 */
#define TICKS(clock)	((((__u64)(clock) << 32) + 500000000) / 1000000000)

/* RFC 3551 section 6 where the clock is fixed, else 8000. */
static __always_inline __u64 rtp_ticks(__u8 pt)
{
	switch (pt) {
	case 6:
		return TICKS(16000);
	case 10:
	case 11:
		return TICKS(44100);
	case 16:
		return TICKS(11025);
	case 17:
		return TICKS(22050);
	case 14:
	case 25:
	case 26:
	case 28:
	case 31 ... 34:
		return TICKS(90000);
	}
	return TICKS(8000);
}

static __always_inline void count_jitter(struct sender *s, __u32 transit)
{
	__s32 d = transit - s->transit;

	s->transit = transit;
	s->jitter += (d < 0 ? -(__u32)d : (__u32)d) - ((s->jitter + 8) >> 4);
}

static __always_inline void count_backward(struct sender *s, __u16 behind)
{
	__u64 bit = behind < 64 ? 1ULL << behind : 0;

	if (s->window & bit) {
		s->duplicates++;
		return;
	}
	s->window |= bit;
	s->reordered++;
}

/* RFC 3550 A.1 without the probation. */
static __always_inline void count_seq(struct sender *s, __u16 seq, __u32 timestamp)
{
	__u16 step = seq - (__u16)s->last_seq;
	__u32 expected;

	if (step >= MAX_DROPOUT && step <= (__u16)-MAX_MISORDER) {
		if (!s->jumped || s->after_jump != seq) {
			s->jumped = 1;
			s->after_jump = seq + 1;
			return;
		}
		/* Two in a row: the sender has started anew. */
		expected = s->last_seq - s->first_seq + 1;
		if (expected > s->since_first)
			s->lost_before += expected - s->since_first;
		s->first_seq = (__u16)(seq - 1);
		s->last_seq = s->first_seq;
		s->since_first = 1;
		s->window = 1;
		step = 1;
	}
	s->jumped = 0;
	s->since_first++;
	if (!step) {
		s->duplicates++;
	} else if (step < MAX_DROPOUT) {
		s->last_seq += step;
		s->last_timestamp = timestamp;
		s->window = step < 64 ? (s->window << step) | 1 : 1;
	} else {
		count_backward(s, -step);
	}
}

static __always_inline void count_sender(struct meter *m, const struct rtp *rtp,
					 __u32 len, __u64 now)
{
	__u32 ssrc = bpf_ntohl(rtp->ssrc), timestamp = bpf_ntohl(rtp->timestamp);
	__u16 seq = bpf_ntohs(rtp->seq);
	__u8 pt = rtp->second & 0x7f;
	__u32 transit = (__u32)(now * rtp_ticks(pt) >> 32) - timestamp;
	struct sender *s = &m->senders[0];

	if (s->used && s->ssrc != ssrc)
		s = &m->senders[1];
	if (!s->used || s->ssrc != ssrc) {
		__builtin_memset(s, 0, sizeof(*s));
		s->used = 1;
		s->ssrc = ssrc;
		s->first_seq = seq;
		s->last_seq = seq;
		s->last_timestamp = timestamp;
		s->since_first = 1;
		s->window = 1;
		s->transit = transit;
	} else {
		count_seq(s, seq, timestamp);
		count_jitter(s, transit);
	}
	s->last_pt = pt;
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
