// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decides at the earliest point what becomes of a packet: pure rewriting is
 * done here, media of richer flows goes to the worker's socket of the same
 * queue, and everything else goes up the kernel's stack as if nothing had
 * happened. Whatever is missing (a flow, a socket, an egress interface) means
 * "up the stack", so a dead daemon leaves an ordinary host behind.
 */
#include "rewrite.h"

/* Sizes are set by the daemon before loading. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct address);
	__type(value, __u32);
} ADDRESSES SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct few);
} FEW_ADDRESSES SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct place);
} FLOWS SEC(".maps");

/*
 * Nobody maps the next two into memory; but the values of a map that could be
 * begin at a page, so that none has a cache line more than it needs.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct recipe);
} SLOTS SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct meter);
} METERS SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, REASON_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} REASONS SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} SOCKETS SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} PORTS SEC(".maps");

/* Each NIC has its own load of this program: where its sockets start. */
const volatile __u32 socket_base;
const volatile __u32 socket_count;

static __always_inline int done(enum reason reason, int action)
{
	__u32 key = reason;
	__u64 *count = bpf_map_lookup_elem(&REASONS, &key);

	if (count)
		(*count)++;
	return action;
}

static __always_inline int same(const struct endpoint *a, const struct endpoint *b)
{
	const __u32 *x = (const void *)a, *y = (const void *)b;

	return x[0] == y[0] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3] &&
	       x[4] == y[4];
}

/* By first byte (RFC 7983) and, for RTCP, second (RFC 5761). */
static __always_inline int demux(struct xdp_md *ctx, const struct recipe *r,
				 const struct packet *p)
{
	void *end = (void *)(long)ctx->data_end;
	__u8 *payload = (void *)(long)ctx->data + p->headers_len;
	__u8 first, second;

	if (!p->payload_len || (void *)(payload + 1) > end)
		return REASON_NOT_MEDIA;
	first = payload[0];
	if (first < 4)
		return REASON_STUN;
	if (first >= 20 && first < 64)
		return REASON_DTLS;
	if (first < 128 || first >= 192)
		return REASON_NOT_MEDIA;
	if (p->payload_len < 2 || (void *)(payload + 2) > end)
		return REASON_NOT_MEDIA;
	second = payload[1];
	if (second >= 192 && second < 224)
		return r->flags & FLAG_RTCP ? PLAIN : REASON_RTCP;
	if (p->payload_len < sizeof(struct rtp))
		return REASON_SHORT_MEDIA;
	return PLAIN;
}

/* Seldom another than before, so seldom written. */
static __always_inline void note_arrival(struct xdp_md *ctx, struct meter *m)
{
	if (m->queue != ctx->rx_queue_index)
		m->queue = ctx->rx_queue_index;
	if (m->ifindex != ctx->ingress_ifindex)
		m->ifindex = ctx->ingress_ifindex;
}

static __always_inline int to_worker(struct xdp_md *ctx)
{
	__u32 queue = ctx->rx_queue_index;
	int action = XDP_PASS;

	if (queue < socket_count)
		action = bpf_redirect_map(&SOCKETS, socket_base + queue, XDP_PASS);
	return done(action == XDP_REDIRECT ? REASON_WORKER : REASON_NO_EGRESS, action);
}

static __always_inline int send(struct xdp_md *ctx, const struct recipe *r,
				struct packet *p, struct meter *m)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 delta = r->transport_delta;
	int local = r->ifindex == ctx->ingress_ifindex;
	__u32 headers_len = r->headers_len;
	int shrink = p->headers_len - headers_len;
	int action = XDP_TX;
	struct rtp *rtp;
	__u16 pseudo;

	/*
	 * A packet is passed up whole or not at all, so ask before changing it.
	 * What is noted here counts only if we end with XDP_REDIRECT.
	 */
	if (!local) {
		action = bpf_redirect_map(&PORTS, r->port, XDP_PASS);
		if (action != XDP_REDIRECT)
			return done(REASON_NO_EGRESS, XDP_PASS);
	}
	if (!p->udp_check && headers_len >= 62)
		return done(REASON_NO_CHECKSUM, XDP_PASS);
	/*
	 * A sender on this very host leaves the checksum to a device that is
	 * none. The stack knows how to deal with that. One other packet in
	 * 65536 looks the same, but its checksum is right as it is: by the
	 * stack it would arrive behind its successors.
	 */
	pseudo = fold((__u32)r->partial_sum + bpf_htons(p->payload_len + sizeof(struct udphdr)));
	if (p->udp_check == pseudo && !checksum_holds(ctx, p, pseudo))
		return done(REASON_PARTIAL_CHECKSUM, XDP_PASS);
	if (headers_len > HEADERS_MAX)
		return done(REASON_NO_HEADROOM, XDP_PASS);
	if (shrink && bpf_xdp_adjust_head(ctx, shrink))
		return done(REASON_NO_HEADROOM, XDP_PASS);

	count_packet(m, p->payload_len, now);
	if (!(r->flags & FLAG_OPAQUE)) {
		rtp = (void *)(long)ctx->data + headers_len;
		if ((void *)(rtp + 1) > (void *)(long)ctx->data_end)
			return done(REASON_SHORT_MEDIA, XDP_DROP);
		count_sender(m, rtp, p->payload_len, now);
		delta += rewrite_rtp(rtp, r);
	}
	if (lay_any_headers(ctx, r, p->payload_len, updated(p->udp_check, delta)))
		return done(REASON_NO_HEADROOM, XDP_DROP);
	return done(REASON_DRIVER, action);
}

