/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The ABI of xt_RTPENGINE. This file is its manual.
 *
 * TABLES
 *   A table holds flows and is named by a number below RTPE_TABLES_MAX. Tables are made and removed by text:
 *     echo 'add 42' > /proc/rtpengine/control      EEXIST: there already
 *     echo 'del 42' > /proc/rtpengine/control      ENOENT: no such table; EBUSY: a living daemon owns it
 *   Anything else is EINVAL. A table pins the module. Firewall rules name a table by number and do not pin it:
 *   a rule whose table does not exist lets every packet pass.
 *
 * CONTROL
 *   /proc/rtpengine/42/control is a transaction file: a write() carries one request, a read() fetches its answer.
 *   The first read() after open() gives struct rtpe_hello, so a daemon learns the module's ABI version and the size
 *   of every struct before it says anything. If one of them is not what the daemon was built with, it must stop.
 *   A request is a struct that begins with struct rtpe_request; the length given to write() must be its `size`.
 *   A failed request changes nothing and leaves no answer. A read() without an answer waiting returns 0.
 *
 * OWNERSHIP
 *   RTPE_OP_CLAIM makes the open file the owner of the table (EBUSY while another open file is). All other requests
 *   that change something need ownership (EPERM). Closing the file, also by the death of the process, ends the
 *   ownership and nothing else: flows go on forwarding until the next owner takes them over (RTPE_CLAIM_ADOPT) or
 *   starts anew (no flag: the table is emptied), or the table is deleted. Flows live in the network namespace of
 *   their table's owner and are gone when that namespace goes.
 *
 * PACKETS
 *   A packet that reaches a rule is looked up by local address and port. These pass untouched to the rest of the
 *   rules and to the daemon's socket: unknown local address or port; anything that is not what the flow carries,
 *   by the first byte (RFC 7983) and the RTCP packet type (RFC 5761); RTCP unless the flow forwards it; a payload
 *   type that is filtered; an SSRC for which there is no room; a packet whose outputs have no route; a bad UDP
 *   checksum; IPv6 extension headers. The rest is forwarded or dropped and counted.
 *
 * CONVENTIONS
 *   Integers are in host byte order, addresses are bytes as on the wire. Every struct is naturally aligned without
 *   hidden padding; fields named `zero` must be zero (EINVAL). There are no pointers. One ABI for 32 and 64 bits.
 */
#ifndef RTPENGINE_UAPI_H
#define RTPENGINE_UAPI_H

#include <linux/types.h>

/* Grows with every change of a struct or of a meaning. A daemon and a module of different versions do not speak. */
#define RTPE_ABI_VERSION	2
#define RTPE_MAGIC		0x52545045u	/* "RTPE" */

#define RTPE_TABLES_MAX		64
#define RTPE_OUTPUTS_MAX	32	/* outputs of a flow */
#define RTPE_PTS_MAX		32	/* payload types counted apart */
#define RTPE_SSRCS_MAX		4	/* SSRCs tracked per flow */
#define RTPE_VERSION_LEN	32

/* ---- parts ---- */

#define RTPE_INET4		4
#define RTPE_INET6		6

/* An address and a UDP port. All zero: none. */
struct rtpe_addr {
	__u8	family;		/* RTPE_INET4, RTPE_INET6 */
	__u8	zero;
	__u16	port;
	__u8	addr[16];	/* IPv4 in the first four bytes, the rest zero */
};

/* Cipher and authentication. The order is that of the bits in rtpe_hello.suites. */
enum rtpe_suite {
	RTPE_SUITE_NONE = 0,		/* plain RTP: no SRTP at all */
	RTPE_SUITE_NULL_SHA1 = 1,	/* no cipher, HMAC-SHA1 */
	RTPE_SUITE_AES_CM_128_SHA1 = 2,
	RTPE_SUITE_AES_CM_192_SHA1 = 3,
	RTPE_SUITE_AES_CM_256_SHA1 = 4,
	RTPE_SUITE_AES_GCM_128 = 5,
	RTPE_SUITE_AES_GCM_256 = 6,
	RTPE_SUITES
};

#define RTPE_CIPHER_KEY_MAX	32
#define RTPE_AUTH_KEY_MAX	20
#define RTPE_SALT_MAX		14
#define RTPE_MKI_MAX		16

