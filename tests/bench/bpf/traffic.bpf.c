// SPDX-License-Identifier: GPL-2.0-only
// The two ends of the relay under test. `generate` runs as a test of the kernel with live frames: it writes every
// packet anew and puts it on a wire. `sink` sits at the far ends: it judges, counts and drops.
// src/traffic/layout.rs mirrors the structures.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// Packets the kernel runs through `generate` before it puts them on the wire.
#define BATCH 64
// The upper twelve bits of the SSRC of every packet here; the lower twenty are the flow's number.
#define MARK 0xb5e00000u
#define MARKED 0xfff00000u
// RTP header and payload: G.711, 20 ms.
#define RTP_LEN 172
#define UDP_LEN (8 + RTP_LEN)
// Steps per doubling of a delay, and how many there are.
#define STEPS 16
#define BUCKETS (STEPS * 40)
// A packet later than this is as good as lost, in nanoseconds.
#define TOO_LATE 100000000ull
// Every so many packets one has its checksum checked.
#define CHECKED 64
// A gap in sending that is caught up with; beyond it, packets are left out.
#define CATCH_UP 4
// How long it is waited for the next burst, in nanoseconds, before others on this core get their turn; and how often the
// clock is looked at in that time, at most.
#define PATIENCE 10000
#define LOOKS 2000

struct stamp {
	__u64 time;
	__u32 flow;
	__u32 seq;
} __attribute__((packed));

struct rtp {
	__u8 first;
	__u8 pt;
	__be16 seq;
	__be32 time;
	__be32 ssrc;
	struct stamp stamp;
} __attribute__((packed));

struct packet {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	struct rtp rtp;
} __attribute__((packed));

struct ends {
	__be32 saddr, daddr;
	__be16 sport, dport;
};

struct flow {
	struct ends sent;	// as it is sent to the relay
	struct ends expected;	// as it has to arrive
	struct ends comes;	// as it comes by on its way, at a far end that sends it back ...
	struct ends goes;	// ... like this; ports are 0 if there is no such end
	__u32 side;		// where it is sent: 0 caller, 1 callee
	__u32 sum;		// of all 16 bit words of the UDP checksum that are the same in all packets
	__u32 seq;
	__u32 next;		// the sequence number that the sink waits for
	__u64 heard;
	__u64 delay;	// of the last packet
};

struct side {
	__u8 to[6];
	__u8 from[6];
	__u32 pad;
};

struct control {
	__u64 gap;	// nanoseconds between bursts; 0: silence
	__u32 burst;	// packets per burst, at most BATCH
	__u32 first;	// from this flow on ...
	__u32 count;	// ... so many are sent
	__u32 spoil;	// every so many packets one is sent with a wrong checksum, and one sequence number left out; 0: none
};

struct counts {
	__u64 sent;
	__u64 skipped;		// bursts left out, because the generator was kept from running
	__u64 received;
	__u64 too_late;
	__u64 out_of_order;	// or twice
	__u64 missing;		// sequence numbers jumped over
	__u64 strange;		// of no flow, from or to a wrong address, or of another content
	__u64 checked;
	__u64 bad_checksum;
	__u64 partial_checksum;	// left to a network card that is none
	__u64 jitter;		// sum of differences in delay between neighbours of a flow, in nanoseconds
};

struct state {
	__u64 turn;
	__u64 next;
	__u64 flow;
	__u32 burst;
	__u32 spoil;
};

#define ARRAY(name, type_of_value, count)         \
	struct {                                  \
		__uint(type, BPF_MAP_TYPE_ARRAY); \
		__uint(max_entries, count);       \
		__type(key, __u32);               \
		__type(value, type_of_value);     \
	} name SEC(".maps")

ARRAY(FLOWS, struct flow, 1);
ARRAY(SIDES, struct side, 2);
ARRAY(CONTROL, struct control, 1);
ARRAY(COUNTS, struct counts, 1);
ARRAY(STATE, struct state, 1);
ARRAY(DELAYS, __u64, BUCKETS);

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} WIRES SEC(".maps");

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static long past(__u64 turn __attribute__((unused)), __u64 *moment)
{
	return bpf_ktime_get_ns() >= *moment;
}

