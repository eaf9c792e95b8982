// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ciphers that are none: they read and write the bytes that the kernel's would, what is sealed can be opened, and a
 * changed byte is noticed.
 */
#include "cipher.h"
#include "srtp.h"

struct rtpe_cipher {
	u32 suite;
	u8 key[RTPE_CIPHER_KEY_MAX];
};

void rtpe_cipher_init(void)
{
}

void rtpe_cipher_exit(void)
{
}

struct rtpe_cipher *rtpe_cipher_make(u32 suite, const struct rtpe_keys *keys)
{
	struct rtpe_cipher *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return ERR_PTR(-ENOMEM);
	c->suite = suite;
	memcpy(c->key, keys->cipher, sizeof(c->key));
	return c;
}

void rtpe_cipher_free(struct rtpe_cipher *c)
{
	kfree(c);
}

static void stream(const struct rtpe_cipher *c, u32 ssrc, u64 index, u8 *data, u32 len)
{
	u64 state = ssrc ^ index << 20 ^ c->key[0];

	while (len--) {
		state = state * 6364136223846793005ULL + 1;
		*data++ ^= (u8)(state >> 40);
	}
}

static u64 sum(u64 state, const u8 *data, u32 len)
{
	while (len--)
		state = (state ^ *data++) * 0x100000001b3ULL;
	return state;
}

static void spread(u64 state, u8 *to, u32 len)
{
	while (len--) {
		state = state * 6364136223846793005ULL + 1;
		*to++ = (u8)(state >> 56);
	}
}

int rtpe_ctr(struct rtpe_cipher *c, u32 ssrc, u64 index, u8 *data, u32 len)
{
	if (c->suite != RTPE_SUITE_NULL_SHA1)
		stream(c, ssrc, index, data, len);
	return noise_one_in(2000) ? -EINVAL : 0;
}

int rtpe_hmac(struct rtpe_cipher *c, const u8 *data, u32 len, u8 mac[RTPE_MAC_LEN])
{
	spread(sum(c->key[1], data, len), mac, RTPE_MAC_LEN);
	return 0;
}

static void gcm_tag(const struct rtpe_cipher *c, const struct rtpe_nonce *n, const u8 *header, u32 header_len,
		    const u8 *data, u32 len, u8 *tag)
{
	u64 state = sum(c->key[2] ^ n->ssrc ^ n->index << 8 ^ n->word, header, header_len);

	spread(sum(state, data, len), tag, 16);
}

int rtpe_gcm_open(struct rtpe_cipher *c, const struct rtpe_nonce *n, const u8 *header, u32 header_len, u8 *data,
		  u32 len)
{
	u8 tag[16];

	if (header_len + 4 > 512 || len < 16)
		return -EMSGSIZE;
	gcm_tag(c, n, header, header_len, data, len - 16, tag);
	if (memcmp(tag, data + len - 16, 16))
		return -EBADMSG;
	stream(c, n->ssrc, n->index, data, len - 16);
	return 0;
}

int rtpe_gcm_seal(struct rtpe_cipher *c, const struct rtpe_nonce *n, const u8 *header, u32 header_len, u8 *data,
		  u32 len)
{
	if (header_len + 4 > 512)
		return -EMSGSIZE;
	stream(c, n->ssrc, n->index, data, len);
	gcm_tag(c, n, header, header_len, data, len, data + len);
	return 0;
}
