// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's ciphers, set up once and used without sleeping: synchronous implementations only. */
#include "module.h"
#include <crypto/aead.h>
#include <crypto/hash.h>
#include <crypto/skcipher.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include "cipher.h"
#include "compat/unaligned.h"

#define GCM_NONCE_LEN 12
#define GCM_TAG_LEN 16
/* RTP: 12 bytes, 15 CSRCs, and an extension. A longer extension is refused with -EMSGSIZE. */
#define GCM_HEADER_MAX 512

struct rtpe_cipher {
	struct crypto_sync_skcipher *ctr;	/* AES-CM; NULL for NULL and GCM */
	struct crypto_shash *hmac;		/* NULL for GCM */
	struct crypto_aead *gcm;		/* NULL for the others */
	struct aead_request *request;		/* with gcm */
	u8 *header;				/* with gcm: associated data, a copy that scatterlists may point at */
	spinlock_t lock;			/* request and header: one packet at a time */
	u8 salt[RTPE_SALT_MAX];
};

static unsigned int key_len(u32 suite)
{
	switch (suite) {
	case RTPE_SUITE_AES_CM_128_SHA1:
	case RTPE_SUITE_AES_GCM_128:
		return 16;
	case RTPE_SUITE_AES_CM_192_SHA1:
		return 24;
	case RTPE_SUITE_AES_CM_256_SHA1:
	case RTPE_SUITE_AES_GCM_256:
		return 32;
	default:
		return 0;
	}
}

static int make_gcm(struct rtpe_cipher *c, const u8 *key, unsigned int len)
{
	int err;

	c->gcm = crypto_alloc_aead("gcm(aes)", 0, CRYPTO_ALG_ASYNC);
	if (IS_ERR(c->gcm)) {
		err = PTR_ERR(c->gcm);
		c->gcm = NULL;
		return err;
	}
	err = crypto_aead_setkey(c->gcm, key, len);
	if (!err)
		err = crypto_aead_setauthsize(c->gcm, GCM_TAG_LEN);
	if (err)
		return err;
	c->request = aead_request_alloc(c->gcm, GFP_KERNEL);
	c->header = kmalloc(GCM_HEADER_MAX, GFP_KERNEL);
	return c->request && c->header ? 0 : -ENOMEM;
}

static int make_ctr(struct rtpe_cipher *c, const u8 *key, unsigned int len)
{
	c->ctr = crypto_alloc_sync_skcipher("ctr(aes)", 0, 0);
	if (IS_ERR(c->ctr)) {
		int err = PTR_ERR(c->ctr);

		c->ctr = NULL;
		return err;
	}
	return crypto_sync_skcipher_setkey(c->ctr, key, len);
}

static int make_hmac(struct rtpe_cipher *c, const u8 *key)
{
	c->hmac = crypto_alloc_shash("hmac(sha1)", 0, 0);
	if (IS_ERR(c->hmac)) {
		int err = PTR_ERR(c->hmac);

		c->hmac = NULL;
		return err;
	}
	return crypto_shash_setkey(c->hmac, key, RTPE_AUTH_KEY_MAX);
}

struct rtpe_cipher *rtpe_cipher_make(u32 suite, const struct rtpe_keys *keys)
{
	struct rtpe_cipher *c = kzalloc(sizeof(*c), GFP_KERNEL);
	int err;

	if (!c)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&c->lock);
	memcpy(c->salt, keys->salt, sizeof(c->salt));
	if (suite == RTPE_SUITE_AES_GCM_128 || suite == RTPE_SUITE_AES_GCM_256) {
		err = make_gcm(c, keys->cipher, key_len(suite));
	} else {
		err = key_len(suite) ? make_ctr(c, keys->cipher, key_len(suite)) : 0;
		if (!err)
			err = make_hmac(c, keys->auth);
	}
	if (err) {
		rtpe_cipher_free(c);
		return ERR_PTR(err == -ENOENT ? -EOPNOTSUPP : err);
	}
	return c;
}

