// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's ciphers, set up once and used without sleeping: synchronous implementations only. */
#include "module.h"
#include <crypto/aead.h>
#include <crypto/hash.h>
#include <asm/simd.h>
#include <crypto/internal/simd.h>
#include <crypto/skcipher.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include "cipher.h"
#include "compat/unaligned.h"
#include "srtp.h"

#define GCM_NONCE_LEN 12
#define GCM_TAG_LEN 16
/* RTP: 12 bytes, 15 CSRCs, and an extension. A longer extension is refused with -EMSGSIZE. */
#define GCM_HEADER_MAX 512

/*
 * Before 6.15 the CPU's own instructions for many blocks at once are behind an asynchronous front, of no use to us. What
 * is behind it may be used wherever vector registers may.
 */
#define VECTOR_CTR "__ctr(aes)"
#define VECTOR_GCM "__gcm(aes)"
static bool vector_ctr, vector_gcm;

/*
 * The kernel puts a cipher together and tests it when it is first asked for, in threads of its own, and gives up waiting
 * for them after a minute. On a starved machine that is too soon: what was refused is there a moment later. So only a
 * plain "there is none" is believed at once; and what has been had is held as long as the module is there, so that no
 * flow waits for tests.
 */
#define ATTEMPTS RTPE_CIPHER_ATTEMPTS
static struct rtpe_cipher *held[2];

#ifdef RTPE_DEBUG
int rtpe_cipher_hurdles;
#define hurdle() (rtpe_cipher_hurdles > 0 && rtpe_cipher_hurdles-- > 0)
#else
#define hurdle() false
#endif

static bool ask_again(const void *answer, int *left)
{
	long err = IS_ERR(answer) ? PTR_ERR(answer) : 0;

	return err && err != -ENOENT && err != -ENOMEM && err != -EINTR && --*left > 0;
}

#define ASK(question) ({ \
	typeof(question) answer_; \
	int left_ = ATTEMPTS; \
	do \
		answer_ = hurdle() ? ERR_PTR(-ETIMEDOUT) : (question); \
	while (ask_again(answer_, &left_)); \
	answer_; \
})

struct rtpe_cipher {
	struct crypto_sync_skcipher *ctr;	/* AES-CM; NULL for NULL and GCM */
	struct crypto_sync_skcipher *vector;	/* the same over vector registers, where the kernel keeps that apart */
	struct crypto_shash *hmac;		/* NULL for GCM */
	struct aead_request *gcm;		/* AES-GCM with its transform; NULL for the others */
	struct aead_request *vector_gcm;	/* as `vector` is to `ctr` */
	u8 *header;				/* with gcm: associated data, a copy that scatterlists may point at */
	spinlock_t lock;			/* both requests and header: one packet at a time */
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

static struct aead_request *make_aead(const char *name, u32 type, const u8 *key, unsigned int len)
{
	struct crypto_aead *aead = ASK(crypto_alloc_aead(name, type, type | CRYPTO_ALG_ASYNC));
	struct aead_request *request;
	int err;

