/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the XDP program and the daemon share: map keys and values, reasons.
 * The daemon's mirror is src/steer/layout.rs; a test compares the two through
 * the program's own type information.
 *
 * Multi-byte fields are in host order unless their type or comment says
 * otherwise. Ones' complement sums are kept in network order, as they would
 * be loaded from a packet.
 */
#ifndef STEER_H
#define STEER_H

#include <linux/types.h>

#define HEADERS_MAX	66	/* Ethernet 14, tag 4, IPv6 40, UDP 8 */
#define SENDERS		2	/* SSRCs remembered per flow */

/* A local address, IPv4 in the first four bytes: key of ADDRESSES. */
struct address {
	__u8 addr[16];
	__u32 family;		/* 4 or 6 */
};

#define FEW	4	/* addresses that need no look into a hash */

/*
 * The first addresses and their rows, in places of FEW_ADDRESSES. Family and
 * row are one aligned word and written last; family 0 is nobody.
 */
struct few {
	struct {
		struct address address;
		__u32 row;
	} of[FEW];
};

/*
 * Where a flow is kept: value of FLOWS, whose place is the address's row from
 * ADDRESSES times 65536 plus the port. Many flows share a cache line, and the
 * loads of recipe and meter need not wait for each other.
 */
struct place {
	__u32 slot;		/* in SLOTS; 0: no flow */
	__u32 meter;		/* in METERS */
};

/* An address and port. IPv4 stands in the first four bytes of addr. */
struct endpoint {
	__u8 addr[16];
	__be16 port;
	__u16 family;		/* 4 or 6; 0 means nobody */
};

enum action {
	ACTION_NONE,		/* pass up, but note where it came in */
	ACTION_WORKER,		/* to the socket of the receive queue */
	ACTION_DRIVER,		/* rewritten and sent from here */
};

enum recipe_flags {
	FLAG_STRICT	= 1 << 0,	/* drop what comes from elsewhere */
	FLAG_OPAQUE	= 1 << 1,	/* no RTP: no look at the payload */
	FLAG_RTCP	= 1 << 2,	/* RTCP goes where RTP goes */
	FLAG_SSRC	= 1 << 3,	/* set recipe.ssrc */
	FLAG_PT		= 1 << 4,	/* pt_from becomes pt_to */
};

/*
 * What to do with a flow. Written once into a free place of SLOTS and never
 * changed while FLOWS points at it; a new version takes a new place.
 * Two adjacent cache lines: what a decision needs, then what is written.
 */
struct recipe {
	__u32 flow;		/* place in FLOWS, must equal what was looked up */
	__u32 meter;		/* place in METERS, likewise */
	__u16 flags;
	__u8 action;
	__u8 headers_len;	/* bytes used of headers: 42, 46, 62 or 66 */
	__be16 network_sum;	/* sum of the IPv4 header in headers */
	__be16 transport_delta;	/* new minus old addresses and ports */
	__be16 partial_sum;	/* sum of source, local address and protocol */
	__u16 seq_offset;
	__u8 pt_from;
	__u8 pt_to;
	__u16 port;		/* place of the egress interface in PORTS */
	__u32 ifindex;		/* of that interface; 0: never by XDP_TX */
	__be32 ssrc;
	struct endpoint source;	/* where it must come from; family 0: anywhere */
	__u32 reserved;
	__u8 headers[HEADERS_MAX];
	__u8 end[6];
};

/* What is known of one SSRC. Counted as model/engine counts (src/ssrc.rs). */
struct sender {
	__u64 packets;
	__u64 bytes;
	__u64 window;		/* bit n: last_seq - n has come */
	__u32 ssrc;
	__u32 first_seq;	/* extended */
	__u32 last_seq;		/* extended, highest */
	__u32 since_first;	/* packets since first_seq was set */
	__u32 lost_before;	/* lost before that */
	__u32 last_timestamp;	/* of the packet with last_seq */
	__u32 duplicates;
	__u32 reordered;
	__u32 transit;		/* arrival minus timestamp, in clock ticks */
	__u32 jitter;		/* ticks times 16 (RFC 3550 A.8) */
	__u16 after_jump;	/* the number that would confirm a jump */
	__u8 jumped;
	__u8 last_pt;
	__u8 used;
	__u8 reserved[3];
};

/*
 * What one flow has carried in this program. Survives a change of recipe.
 * Four cache lines, of which a flow with one sender touches two.
 */
struct meter {
	__u64 packets;
	__u64 bytes;		/* UDP payload */
	__u64 last_ns;		/* CLOCK_MONOTONIC */
	__u64 strays;		/* dropped for their source */
	__u32 ifindex;		/* where the last packet came in; 0: none yet */
	__u32 queue;
	struct sender senders[SENDERS];
	__u8 reserved[72];
};

/* Where every packet ends. The first ones are wire::Reason, in its order. */
enum reason {
	REASON_SHORT_FRAME,
	REASON_NOT_IP,
	REASON_STACKED_TAGS,
	REASON_BAD_VERSION,
	REASON_BAD_LENGTH,
	REASON_IP_OPTIONS,
	REASON_BAD_HEADER_CHECKSUM,
	REASON_FRAGMENT,
	REASON_EXTENSION_HEADER,
	REASON_NOT_UDP,
	REASON_GROUP,
	REASON_BAD_UDP_LENGTH,
	REASON_NO_CHECKSUM,
	REASON_NO_FLOW,
	REASON_STUN,
	REASON_DTLS,
	REASON_RTCP,
	REASON_NOT_MEDIA,
	REASON_SHORT_MEDIA,
	REASON_OTHER_SOURCE,
	REASON_STRAY,		/* dropped, not passed */
	REASON_NO_EGRESS,
	REASON_NO_HEADROOM,
	REASON_PARTIAL_CHECKSUM,
	REASON_WORKER,		/* redirected */
	REASON_DRIVER,		/* sent */
	REASON_COUNT,
};

#endif
