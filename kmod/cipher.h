/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_CIPHER_H
#define RTPE_CIPHER_H

#include <crypto/algapi.h>
#include "uapi/rtpengine.h"

#define RTPE_MAC_LEN 20

/* Keyed transforms of the kernel for one kind of packet (RTP or RTCP) of one direction. */
struct rtpe_cipher;

/* How often the kernel is asked for a cipher before an error is believed that may pass. */
#define RTPE_CIPHER_ATTEMPTS 4
#ifdef RTPE_DEBUG
extern int rtpe_cipher_hurdles;	/* so many questions are answered with -ETIMEDOUT first */
#endif

/* ERR_PTR: -EOPNOTSUPP when the kernel lacks it, -ENOMEM, or that it could not be had now. May sleep. */
struct rtpe_cipher *rtpe_cipher_make(u32 suite, const struct rtpe_keys *keys);
void rtpe_cipher_free(struct rtpe_cipher *cipher);

/* None of these sleeps or allocates. All return 0 or an error. */

/* AES in counter mode as in RFC 3711 section 4.1.1, in place; does nothing for the NULL cipher. */
int rtpe_ctr(struct rtpe_cipher *cipher, u32 ssrc, u64 index, u8 *data, u32 len);

/* HMAC-SHA1. */
int rtpe_hmac(struct rtpe_cipher *cipher, const u8 *data, u32 len, u8 mac[RTPE_MAC_LEN]);

struct rtpe_nonce {
	u32 ssrc;
	u64 index;	/* 48 bits for RTP, 31 for RTCP */
	bool rtcp;
	u32 word;	/* RTCP: E bit and index, authenticated behind the header */
};

/* AES-GCM (RFC 7714) in place; `len` counts the 16 bytes of tag when opening and not when sealing. */
int rtpe_gcm_open(struct rtpe_cipher *cipher, const struct rtpe_nonce *nonce, const u8 *header, u32 header_len,
		  u8 *data, u32 len);
int rtpe_gcm_seal(struct rtpe_cipher *cipher, const struct rtpe_nonce *nonce, const u8 *header, u32 header_len,
		  u8 *data, u32 len);

#endif