	if (IS_ERR(aead))
		return ERR_CAST(aead);
	err = crypto_aead_setkey(aead, key, len);
	if (!err)
		err = crypto_aead_setauthsize(aead, GCM_TAG_LEN);
	request = err ? ERR_PTR(err) : aead_request_alloc(aead, GFP_KERNEL);
	if (!request)
		request = ERR_PTR(-ENOMEM);
	if (IS_ERR(request))
		crypto_free_aead(aead);
	return request;
}

static void free_aead(struct aead_request *request)
{
	struct crypto_aead *aead;

	if (!request)
		return;
	aead = crypto_aead_reqtfm(request);
	aead_request_free(request);
	crypto_free_aead(aead);
}

static int make_gcm(struct rtpe_cipher *c, const u8 *key, unsigned int len)
{
	struct aead_request *request = make_aead("gcm(aes)", 0, key, len);

	if (IS_ERR(request))
		return PTR_ERR(request);
	c->gcm = request;
	request = vector_gcm ? make_aead(VECTOR_GCM, CRYPTO_ALG_INTERNAL, key, len) : NULL;
	c->vector_gcm = IS_ERR(request) ? NULL : request;
	c->header = kmalloc(GCM_HEADER_MAX, GFP_KERNEL);
	return c->header ? 0 : -ENOMEM;
}

static int make_ctr(struct rtpe_cipher *c, const u8 *key, unsigned int len)
{
	int err;

	c->ctr = ASK(crypto_alloc_sync_skcipher("ctr(aes)", 0, 0));
	if (IS_ERR(c->ctr)) {
		err = PTR_ERR(c->ctr);
		c->ctr = NULL;
		return err;
	}
	err = crypto_sync_skcipher_setkey(c->ctr, key, len);
	if (err || !vector_ctr)
		return err;
	c->vector = ASK(crypto_alloc_sync_skcipher(VECTOR_CTR, CRYPTO_ALG_INTERNAL, CRYPTO_ALG_INTERNAL));
	if (IS_ERR(c->vector)) {
		c->vector = NULL;
		return 0;
	}
	return crypto_sync_skcipher_setkey(c->vector, key, len);
}

static int make_hmac(struct rtpe_cipher *c, const u8 *key)
{
	c->hmac = ASK(crypto_alloc_shash("hmac(sha1)", 0, 0));
	if (IS_ERR(c->hmac)) {
		int err = PTR_ERR(c->hmac);

		c->hmac = NULL;
		return err;
	}
	return crypto_shash_setkey(c->hmac, key, RTPE_AUTH_KEY_MAX);
}

static bool has_aead(const char *name, u32 type)
{
	struct crypto_aead *aead = ASK(crypto_alloc_aead(name, type, type | CRYPTO_ALG_ASYNC));

	if (IS_ERR(aead))
		return false;
	crypto_free_aead(aead);
	return true;
}

void rtpe_cipher_init(void)
{
	static const struct rtpe_keys none;
	int i;

	/* Asked once, as the kernel looks for a module each time; the first question brings the CPU's own. */
	vector_ctr = crypto_has_skcipher("ctr(aes)", 0, 0) &&
		     crypto_has_skcipher(VECTOR_CTR, CRYPTO_ALG_INTERNAL, CRYPTO_ALG_INTERNAL);
	vector_gcm = vector_ctr && has_aead(VECTOR_GCM, CRYPTO_ALG_INTERNAL);
	for (i = 0; i < ARRAY_SIZE(held); i++) {
		held[i] = rtpe_cipher_make(i ? RTPE_SUITE_AES_GCM_128 : RTPE_SUITE_AES_CM_128_SHA1, &none);
		/* A kernel may lack one; whoever wants it is told then. */
		if (IS_ERR(held[i]))
			held[i] = NULL;
	}
}

void rtpe_cipher_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(held); i++)
		rtpe_cipher_free(held[i]);
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
	free_aead(c->gcm);
	free_aead(c->vector_gcm);
	kfree(c->header);
	if (c->hmac)
		crypto_free_shash(c->hmac);
	if (c->ctr)
		crypto_free_sync_skcipher(c->ctr);
	if (c->vector)
		crypto_free_sync_skcipher(c->vector);
	kfree_sensitive(c);
}

int rtpe_ctr(struct rtpe_cipher *c, u32 ssrc, u64 index, u8 *data, u32 len)
{
	struct crypto_sync_skcipher *ctr = c->vector && crypto_simd_usable() ? c->vector : c->ctr;
	struct scatterlist sg;
	u8 iv[16] = {};
	int i, err;

	if (!ctr || !len)
		return 0;
	put_unaligned_be32(ssrc, iv + 4);
	put_unaligned_be16((u16)(index >> 32), iv + 8);
	put_unaligned_be32((u32)index, iv + 10);
	for (i = 0; i < RTPE_SALT_MAX; i++)
		iv[i] ^= c->salt[i];
	sg_init_one(&sg, data, len);
	{
		SYNC_SKCIPHER_REQUEST_ON_STACK(request, ctr);

		skcipher_request_set_sync_tfm(request, ctr);
		skcipher_request_set_callback(request, 0, NULL, NULL);
		skcipher_request_set_crypt(request, &sg, &sg, len, iv);
		err = crypto_skcipher_encrypt(request);
		skcipher_request_zero(request);
	}
	return err;
}

int rtpe_hmac(struct rtpe_cipher *c, const u8 *data, u32 len, u8 mac[RTPE_MAC_LEN])
{
	SHASH_DESC_ON_STACK(desc, c->hmac);
	int err;

	desc->tfm = c->hmac;
	err = crypto_shash_digest(desc, data, len, mac);
	shash_desc_zero(desc);
	return err;
}

static int gcm(struct rtpe_cipher *c, const struct rtpe_nonce *n, const u8 *header, u32 header_len, u8 *data, u32 len,
	       bool seal)
{
	struct aead_request *request = c->vector_gcm && crypto_simd_usable() ? c->vector_gcm : c->gcm;
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
	aead_request_set_callback(request, 0, NULL, NULL);
	aead_request_set_ad(request, aad);
	aead_request_set_crypt(request, sg, sg, len, iv);
	err = seal ? crypto_aead_encrypt(request) : crypto_aead_decrypt(request);
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
