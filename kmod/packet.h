/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_PACKET_H
#define RTPE_PACKET_H

#include <linux/skbuff.h>
#include "uapi/rtpengine.h"

/* What a UDP payload is, by its first byte (RFC 7983 section 7) and its second (RFC 5761 section 4). */
enum rtpe_kind {
	RTPE_KIND_OTHER,	/* STUN, DTLS, ZRTP, TURN, nothing at all */
	RTPE_KIND_RTP,
	RTPE_KIND_RTCP,
};

/* A UDP packet whose lengths have been proved: the payload lies inside the skb. */
struct rtpe_packet {
	struct rtpe_addr local;		/* destination */
	struct rtpe_addr remote;	/* source */
	u32 payload;			/* offset of the UDP payload from skb->data */
	u32 len;			/* its length in bytes */
	u8 tos;
	enum rtpe_kind kind;
	/* RTP: */
	u8 pt;
	u16 seq;
	u32 timestamp;
	u32 ssrc;			/* RTCP: of the sender of the first packet */
};

/* As memcmp() says it, without the call. */
static inline bool rtpe_addr_equal(const struct rtpe_addr *a, const struct rtpe_addr *b)
{
	u64 x[2], y[2];
	u32 u, v;

	BUILD_BUG_ON(sizeof(*a) != sizeof(x) + sizeof(u));
	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	memcpy(&u, (const u8 *)a + sizeof(x), sizeof(u));
	memcpy(&v, (const u8 *)b + sizeof(y), sizeof(v));
	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (u ^ v));
}

#define RTPE_RTP_HEADER 12
#define RTPE_RTCP_HEADER 8

enum rtpe_kind rtpe_kind(u8 first, u8 second);

/*
 * Length of a whole RTP header with CSRCs and extension, or 0 when it does not fit into `len` bytes.
 * `packet` must be linear.
 */
u32 rtpe_rtp_header_len(const u8 *packet, u32 len);

/*
 * Reads the addresses: false when this is not a whole UDP packet without IP extras (then it is none of ours).
 * skb->data must be at the IP header, as it is on the LOCAL_IN hook.
 */
bool rtpe_packet_addresses(struct sk_buff *skb, u8 family, struct rtpe_packet *p);

/* Then looks inside. False: not one byte, or shorter than the header of its kind; `kind` is set all the same. */
bool rtpe_packet_look(struct sk_buff *skb, struct rtpe_packet *p);

/* True when the UDP checksum holds, or somebody has checked it already. */
bool rtpe_packet_intact(struct sk_buff *skb, const struct rtpe_packet *p);

#endif
