// SPDX-License-Identifier: GPL-2.0-only
// Stands before the XDP program under test while the kernel runs it on one stored packet over and over: makes the
// packet one of the next flow, in an order that is not that of memory, and has no memory of its own for any of them.
// src/program.rs installs the flows accordingly.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// Both ports of flow n are FIRST_PORT + 2 * n.
#define FIRST_PORT 20000
// The part of a packet that is written anew each time; the program under test writes headers of its own over it.
#define HEAD 54
// Where the sequence number stands.
#define SEQ 44

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} NEXT SEC(".maps");

// Flows, and how far the next one is from the last; the two have no common divisor.
const volatile __u32 flows = 1;
const volatile __u32 step = 1;
// The headers as a caller sends them: Ethernet, IPv4, UDP, RTP.
const volatile __u8 head[56];

__u32 flow;
__u32 visited;
__u16 seq;

SEC("xdp.frags")
int visit(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct udphdr *udp = data + sizeof(struct ethhdr) + sizeof(struct iphdr);
	__u32 next;
	int at;

	if (data + HEAD > end)
		return XDP_ABORTED;
#pragma unroll
	for (at = 0; at + 8 <= HEAD; at += 8)
		*(__u64 *)(data + at) = *(const volatile __u64 *)(head + at);
	*(__u32 *)(data + at) = *(const volatile __u32 *)(head + at);
	*(__u16 *)(data + at + 4) = *(const volatile __u16 *)(head + at + 4);
	next = flow + step;
	if (next >= flows)
		next -= flows;
	flow = next;
	if (++visited >= flows) {
		visited = 0;
		seq++;
	}
	udp->source = udp->dest = bpf_htons(FIRST_PORT + 2 * next);
	*(__be16 *)(data + SEQ) = bpf_htons(seq);
	bpf_tail_call(ctx, &NEXT, 0);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