/*
 * The second lines of recipe and meter are needed later, behind instructions
 * that wait for all earlier loads (the clock, locked additions). Asked for
 * here, all lines of a flow come at once.
 */
static __always_inline void fetch(const struct recipe *r, const struct meter *m)
{
	(void)*(const volatile __u64 *)&r->headers[40];
	(void)*(const volatile __u32 *)&m->senders[0].transit;
}

/*
 * The row of a local address. Most hosts have few, and to compare some words
 * costs a fraction of a hash.
 */
static __always_inline int row_of(const struct address *local, __u32 *row)
{
	__u32 zero = 0, *found;
	struct few *few = bpf_map_lookup_elem(&FEW_ADDRESSES, &zero);
	const __u32 *x = (const void *)local;
	int at;

	if (!few)
		return 0;
#pragma unroll
	for (at = 0; at < FEW; at++) {
		const __u32 *y = (const void *)&few->of[at].address;

		if (x[0] == y[0] && x[4] == y[4] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3]) {
			*row = few->of[at].row;
			return 1;
		}
	}
	found = bpf_map_lookup_elem(&ADDRESSES, local);
	if (!found)
		return 0;
	*row = *found;
	return 1;
}

/*
 * What is known of a local address and port. The two parts of a place are
 * written together, but nobody promises that they are read so; and a place
 * that is no flow's any more may be another's before long.
 */
static __always_inline struct recipe *find(const struct packet *p, struct meter **m)
{
	struct place *place, found;
	struct recipe *r;
	__u32 flow, row;

	if (!row_of(&p->local, &row))
		return NULL;
	flow = row << 16 | bpf_ntohs(p->local_port);
	place = bpf_map_lookup_elem(&FLOWS, &flow);
	if (!place)
		return NULL;
	found = *place;
	if (!found.slot)
		return NULL;
	r = bpf_map_lookup_elem(&SLOTS, &found.slot);
	*m = bpf_map_lookup_elem(&METERS, &found.meter);
	if (!r || !*m || r->flow != flow || r->meter != found.meter)
		return NULL;
	return r;
}

SEC("xdp.frags")
int steer(struct xdp_md *ctx)
{
	struct recipe *r;
	struct meter *m;
	struct packet p;
	int reason;

	reason = parse(ctx, &p);
	if (reason != PLAIN)
		return done(reason, XDP_PASS);
	r = find(&p, &m);
	if (!r)
		return done(REASON_NO_FLOW, XDP_PASS);

	if (r->action == ACTION_DRIVER)
		fetch(r, m);
	note_arrival(ctx, m);
	if (!(r->flags & FLAG_OPAQUE)) {
		reason = demux(ctx, r, &p);
		if (reason != PLAIN)
			return done(reason, XDP_PASS);
	}
	if (r->source.family && !same(&r->source, &p.remote)) {
		if (!(r->flags & FLAG_STRICT))
			return done(REASON_OTHER_SOURCE, XDP_PASS);
		__sync_fetch_and_add(&m->strays, 1);
		return done(REASON_STRAY, XDP_DROP);
	}
	switch (r->action) {
	case ACTION_WORKER:
		return to_worker(ctx);
	case ACTION_DRIVER:
		return send(ctx, r, &p, m);
	}
	return done(REASON_NO_FLOW, XDP_PASS);
}

char LICENSE[] SEC("license") = "GPL";
