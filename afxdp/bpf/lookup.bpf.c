// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chooses the socket of a UDP packet that came to one of our ports: the one of
 * the packet thread that has the port. A port is ours while its byte in OWNERS
 * names a thread; for every other port, and whenever something is missing, the
 * kernel looks for a socket as if this program were not there.
 *
 * The kernel asks here also for whom an ICMP error is meant.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define AF_INET 2
#define AF_INET6 10
#define PORT_COUNT 65536

/* IPv4 stands as ::ffff:a.b.c.d; network byte order. */
struct address {
	__u8 bytes[16];
};

/* One byte for each port of an address: 0, or the number of its thread + 1. */
struct owners {
	__u8 thread[PORT_COUNT];
};

/* Sizes are set by the daemon before loading. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct address);
	__type(value, __u32);
} ADDRESSES SEC(".maps");

/* Written by the daemon through its own mapping of this memory. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct owners);
} OWNERS SEC(".maps");

/* Two for each thread: IPv4, IPv6. */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} SOCKETS SEC(".maps");

SEC("sk_lookup")
int choose(struct bpf_sk_lookup *ctx)
{
	struct address at = {};
	struct bpf_sock *socket;
	struct owners *owners;
	__u32 *place, port, slot;
	__u8 thread;

	if (ctx->protocol != IPPROTO_UDP)
		return SK_PASS;
	if (ctx->family == AF_INET) {
		__u32 ip = ctx->local_ip4;

		at.bytes[10] = 0xff;
		at.bytes[11] = 0xff;
		__builtin_memcpy(&at.bytes[12], &ip, 4);
	} else {
		__u32 ip[4];

		ip[0] = ctx->local_ip6[0];
		ip[1] = ctx->local_ip6[1];
		ip[2] = ctx->local_ip6[2];
		ip[3] = ctx->local_ip6[3];
		__builtin_memcpy(at.bytes, ip, 16);
	}
	place = bpf_map_lookup_elem(&ADDRESSES, &at);
	if (!place)
		return SK_PASS;
	owners = bpf_map_lookup_elem(&OWNERS, place);
	if (!owners)
		return SK_PASS;
	port = ctx->local_port & (PORT_COUNT - 1);
	thread = *(volatile __u8 *)&owners->thread[port];
	if (!thread)
		return SK_PASS;
	slot = (__u32)(thread - 1) * 2 + (ctx->family == AF_INET6);
	socket = bpf_map_lookup_elem(&SOCKETS, &slot);
	if (!socket)
		return SK_PASS;
	/* Refused: the kernel looks by itself. */
	bpf_sk_assign(ctx, socket, 0);
	bpf_sk_release(socket);
	return SK_PASS;
}

char LICENSE[] SEC("license") = "GPL";