void rtpe_cipher_free(struct rtpe_cipher *c)
{
	if (!c)
		return;
	aead_request_free(c->request);
	kfree(c->header);
	if (c->gcm)
		crypto_free_aead(c->gcm);
	if (c->hmac)
		crypto_free_shash(c->hmac);
	if (c->ctr)
		crypto_free_sync_skcipher(c->ctr);
	kfree_sensitive(c);
}

int rtpe_ctr(struct rtpe_cipher *c, u32 ssrc, u64 index, u8 *data, u32 len)
{
	struct scatterlist sg;
	u8 iv[16] = {};
	int i, err;

	if (!c->ctr || !len)
		return 0;
	put_unaligned_be32(ssrc, iv + 4);
	put_unaligned_be16((u16)(index >> 32), iv + 8);
	put_unaligned_be32((u32)index, iv + 10);
	for (i = 0; i < RTPE_SALT_MAX; i++)
		iv[i] ^= c->salt[i];
	sg_init_one(&sg, data, len);
	{
		SYNC_SKCIPHER_REQUEST_ON_STACK(request, c->ctr);

		skcipher_request_set_sync_tfm(request, c->ctr);
		skcipher_request_set_callback(request, 0, NULL, NULL);
		skcipher_request_set_crypt(request, &sg, &sg, len, iv);
		err = crypto_skcipher_encrypt(request);
		skcipher_request_zero(request);
	}
	return err;
}

int rtpe_hmac(struct rtpe_cipher *c, const u8 *data, u32 len, const u8 *tail, u32 tail_len, u8 mac[RTPE_MAC_LEN])
{
	SHASH_DESC_ON_STACK(desc, c->hmac);
	int err;

	desc->tfm = c->hmac;
	err = crypto_shash_init(desc);
	if (!err)
		err = crypto_shash_update(desc, data, len);
	if (!err)
		err = crypto_shash_finup(desc, tail, tail_len, mac);
	shash_desc_zero(desc);
	return err;
}

static int gcm(struct rtpe_cipher *c, const struct rtpe_nonce *n, const u8 *header, u32 header_len, u8 *data, u32 len,
	       bool seal)
{
	struct scatterlist sg[2];
	u8 iv[GCM_NONCE_LEN] = {};
	u32 aad = header_len;
	int i, err;

	if (header_len + 4 > GCM_HEADER_MAX)
		return -EMSGSIZE;
	if (!seal && len < GCM_TAG_LEN)
		return -EMSGSIZE;
	put_unaligned_be32(n->ssrc, iv + 2);
	if (n->rtcp) {
		put_unaligned_be32((u32)n->index, iv + 8);
	} else {
		put_unaligned_be32((u32)(n->index >> 16), iv + 6);
		put_unaligned_be16((u16)n->index, iv + 10);
	}
	for (i = 0; i < GCM_NONCE_LEN; i++)
		iv[i] ^= c->salt[i];

	spin_lock_bh(&c->lock);
	memcpy(c->header, header, header_len);
	if (n->rtcp) {
		put_unaligned_be32(n->word, c->header + header_len);
		aad += 4;
	}
	sg_init_table(sg, 2);
	sg_set_buf(&sg[0], c->header, aad);
	sg_set_buf(&sg[1], data, seal ? len + GCM_TAG_LEN : len);
	aead_request_set_callback(c->request, 0, NULL, NULL);
	aead_request_set_ad(c->request, aad);
	aead_request_set_crypt(c->request, sg, sg, len, iv);
	err = seal ? crypto_aead_encrypt(c->request) : crypto_aead_decrypt(c->request);
	spin_unlock_bh(&c->lock);
	return err;
}

int rtpe_gcm_open(struct rtpe_cipher *c, const struct rtpe_nonce *n, const u8 *header, u32 header_len, u8 *data,
		  u32 len)
{
	return gcm(c, n, header, header_len, data, len, false);
}

int rtpe_gcm_seal(struct rtpe_cipher *c, const struct rtpe_nonce *n, const u8 *header, u32 header_len, u8 *data,
		  u32 len)
{
	return gcm(c, n, header, header_len, data, len, true);
}
