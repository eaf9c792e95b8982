// SPDX-License-Identifier: GPL-2.0-only
/* SRTP and SRTCP on linear bytes: where the parts of a packet lie. The ciphers themselves: cipher.c. */
#include "module.h"
#include <linux/slab.h>
#include <linux/string.h>
#include "compat/unaligned.h"
#include "cipher.h"
#include "srtp.h"

#define RTCP_HEADER 8
#define RTCP_E_BIT 0x80000000u
#define ROC_LEN 4	/* no tag is shorter */

struct rtpe_crypt {
	u32 suite;
	u32 flags;
	u8 tag_len[2];		/* by enum rtpe_part */
	u8 mki_len;
	u8 mki[RTPE_MKI_MAX];
	struct rtpe_cipher *part[2];
};

enum rtpe_part { PART_RTP, PART_RTCP };

static bool is_gcm(u32 suite)
{
	return suite == RTPE_SUITE_AES_GCM_128 || suite == RTPE_SUITE_AES_GCM_256;
}

static bool hmac_tag_ok(u8 len)
{
	return len == 4 || len == 10;
}

int rtpe_srtp_check(const struct rtpe_srtp *s)
{
	if (s->suite == RTPE_SUITE_NONE)
		return memchr_inv(s, 0, sizeof(*s)) ? -EINVAL : 0;
	if (s->suite >= RTPE_SUITES || s->flags & ~RTPE_SRTP_FLAGS || s->mki_len > RTPE_MKI_MAX)
		return -EINVAL;
	if (memchr_inv(s->zero, 0, sizeof(s->zero)) || memchr_inv(s->rtp.zero, 0, sizeof(s->rtp.zero)) ||
	    memchr_inv(s->rtcp.zero, 0, sizeof(s->rtcp.zero)))
		return -EINVAL;
	if (is_gcm(s->suite))
		return s->flags || s->rtp_tag_len != 16 || s->rtcp_tag_len != 16 ? -EINVAL : 0;
	if (s->rtp_tag_len && !hmac_tag_ok(s->rtp_tag_len))
		return -EINVAL;
	return hmac_tag_ok(s->rtcp_tag_len) ? 0 : -EINVAL;
}

struct rtpe_crypt *rtpe_crypt_make(const struct rtpe_srtp *s)
{
	struct rtpe_crypt *c;
	const struct rtpe_keys *keys[2] = { &s->rtp, &s->rtcp };
	int i;

	if (s->suite == RTPE_SUITE_NONE)
		return NULL;
	c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	if (!c)
		return ERR_PTR(-ENOMEM);
	c->suite = s->suite;
	c->flags = s->flags;
	c->tag_len[PART_RTP] = s->rtp_tag_len;
	c->tag_len[PART_RTCP] = s->rtcp_tag_len;
	c->mki_len = s->mki_len;
	memcpy(c->mki, s->mki, sizeof(c->mki));
	for (i = 0; i < 2; i++) {
		struct rtpe_cipher *part = rtpe_cipher_make(s->suite, keys[i]);

		if (IS_ERR(part)) {
			rtpe_crypt_free(c);
			return ERR_CAST(part);
		}
		c->part[i] = part;
	}
	return c;
}

void rtpe_crypt_free(struct rtpe_crypt *c)
{
	if (!c)
		return;
	rtpe_cipher_free(c->part[PART_RTP]);
	rtpe_cipher_free(c->part[PART_RTCP]);
	kfree_sensitive(c);
}

u32 rtpe_crypt_suites(void)
{
	static const struct rtpe_keys none;
	u32 suite, found = 0;

	for (suite = RTPE_SUITE_NONE + 1; suite < RTPE_SUITES; suite++) {
		struct rtpe_cipher *cipher = rtpe_cipher_make(suite, &none);

		if (IS_ERR(cipher))
			continue;
		rtpe_cipher_free(cipher);
		found |= 1u << suite;
	}
	return found | 1u << RTPE_SUITE_NONE;
}

