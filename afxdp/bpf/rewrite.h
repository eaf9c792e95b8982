/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver tier's change of a packet: new headers, RTP fields by
 * difference. The UDP checksum is updated, never computed, so damage that
 * arrived with the packet still shows at its end (RFC 1624).
 */
#ifndef STEER_REWRITE_H
#define STEER_REWRITE_H

#include "meter.h"

/* Changes RTP fields; returns what the checksum must be changed by. */
static __always_inline __u32 rewrite_rtp(struct rtp *rtp, const struct recipe *r)
{
	__u16 *word = (void *)rtp;
	__u32 delta = 0;

	if ((r->flags & FLAG_PT) && (rtp->second & 0x7f) == r->pt_from) {
		delta += (__u16)~word[0];
		rtp->second = (rtp->second & 0x80) | r->pt_to;
		delta += word[0];
	}
	if (r->seq_offset) {
		delta += (__u16)~word[1];
		word[1] = bpf_htons(bpf_ntohs(word[1]) + r->seq_offset);
		delta += word[1];
	}
	if (r->flags & FLAG_SSRC) {
		const __u16 *ssrc = (const void *)&r->ssrc;

		delta += (__u16)~word[4] + (__u16)~word[5] + ssrc[0] + ssrc[1];
		word[4] = ssrc[0];
		word[5] = ssrc[1];
	}
	return delta;
}

static __always_inline __sum16 updated(__sum16 check, __u32 delta)
{
	__u16 sum;

	if (!check)
		return 0;	/* none stays none */
	sum = ~fold((__u16)~check + delta);
	return sum ? sum : 0xffff;
}

struct summing {
	struct xdp_md *ctx;
	__u64 offset;
	__u64 len;
	__u32 sum;
};

#define SUMMED	64		/* bytes at a time */
/* The verifier must see a bound put on the very register that is used. */
#define KEPT(x)	asm volatile("" : "+r"(x))

static long add_some(__u64 turn, struct summing *s)
{
	__be32 some[SUMMED / 4] = {};
	__u64 begin = turn * SUMMED, more = s->len - begin - 1;

	if (begin >= s->len)
		return 1;
	/* One less than the length, since 6.1 learns nothing from "not zero". */
	KEPT(more);
	if (more >= SUMMED)
		more = SUMMED - 1;
	KEPT(more);
	if (bpf_xdp_load_bytes(s->ctx, s->offset + begin, some, more + 1))
		return 1;
	s->sum = bpf_csum_diff(NULL, 0, some, sizeof(some), s->sum);
	return 0;
}

/*
 * Whether the UDP checksum of a packet is right; sum is that of its pseudo
 * header. Reads it all, so only for a packet in many.
 */
static __always_inline int checksum_holds(struct xdp_md *ctx, const struct packet *p, __u32 sum)
{
	struct summing s = {
		.ctx = ctx,
		.offset = p->headers_len - sizeof(struct udphdr),
		.len = p->payload_len + sizeof(struct udphdr),
		.sum = sum,
	};

	bpf_loop((s.len + SUMMED - 1) / SUMMED, add_some, &s, 0);
	return fold(s.sum) == 0xffff;
}

static __always_inline void copy(void *to, const __u8 *from, int len)
{
	int at;

	/* Unaligned 8-byte accesses: far fewer instructions than bytes. */
#pragma unroll
	for (at = 0; at + 8 <= len; at += 8)
		*(__u64 *)(to + at) = *(const __u64 *)(from + at);
#pragma unroll
	for (; at < len; at += 2)
		*(__u16 *)(to + at) = *(const __u16 *)(from + at);
}

/*
 * Lays the recipe's headers of len bytes, a constant, at the start of the
 * packet and fills in lengths and checksums.
 */
static __always_inline int lay_headers(struct xdp_md *ctx, const struct recipe *r,
				       int len, int v6, __u32 payload_len,
				       __sum16 check)
{
	void *end = (void *)(long)ctx->data_end;
	void *data = (void *)(long)ctx->data;
	struct udphdr *udp = data + len - sizeof(*udp);
	__be16 udp_len = bpf_htons(payload_len + sizeof(*udp));

	if (data + len > end)
		return -1;
	copy(data, r->headers, len);
	if (v6) {
		struct ipv6hdr *ip = (void *)udp - sizeof(*ip);

		ip->payload_len = udp_len;
	} else {
		struct iphdr *ip = (void *)udp - sizeof(*ip);

		ip->tot_len = bpf_htons(payload_len + sizeof(*udp) + sizeof(*ip));
		ip->check = ~fold((__u32)r->network_sum + ip->tot_len);
	}
	udp->len = udp_len;
	udp->check = check;
	return 0;
}

static __always_inline int lay_any_headers(struct xdp_md *ctx, const struct recipe *r,
					   __u32 payload_len, __sum16 check)
{
	switch (r->headers_len) {
	case 42:
		return lay_headers(ctx, r, 42, 0, payload_len, check);
	case 46:
		return lay_headers(ctx, r, 46, 0, payload_len, check);
	case 62:
		return lay_headers(ctx, r, 62, 1, payload_len, check);
	case 66:
		return lay_headers(ctx, r, 66, 1, payload_len, check);
	}
	return -1;
}

#endif