// How many packets of the batch that begins now are sent. The pages of all others go back to where the kernel takes those of
// the next batch from, under a lock that the relay needs for each packet it has copied: what it would wait for it there is no
// cost of relaying. So a batch too early waits.
static __always_inline __u32 due(struct control *control, struct state *state, struct counts *counts, __u64 now)
{
	__u64 gap = control->gap;

	if (!gap) {
		state->next = 0;
		return 0;
	}
	if (!state->next)
		state->next = now;
	if (now < state->next) {
		__u64 moment = state->next - now < PATIENCE ? state->next : now + PATIENCE;

		bpf_loop(LOOKS, past, &moment, 0);
		now = bpf_ktime_get_ns();
		if (now < state->next)
			return 0;
	}
	state->next += gap;
	if (now > state->next + CATCH_UP * gap) {
		counts->skipped += (now - state->next) / gap;
		state->next = now;
	}
	return control->burst;
}

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	struct packet *packet = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u32 zero = 0;
	struct control *control = bpf_map_lookup_elem(&CONTROL, &zero);
	struct state *state = bpf_map_lookup_elem(&STATE, &zero);
	struct counts *counts = bpf_map_lookup_elem(&COUNTS, &zero);

	if (!control || !state || !counts || (void *)(packet + 1) > end)
		return XDP_ABORTED;
	__u32 place = state->turn++ % BATCH;
	if (place == 0)
		state->burst = due(control, state, counts, bpf_ktime_get_ns());
	if (place >= state->burst)
		return XDP_DROP;

	if (state->flow >= control->count)
		state->flow = 0;
	__u32 number = control->first + state->flow++;
	struct flow *flow = bpf_map_lookup_elem(&FLOWS, &number);
	if (!flow)
		return XDP_ABORTED;
	__u32 at = flow->side & 1;
	struct side *side = bpf_map_lookup_elem(&SIDES, &at);
	if (!side)
		return XDP_ABORTED;

	__u32 spoilt = 0;
	if (control->spoil && ++state->spoil >= control->spoil) {
		state->spoil = 0;
		spoilt = 1;
		flow->seq++;
	}
	__u32 seq = flow->seq++;
	__u32 time = seq * 160;
	__u64 now = bpf_ktime_get_ns();

	__builtin_memcpy(packet->eth.h_dest, side->to, 6);
	__builtin_memcpy(packet->eth.h_source, side->from, 6);
	packet->eth.h_proto = bpf_htons(ETH_P_IP);
	packet->ip.version = 4;
	packet->ip.ihl = 5;
	packet->ip.tos = 0;
	packet->ip.tot_len = bpf_htons(20 + UDP_LEN);
	packet->ip.id = 0;
	packet->ip.frag_off = bpf_htons(0x4000);
	packet->ip.ttl = 64;
	packet->ip.protocol = IPPROTO_UDP;
	packet->ip.saddr = flow->sent.saddr;
	packet->ip.daddr = flow->sent.daddr;
	__u64 ip = (__u64)bpf_htons(0x4500) + bpf_htons(20 + UDP_LEN) + bpf_htons(0x4000) + bpf_htons(0x4000 | IPPROTO_UDP) +
		   flow->sent.saddr + flow->sent.daddr;
	packet->ip.check = ~fold(ip);
	packet->udp.source = flow->sent.sport;
	packet->udp.dest = flow->sent.dport;
	packet->udp.len = bpf_htons(UDP_LEN);
	packet->rtp.first = 0x80;
	packet->rtp.pt = 0;
	packet->rtp.seq = bpf_htons((__u16)seq);
	packet->rtp.time = bpf_htonl(time);
	packet->rtp.ssrc = bpf_htonl(MARK | number);
	packet->rtp.stamp.time = now;
	packet->rtp.stamp.flow = number;
	packet->rtp.stamp.seq = seq;
	__u64 sum = (__u64)flow->sum + bpf_htons((__u16)seq) + bpf_htonl(time) + (now & 0xffffffff) + (now >> 32) + number +
		    seq + spoilt;
	__u16 check = ~fold(sum);
	packet->udp.check = check ? check : 0xffff;
	counts->sent++;
	return bpf_redirect_map(&WIRES, at, 0);
}

// Position of the highest bit of a value that is not zero.
static __always_inline __u32 highest(__u64 value)
{
	__u32 bit = 0;

	if (value >> 32) { value >>= 32; bit += 32; }
	if (value >> 16) { value >>= 16; bit += 16; }
	if (value >> 8) { value >>= 8; bit += 8; }
	if (value >> 4) { value >>= 4; bit += 4; }
	if (value >> 2) { value >>= 2; bit += 2; }
	if (value >> 1) bit += 1;
	return bit;
}

