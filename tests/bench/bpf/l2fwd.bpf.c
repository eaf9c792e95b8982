// SPDX-License-Identifier: GPL-2.0-only
// Everything that arrives goes to the socket of its queue: the least that AF_XDP can be asked for.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SOCKETS(name)                              \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_XSKMAP); \
		__uint(max_entries, 1);            \
		__type(key, __u32);                \
		__type(value, __u32);              \
	} name SEC(".maps")

SOCKETS(NEAR);
SOCKETS(FAR);

SEC("xdp")
int near(struct xdp_md *ctx)
{
	return bpf_redirect_map(&NEAR, ctx->rx_queue_index, XDP_PASS);
}

SEC("xdp")
int far(struct xdp_md *ctx)
{
	return bpf_redirect_map(&FAR, ctx->rx_queue_index, XDP_PASS);
}

char LICENSE[] SEC("license") = "GPL";