/* Session keys (RFC 3711 section 4.3), derived by the daemon: the module never sees a master key. */
struct rtpe_keys {
	__u8	cipher[RTPE_CIPHER_KEY_MAX];	/* first 16, 24 or 32 bytes, by suite */
	__u8	auth[RTPE_AUTH_KEY_MAX];	/* HMAC suites only */
	__u8	salt[RTPE_SALT_MAX];		/* 14 bytes for AES-CM, 12 for AES-GCM */
	__u8	zero[2];
};

/* One direction of SRTP and SRTCP. All zero for RTPE_SUITE_NONE. */
struct rtpe_srtp {
	__u32	suite;			/* enum rtpe_suite */
	__u32	flags;			/* RTPE_SRTP_* */
	__u8	rtp_tag_len;		/* bytes of SRTP authentication tag: 0, 4 or 10 with HMAC, 16 with GCM */
	__u8	rtcp_tag_len;		/* bytes of SRTCP authentication tag: 4 or 10 with HMAC, 16 with GCM */
	__u8	mki_len;		/* bytes of master key identifier behind each packet, 0: none */
	__u8	zero[5];
	__u8	mki[RTPE_MKI_MAX];	/* what to seal with; not compared when opening */
	struct rtpe_keys rtp;
	struct rtpe_keys rtcp;
};

#define RTPE_SRTP_CLEAR_RTP	0x1u	/* UNENCRYPTED_SRTP (RFC 4568); HMAC suites only */
#define RTPE_SRTP_CLEAR_RTCP	0x2u	/* UNENCRYPTED_SRTCP */
#define RTPE_SRTP_FLAGS		0x3u

/* A payload type the flow is known to carry. */
struct rtpe_pt {
	__u8	pt;		/* 0 to 127 */
	__u8	zero[3];
	__u32	clock_hz;	/* RTP clock for the jitter of this payload type; 0: 8000 */
};

/*
 * State of one SSRC that outlives an installation: given with a flow to go on where another path left off, and
 * returned in snapshots to be given back. The index is the 48-bit packet index of RFC 3711 section 3.3.1:
 * rollover counter * 65536 + sequence number.
 */
struct rtpe_ssrc {
	__u32	ssrc;
	__u32	flags;		/* RTPE_SSRC_* */
	__u64	index;		/* highest index received */
	__u64	window;		/* replay window: bit n is set when index - n was received */
	__u64	rtcp_window;	/* the same for SRTCP */
	__u32	rtcp_index;	/* highest SRTCP index received */
	__u32	zero;
};

#define RTPE_SSRC_KNOWN		0x1u	/* this place is in use */
#define RTPE_SSRC_INDEX		0x2u	/* index and window are valid; otherwise the first packet sets them with rollover 0 */
#define RTPE_SSRC_RTCP_INDEX	0x4u	/* rtcp_index and rtcp_window are valid */
#define RTPE_SSRC_PASS		0x8u	/* its packets pass up: not for this flow to handle */
#define RTPE_SSRC_FLAGS		0xfu

/*
 * One way out. Arrays over SSRCs run in parallel to rtpe_flow.ssrcs; for a flow that tells nothing of its SSRCs all
 * their elements should be alike, as the module fills the places in the order in which SSRCs appear.
 */
struct rtpe_output {
	struct rtpe_addr from;	/* source of the packet that leaves; must be a local address */
	struct rtpe_addr to;	/* its destination; the families must be equal */
	__u32	flags;		/* RTPE_OUT_* */
	__u8	tos;		/* traffic class byte */
	__u8	pt_from;	/* with RTPE_OUT_PT: payload type as received */
	__u8	pt_to;		/* and as sent */
	__u8	zero;
	__u32	ssrc[RTPE_SSRCS_MAX];		/* with RTPE_OUT_SSRC: replaces the sender's */
	__u32	rtcp_index;			/* SRTCP index of the next packet that is sealed */
	__u32	zero2;
	__s64	index_offset[RTPE_SSRCS_MAX];	/* added to the packet index; its low 16 bits move the sequence number */
	struct rtpe_srtp seal;
};

#define RTPE_OUT_RTP		0x1u	/* RTP, and the packets of an opaque flow, leave here */
#define RTPE_OUT_RTCP		0x2u	/* RTCP leaves here (SSRC fields inside it are not changed) */
#define RTPE_OUT_SSRC		0x4u
#define RTPE_OUT_PT		0x8u
#define RTPE_OUT_FLAGS		0xfu

/* ---- requests ---- */