static __always_inline __u32 bucket(__u64 delay)
{
	if (delay < STEPS)
		return delay;
	__u32 octave = highest(delay) - 4;
	__u32 found = STEPS * (octave + 1) + (__u32)(delay >> octave) - STEPS;
	return found < BUCKETS ? found : BUCKETS - 1;
}

static __always_inline int same(struct ends *ends, struct packet *packet)
{
	return ends->saddr == packet->ip.saddr && ends->daddr == packet->ip.daddr &&
	       ends->sport == packet->udp.source && ends->dport == packet->udp.dest;
}

// Sends a packet that comes by back to the relay, contents and time to live as they are. Both addresses stay, the other way
// round. Without a checksum (RFC 768): a relay's sockets may have left that of the packet unfinished. Redirected to the wire it
// came from, because XDP_TX over a veth wakes the other end only if that has an XDP program, which a relay over sockets has not.
static __always_inline int turn(struct packet *packet, struct flow *flow)
{
	__u8 mac[6];

	__builtin_memcpy(mac, packet->eth.h_dest, 6);
	__builtin_memcpy(packet->eth.h_dest, packet->eth.h_source, 6);
	__builtin_memcpy(packet->eth.h_source, mac, 6);
	packet->ip.saddr = flow->goes.saddr;
	packet->ip.daddr = flow->goes.daddr;
	packet->udp.source = flow->goes.sport;
	packet->udp.dest = flow->goes.dport;
	packet->udp.check = 0;
	return bpf_redirect_map(&WIRES, 1 - (flow->side & 1), XDP_DROP);
}

static __always_inline void check(struct packet *packet, void *end, struct counts *counts)
{
	__u64 pseudo = (__u64)packet->ip.saddr + packet->ip.daddr + bpf_htons(IPPROTO_UDP) + packet->udp.len;

	if ((void *)&packet->udp + UDP_LEN > end) {
		counts->bad_checksum++;
		return;
	}
	__s64 sum = bpf_csum_diff(0, 0, (__be32 *)&packet->udp, UDP_LEN, fold(pseudo));
	counts->checked++;
	if (fold((__u32)sum) == 0xffff)
		return;
	if (packet->udp.check == fold(pseudo))
		counts->partial_checksum++;
	else
		counts->bad_checksum++;
}

SEC("xdp")
int sink(struct xdp_md *ctx)
{
	struct packet *packet = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u32 zero = 0;

	if ((void *)(packet + 1) > end || packet->eth.h_proto != bpf_htons(ETH_P_IP) || packet->ip.ihl != 5 ||
	    packet->ip.protocol != IPPROTO_UDP || (bpf_ntohl(packet->rtp.ssrc) & MARKED) != MARK)
		return XDP_PASS;
	struct counts *counts = bpf_map_lookup_elem(&COUNTS, &zero);
	if (!counts)
		return XDP_ABORTED;
	__u32 number = bpf_ntohl(packet->rtp.ssrc) & ~MARKED;
	struct flow *flow = bpf_map_lookup_elem(&FLOWS, &number);
	__u32 seq = packet->rtp.stamp.seq;
	if (flow && flow->goes.sport && same(&flow->comes, packet))
		return turn(packet, flow);
	if (!flow || packet->rtp.stamp.flow != number || packet->rtp.seq != bpf_htons((__u16)seq) ||
	    packet->udp.len != bpf_htons(UDP_LEN) || !same(&flow->expected, packet)) {
		counts->strange++;
		return XDP_DROP;
	}
	counts->received++;
	flow->heard++;
	if (seq == flow->next) {
		flow->next++;
	} else if ((__s32)(seq - flow->next) > 0) {
		counts->missing += seq - flow->next;
		flow->next = seq + 1;
	} else {
		counts->out_of_order++;
	}
	__u64 delay = bpf_ktime_get_ns() - packet->rtp.stamp.time;
	if (flow->delay)
		counts->jitter += delay > flow->delay ? delay - flow->delay : flow->delay - delay;
	flow->delay = delay;
	if (delay > TOO_LATE)
		counts->too_late++;
	__u32 at = bucket(delay);
	__u64 *delays = bpf_map_lookup_elem(&DELAYS, &at);
	if (delays)
		++*delays;
	if (counts->received % CHECKED == 0)
		check(packet, end, counts);
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