const char *rtpe_crypt_cipher_name(const struct rtpe_crypt *c)
{
	switch (c->suite) {
	case RTPE_SUITE_AES_CM_128_SHA1: return "AES-CM-128";
	case RTPE_SUITE_AES_CM_192_SHA1: return "AES-CM-192";
	case RTPE_SUITE_AES_CM_256_SHA1: return "AES-CM-256";
	case RTPE_SUITE_AES_GCM_128: return "AEAD-AES-GCM-128";
	case RTPE_SUITE_AES_GCM_256: return "AEAD-AES-GCM-256";
	default: return "NULL";
	}
}

u32 rtpe_crypt_tag_len(const struct rtpe_crypt *c)
{
	return c->tag_len[PART_RTP];
}

bool rtpe_crypt_has_hmac(const struct rtpe_crypt *c)
{
	return !is_gcm(c->suite);
}

/* ---- RTP ---- */

int rtpe_open_rtp(struct rtpe_crypt *c, u8 *packet, u32 len, u32 header, u32 ssrc, u64 index)
{
	struct rtpe_cipher *part = c->part[PART_RTP];
	u32 tag = c->tag_len[PART_RTP];
	int err;

	if (len < header + tag + c->mki_len)
		return -EMSGSIZE;
	len -= c->mki_len;	/* behind everything for GCM, before the tag for HMAC: the sum is the same */
	if (is_gcm(c->suite)) {
		struct rtpe_nonce nonce = { .ssrc = ssrc, .index = index, .rtcp = false };

		err = rtpe_gcm_open(part, &nonce, packet, header, packet + header, len - header);
		return err ?: (int)(len - tag);
	}
	if (tag) {
		u8 mac[RTPE_MAC_LEN], sent[RTPE_MAC_LEN];

		/* The rollover counter is authenticated behind the packet, where its identifier and tag are now. */
		memcpy(sent, packet + len - tag + c->mki_len, tag);
		put_unaligned_be32((u32)(index >> 16), packet + len - tag);
		err = rtpe_hmac(part, packet, len - tag + ROC_LEN, mac);
		if (err)
			return err;
		if (crypto_memneq(mac, sent, tag))
			return -EBADMSG;
	}
	len -= tag;
	if (c->flags & RTPE_SRTP_CLEAR_RTP)
		return len;
	err = rtpe_ctr(part, ssrc, index, packet + header, len - header);
	return err ?: (int)len;
}

int rtpe_seal_rtp(struct rtpe_crypt *c, u8 *packet, u32 len, u32 header, u32 ssrc, u64 index)
{
	struct rtpe_cipher *part = c->part[PART_RTP];
	u32 tag = c->tag_len[PART_RTP];
	int err;

	if (len < header)
		return -EMSGSIZE;
	if (is_gcm(c->suite)) {
		struct rtpe_nonce nonce = { .ssrc = ssrc, .index = index, .rtcp = false };

		err = rtpe_gcm_seal(part, &nonce, packet, header, packet + header, len - header);
		if (err)
			return err;
		len += tag;
		memcpy(packet + len, c->mki, c->mki_len);
		return len + c->mki_len;
	}
	if (!(c->flags & RTPE_SRTP_CLEAR_RTP)) {
		err = rtpe_ctr(part, ssrc, index, packet + header, len - header);
		if (err)
			return err;
	}
	if (tag) {
		u8 mac[RTPE_MAC_LEN];

		put_unaligned_be32((u32)(index >> 16), packet + len);
		err = rtpe_hmac(part, packet, len + ROC_LEN, mac);
		if (err)
			return err;
		memcpy(packet + len + c->mki_len, mac, tag);
	}
	memcpy(packet + len, c->mki, c->mki_len);
	return len + c->mki_len + tag;
}

/* ---- RTCP ---- */

/*
 * HMAC: header, body, index word, MKI, tag. GCM: header, body, tag, index word, MKI.
 * Returns where the index word is, or -EMSGSIZE.
 */