enum rtpe_op {
	RTPE_OP_CLAIM = 1,	/* struct rtpe_claim */
	RTPE_OP_INSTALL = 2,	/* struct rtpe_flow, then output_count times struct rtpe_output */
	RTPE_OP_WITHDRAW = 3,	/* struct rtpe_pick; answer: struct rtpe_snapshot, the last of this flow */
	RTPE_OP_SNAPSHOT = 4,	/* struct rtpe_pick; answer: struct rtpe_snapshot. Needs no ownership */
	RTPE_OP_FLUSH = 5,	/* struct rtpe_request alone: removes every flow */
};

struct rtpe_request {
	__u32	op;		/* enum rtpe_op */
	__u32	size;		/* bytes of the whole request, this struct included */
};

/*
 * Become the owner. EBUSY: another open file is. EPROTO: `abi` is not the module's. The answer is a fresh
 * struct rtpe_hello.
 */
struct rtpe_claim {
	struct rtpe_request request;
	__u32	abi;		/* RTPE_ABI_VERSION of the daemon */
	__u32	flags;		/* RTPE_CLAIM_* */
};

#define RTPE_CLAIM_ADOPT	0x1u	/* keep the flows that are there */

/* What the packets of a flow may be. */
enum rtpe_carries {
	RTPE_CARRIES_RTP = 1,		/* RTP only */
	RTPE_CARRIES_RTCP = 2,		/* RTCP only */
	RTPE_CARRIES_BOTH = 3,		/* both (rtcp-mux) */
	RTPE_CARRIES_OPAQUE = 4,	/* neither: forwarded as it is, without a look inside */
};

/* What happens to packets from another source than the flow's. */
enum rtpe_source_check {
	RTPE_SOURCE_IGNORE = 0,		/* as if they came from it */
	RTPE_SOURCE_DROP = 1,
	RTPE_SOURCE_PASS = 2,		/* up to the daemon's socket */
};

/*
 * Install a flow, or replace the one at the same `local` (ESTALE: that one has a later generation). A replaced
 * flow hands its counters and the state of its SSRCs on. Of what the new one states of an SSRC itself, an index that is
 * not higher than the one handed on changes nothing: indices never go back.
 * EINVAL: a field is out of its range; EAFNOSUPPORT: address family; ENOMEM; ENOSPC: the table is full;
 * EOPNOTSUPP: this kernel does not have the cipher. A flow that seals should be withdrawn first when the new one states
 * SSRCs at other places: packets on their way use the place they have found.
 */
struct rtpe_flow {
	struct rtpe_request request;
	struct rtpe_addr local;		/* where its packets arrive */
	struct rtpe_addr source;	/* where they come from; none only with RTPE_SOURCE_IGNORE */
	__u64	generation;
	__u64	stream;			/* the daemon's handle; handed back, never looked at */
	__u32	flags;			/* RTPE_FLOW_* */
	__u8	carries;		/* enum rtpe_carries */
	__u8	source_check;		/* enum rtpe_source_check */
	__u8	pt_count;		/* how many of pts are valid */
	__u8	output_count;		/* structs rtpe_output that follow; 0: packets are counted and dropped */
	struct rtpe_pt	pts[RTPE_PTS_MAX];
	struct rtpe_ssrc ssrcs[RTPE_SSRCS_MAX];
	struct rtpe_srtp open;
};

#define RTPE_FLOW_RTCP_FORWARD	0x1u	/* RTCP leaves through outputs with RTPE_OUT_RTCP; without: passes up */
/* And the received packet goes up to the socket as well; it is accepted, so rules behind ours do not see it. */
#define RTPE_FLOW_RTCP_COPY	0x2u
#define RTPE_FLOW_PT_FILTER	0x4u	/* payload types not listed in pts pass up */
#define RTPE_FLOW_FLAGS		0x7u

/*
 * Names an installed flow. ENOENT: there is none. WITHDRAW gives ESTALE when the flow's generation is later.
 */
struct rtpe_pick {
	struct rtpe_request request;
	struct rtpe_addr local;
	__u32	zero;
	__u64	generation;		/* ignored by SNAPSHOT */
};

/* ---- answers ---- */

/* Read after open(). Fields that start with size_ are sizeof of the struct in the module. */
struct rtpe_hello {
	__u32	magic;			/* RTPE_MAGIC */
	__u32	abi;			/* RTPE_ABI_VERSION */
	__u32	size_hello;
	__u32	size_claim;
	__u32	size_flow;
	__u32	size_output;
	__u32	size_pick;
	__u32	size_snapshot;
	__u32	table;
	__s32	owner;			/* process id of the owner as seen by the reader, 0: nobody */
	__u32	flows;			/* how many are installed */
	__u32	suites;			/* bit n: this kernel can do suite n of enum rtpe_suite */
	char	version[RTPE_VERSION_LEN];	/* of the module, for people */
};

