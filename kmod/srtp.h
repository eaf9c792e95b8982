/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_SRTP_H
#define RTPE_SRTP_H

#include <linux/types.h>
#include "uapi/rtpengine.h"

/*
 * SRTP and SRTCP (RFC 3711, RFC 7714) with session keys that are given. One rtpe_crypt is one direction of one
 * stream. Knows nothing of rollover counters and replay: the caller states the packet index.
 *
 * Packets are linear bytes that begin with the RTP or RTCP header. Nothing here sleeps or allocates.
 */
struct rtpe_crypt;

/* The most a sealed packet is longer than a plain one: tag, MKI and SRTCP index. */
#define RTPE_SEAL_ROOM (16 + RTPE_MKI_MAX + 4)

/* 0, or what is wrong with the description: -EINVAL. */
int rtpe_srtp_check(const struct rtpe_srtp *srtp);

/*
 * NULL for RTPE_SUITE_NONE; ERR_PTR(-EOPNOTSUPP) when the kernel lacks the cipher, -ENOMEM, or that it could not
 * be had now. May sleep.
 */
struct rtpe_crypt *rtpe_crypt_make(const struct rtpe_srtp *srtp);
void rtpe_crypt_free(struct rtpe_crypt *crypt);

/* Finds out which of the kernel's ciphers are the fast ones, and holds them. May sleep. */
void rtpe_cipher_init(void);
void rtpe_cipher_exit(void);

/* Bit n: suite n of enum rtpe_suite can be had here. May sleep. */
u32 rtpe_crypt_suites(void);

/* For people: name of the cipher, length of the SRTP tag, whether the tag is an HMAC. */
const char *rtpe_crypt_cipher_name(const struct rtpe_crypt *crypt);
u32 rtpe_crypt_tag_len(const struct rtpe_crypt *crypt);
bool rtpe_crypt_has_hmac(const struct rtpe_crypt *crypt);

/*
 * RTP: `header` bytes stay clear, `index` is the 48-bit packet index. They return the new length of the packet, or
 * -EBADMSG (tag is wrong), -EMSGSIZE (too short), or an error of the cipher. Sealing needs RTPE_SEAL_ROOM behind it.
 */
int rtpe_open_rtp(struct rtpe_crypt *c, u8 *packet, u32 len, u32 header, u32 ssrc, u64 index);
int rtpe_seal_rtp(struct rtpe_crypt *c, u8 *packet, u32 len, u32 header, u32 ssrc, u64 index);

/* Index that an SRTCP packet states, or -EMSGSIZE. */
s64 rtpe_rtcp_index(const struct rtpe_crypt *c, const u8 *packet, u32 len);
int rtpe_open_rtcp(struct rtpe_crypt *c, u8 *packet, u32 len, u32 ssrc);
int rtpe_seal_rtcp(struct rtpe_crypt *c, u8 *packet, u32 len, u32 ssrc, u32 index);

#endif