static int index_word(const struct rtpe_crypt *c, u32 len)
{
	u32 behind = c->mki_len + 4 + (is_gcm(c->suite) ? 0 : c->tag_len[PART_RTCP]);
	u32 before = RTCP_HEADER + (is_gcm(c->suite) ? c->tag_len[PART_RTCP] : 0);

	return len < before + behind ? -EMSGSIZE : (int)(len - behind);
}

s64 rtpe_rtcp_index(const struct rtpe_crypt *c, const u8 *packet, u32 len)
{
	int at = index_word(c, len);

	return at < 0 ? at : (s64)(get_unaligned_be32(packet + at) & ~RTCP_E_BIT);
}

int rtpe_open_rtcp(struct rtpe_crypt *c, u8 *packet, u32 len, u32 ssrc)
{
	struct rtpe_cipher *part = c->part[PART_RTCP];
	u32 tag = c->tag_len[PART_RTCP], word;
	int err, at = index_word(c, len);

	if (at < 0)
		return at;
	word = get_unaligned_be32(packet + at);
	if (is_gcm(c->suite)) {
		struct rtpe_nonce nonce = { .ssrc = ssrc, .index = word & ~RTCP_E_BIT, .rtcp = true };

		/* RFC 7714 section 9.3: a clear packet is all associated data. It is never sent by our suites. */
		if (!(word & RTCP_E_BIT))
			return -EBADMSG;
		nonce.word = word;
		err = rtpe_gcm_open(part, &nonce, packet, RTCP_HEADER, packet + RTCP_HEADER, at - RTCP_HEADER);
		return err ?: (int)(at - tag);
	}
	if (tag) {
		u8 mac[RTPE_MAC_LEN];

		err = rtpe_hmac(part, packet, at + 4, mac);
		if (err)
			return err;
		if (crypto_memneq(mac, packet + at + 4 + c->mki_len, tag))
			return -EBADMSG;
	}
	if (word & RTCP_E_BIT) {
		err = rtpe_ctr(part, ssrc, word & ~RTCP_E_BIT, packet + RTCP_HEADER, at - RTCP_HEADER);
		if (err)
			return err;
	}
	return at;
}

int rtpe_seal_rtcp(struct rtpe_crypt *c, u8 *packet, u32 len, u32 ssrc, u32 index)
{
	struct rtpe_cipher *part = c->part[PART_RTCP];
	u32 tag = c->tag_len[PART_RTCP], word = index & ~RTCP_E_BIT;
	int err;

	if (len < RTCP_HEADER)
		return -EMSGSIZE;
	if (is_gcm(c->suite)) {
		struct rtpe_nonce nonce = { .ssrc = ssrc, .index = word, .rtcp = true, .word = word | RTCP_E_BIT };

		err = rtpe_gcm_seal(part, &nonce, packet, RTCP_HEADER, packet + RTCP_HEADER, len - RTCP_HEADER);
		if (err)
			return err;
		len += tag;
		put_unaligned_be32(nonce.word, packet + len);
		memcpy(packet + len + 4, c->mki, c->mki_len);
		return len + 4 + c->mki_len;
	}
	if (!(c->flags & RTPE_SRTP_CLEAR_RTCP) && c->suite != RTPE_SUITE_NULL_SHA1) {
		err = rtpe_ctr(part, ssrc, word, packet + RTCP_HEADER, len - RTCP_HEADER);
		if (err)
			return err;
		word |= RTCP_E_BIT;
	}
	put_unaligned_be32(word, packet + len);
	len += 4;
	if (tag) {
		u8 mac[RTPE_MAC_LEN];

		err = rtpe_hmac(part, packet, len, mac);
		if (err)
			return err;
		memcpy(packet + len + c->mki_len, mac, tag);
	}
	memcpy(packet + len, c->mki, c->mki_len);
	return len + c->mki_len + tag;
}