/* Packets and bytes of UDP payload. */
struct rtpe_traffic {
	__u64	packets;
	__u64	bytes;
	__u64	errors;			/* packets that could not be handled */
};

struct rtpe_pt_counters {
	__u8	pt;
	__u8	known;			/* 1: this place is in use */
	__u8	zero[2];
	__u32	clock_hz;
	__u64	packets;
	__u64	bytes;
};

struct rtpe_ssrc_counters {
	struct rtpe_ssrc state;
	struct rtpe_traffic rtp;
	__u64	first_index;		/* index of the first packet counted */
	__u32	last_timestamp;		/* RTP timestamp of the packet with the highest index */
	__u32	lost;			/* expected less received, never below zero (RFC 3550 appendix A.3) */
	__u32	duplicates;		/* received twice within 64 numbers */
	__u32	reordered;		/* received after a higher number */
	__u32	jitter_us;		/* interarrival jitter (RFC 3550 section 6.4.1) in microseconds */
	__u8	last_pt;
	__u8	zero[3];
};

struct rtpe_output_counters {
	__u64	packets;
	__u64	bytes;
	__u64	errors;			/* no route, no memory */
	__u32	rtcp_index;		/* SRTCP index of the next packet that is sealed */
	__u32	zero;
};

/* Why packets of the flow did not go the usual way. */
enum rtpe_fate {
	RTPE_FATE_SOURCE = 0,		/* dropped: from another source */
	RTPE_FATE_AUTH = 1,		/* dropped: SRTP authentication failed */
	RTPE_FATE_REPLAY = 2,		/* dropped: received before, or older than the replay window */
	RTPE_FATE_MALFORMED = 3,	/* dropped: a header does not fit into the packet */
	RTPE_FATE_NO_OUTPUT = 4,	/* dropped: the flow has no output for it */
	RTPE_FATE_SEND = 5,		/* dropped: no memory or no route for some output */
	RTPE_FATE_PASS_KIND = 6,	/* passed up: not what the flow carries (STUN, DTLS, RTCP ...) */
	RTPE_FATE_PASS_SOURCE = 7,	/* passed up: from another source */
	RTPE_FATE_PASS_PT = 8,		/* passed up: payload type filtered */
	RTPE_FATE_PASS_SSRC = 9,	/* passed up: no room for another SSRC */
	RTPE_FATE_PASS_ROUTE = 10,	/* passed up: no output has a route */
	RTPE_FATE_PASS_ODD = 11,	/* passed up: bad checksum, or the packet could not be prepared */
	RTPE_FATES = 12
};

/*
 * Everything the module knows of one flow. /proc/rtpengine/42/blist is a sequence of these in the order of
 * installation; a read() gets as many whole ones as fit (EINVAL when none fits).
 */
struct rtpe_snapshot {
	struct rtpe_addr local;
	struct rtpe_addr source;
	__u64	generation;
	__u64	stream;
	__u64	installed_ns;		/* CLOCK_MONOTONIC of the first installation */
	__u64	last_packet_ns;		/* CLOCK_MONOTONIC of the last packet counted in `received`, 0: none yet */
	struct rtpe_traffic received;
	__u64	fates[RTPE_FATES];
	__u32	flags;
	__u8	carries;
	__u8	source_check;
	__u8	output_count;
	__u8	last_tos;		/* traffic class byte of the last packet counted */
	struct rtpe_pt_counters pts[RTPE_PTS_MAX];
	struct rtpe_ssrc_counters ssrcs[RTPE_SSRCS_MAX];
	struct rtpe_output_counters outputs[RTPE_OUTPUTS_MAX];
	__s64	index_offset[RTPE_OUTPUTS_MAX][RTPE_SSRCS_MAX];	/* as installed: what left had ssrcs[n].state.index and this */
};

/* ---- firewall rules ---- */

/* Option block of the xtables target RTPENGINE (revision 0; table filter, hook INPUT). */
struct xt_rtpengine_info {
	__u32	id;			/* table, below RTPE_TABLES_MAX */
};

/* Attributes of the nftables expression "rtpengine" (families ip, ip6, inet; hook input). */
enum rtpe_nft_attributes {
	RTPE_NFTA_UNSPEC,
	RTPE_NFTA_TABLE,		/* __u32 in network byte order, below RTPE_TABLES_MAX */
	RTPE_NFTA_CEILING
};
#define RTPE_NFTA_MAX (RTPE_NFTA_CEILING - 1)

#endif
