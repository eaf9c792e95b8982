// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sealed packets, byte by byte. Session keys of the first two rows are those of RFC 3711 appendix B.3, rows with a
 * section number are that section's example; the others were computed with another implementation (OpenSSL).
 */
#include "../module.h"
#include "../compat/hex.h"
#include <linux/slab.h>
#include "../cipher.h"
#include "../srtp.h"
#include "tables.h"

static const struct row {
	const char *name;
	u32 suite;
	u8 tag;
	const char *mki;
	bool rtcp;
	u32 header;
	u32 ssrc;
	u64 index;
	const char *key, *auth, *salt;
	const char *plain;
	const char *sealed;
} rows[] = {
	{ "RFC 3711 appendix B.3 keys, RTP", RTPE_SUITE_AES_CM_128_SHA1, 10, "", false, 12, 0xcafebabe, 0x1234,
	  "c61e7a93744f39ee10734afe3ff7a087", "cebe321f6ff7716b6fd4ab49af256a156d38baa4", "30cbbc08863d8c85d49db34a9ae1",
	  "800f1234decafbadcafebabeabababababababababababababababab",
	  "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb" },
	{ "RFC 3711 appendix B.3 keys, RTCP", RTPE_SUITE_AES_CM_128_SHA1, 10, "", true, 8, 0xcafebabe, 0x1,
	  "4c1aa45a81f73d61c800bbb00fbb1eaa", "8d54534feb49ae8e7993a6bd0b844fc323a93dfd", "9581c7ad87b3e530bf3e4454a8b3",
	  "81c8000bcafebabeabababababababababababababababab",
	  "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798" },
	{ "RFC 7714 section 16.1.1", RTPE_SUITE_AES_GCM_128, 16, "", false, 12, 0x5501a0b2, 0xf17b,
	  "000102030405060708090a0b0c0d0e0f", "", "517569642070726f2071756f",
	  "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573",
	  "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce" },
	{ "RFC 7714 section 16.2.1", RTPE_SUITE_AES_GCM_256, 16, "", false, 12, 0x5501a0b2, 0xf17b,
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "", "517569642070726f2071756f",
	  "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573",
	  "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13" },
	{ "GCM RTCP", RTPE_SUITE_AES_GCM_128, 16, "", true, 8, 0x4d617273, 0x5d4,
	  "000102030405060708090a0b0c0d0e0f", "", "517569642070726f2071756f",
	  "81c8000d4d6172734e54503140e8b10e000055555555555555555555",
	  "81c8000d4d61727363e94885d2665740f573d2137a3e2fe62aa07c92383938afa12b115f8fcd2eb2017d68f5800005d4" },
	{ "GCM RTCP with MKI", RTPE_SUITE_AES_GCM_256, 16, "0102", true, 8, 0x4d617273, 0x7fffffff,
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "", "517569642070726f2071756f",
	  "81c8000d4d6172734e54503140e8b10e000055555555555555555555",
	  "81c8000d4d61727310792f59f02bb668dc23bb54cd1b1aa7f783b0b82409b5ac482993633c17f5501c5787dbffffffff0102" },
	{ "192 bits, rollover 3, CSRC, extension", RTPE_SUITE_AES_CM_192_SHA1, 4, "", false, 24, 0x11223344, 0x3ffff,
	  "5373f3c8b7217eef98aea315273d1667ac70542083d9ae8f", "f6c8c97f135e1422ca033992a1f7ad120d60c1ef", "7da9aa3b3529af7276ab33df4739",
	  "9112ffff0000000511223344aabbccddbede000101020304c0ffee",
	  "9112ffff0000000511223344aabbccddbede000101020304482636e88a61a8" },
	{ "256 bits, MKI", RTPE_SUITE_AES_CM_256_SHA1, 10, "0a0b0c", false, 24, 0x11223344, 0x89abcdefffff,
	  "dcca7ab05df55156ce7489f8925d0b9140fc9c2f2c9fd0ba03c770fb762ea925", "9ad80f1cf5586a9c991d1dea61b543478bacc764", "4add6b405b474d2d120ac6cbf709",
	  "9112ffff0000000511223344aabbccddbede000101020304c0ffee",
	  "9112ffff0000000511223344aabbccddbede000101020304acaf570a0b0c564ec2333a4c2cacba61" },
	{ "256 bits, RTCP, MKI", RTPE_SUITE_AES_CM_256_SHA1, 10, "0a0b0c", true, 8, 0xcafebabe, 0x12345678,
	  "ed0f61153e4c4a1cf93b9065624f75e6ddc19ae3b7fa0f2b6c6636ac09909a20", "01c63bf2580a781179c3398d86fc70c37ddc62c7", "e845baa712a84745a575348d365a",
	  "81c8000bcafebabeabababababababababababababababab",
	  "81c8000bcafebabece7266d90703118f8ce06d55b636c321923456780a0b0c768bc0d59be70e620912" },
};

/* RFC 3711 appendix B.2 */
static const char key_stream[] =
	"e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0";

static u32 unhex(u8 *to, const char *text)
{
	u32 len = strlen(text) / 2;

	return hex2bin(to, text, len) ? 0 : len;
}

static void describe(const struct row *row, struct rtpe_srtp *srtp)
{
	memset(srtp, 0, sizeof(*srtp));
	srtp->suite = row->suite;
	srtp->rtp_tag_len = row->tag;
	srtp->rtcp_tag_len = row->tag;
	srtp->mki_len = unhex(srtp->mki, row->mki);
	unhex(srtp->rtp.cipher, row->key);
	unhex(srtp->rtp.auth, row->auth);
	unhex(srtp->rtp.salt, row->salt);
	srtp->rtcp = srtp->rtp;
}

/* Says what a length or an error was that is not as it should be. */
static bool is(const struct row *row, const char *what, int got, int wanted)
{
	if (got != wanted)
		pr_err("selftest: %s: %s came to %d, not %d\n", row->name, what, got, wanted);
	return got == wanted;
}

static bool seals_and_opens(const struct row *row, struct rtpe_crypt *c, u8 *packet, u8 *plain, u8 *sealed)
{
	u32 plain_len = unhex(plain, row->plain), sealed_len = unhex(sealed, row->sealed);
	int len;

	memcpy(packet, plain, plain_len);
	len = row->rtcp ? rtpe_seal_rtcp(c, packet, plain_len, row->ssrc, row->index) :
			  rtpe_seal_rtp(c, packet, plain_len, row->header, row->ssrc, row->index);
	if (!is(row, "sealing", len, sealed_len) || memcmp(packet, sealed, sealed_len))
		return false;
	if (row->rtcp && rtpe_rtcp_index(c, packet, len) != row->index)
		return false;
	len = row->rtcp ? rtpe_open_rtcp(c, packet, len, row->ssrc) :
			  rtpe_open_rtp(c, packet, len, row->header, row->ssrc, row->index);
	if (!is(row, "opening", len, plain_len) || memcmp(packet, plain, plain_len))
		return false;
	/* One bit of the header, and no opening. */
	memcpy(packet, sealed, sealed_len);
	packet[1] ^= 1;
	len = row->rtcp ? rtpe_open_rtcp(c, packet, sealed_len, row->ssrc) :
			  rtpe_open_rtp(c, packet, sealed_len, row->header, row->ssrc, row->index);
	return is(row, "opening what was changed", len, -EBADMSG);
}

static bool too_short_is_refused(const struct row *row, struct rtpe_crypt *c, u8 *packet)
{
	u32 len;

	for (len = 0; len < row->header + row->tag; len++) {
		int got = row->rtcp ? rtpe_open_rtcp(c, packet, len, row->ssrc) :
				      rtpe_open_rtp(c, packet, len, row->header, row->ssrc, row->index);

		if (got != -EMSGSIZE)
			return false;
	}
	return true;
}

static bool key_stream_is_right(u8 *packet, u8 *wanted)
{
	struct rtpe_keys keys = {};
	struct rtpe_cipher *c;
	u32 len = unhex(wanted, key_stream);
	bool right;

	unhex(keys.cipher, "2b7e151628aed2a6abf7158809cf4f3c");
	unhex(keys.salt, "f0f1f2f3f4f5f6f7f8f9fafbfcfd");
	c = rtpe_cipher_make(RTPE_SUITE_AES_CM_128_SHA1, &keys);
	if (IS_ERR(c))
		return false;
	memset(packet, 0, len);
	right = !rtpe_ctr(c, 0, 0, packet, len) && !memcmp(packet, wanted, len);
	rtpe_cipher_free(c);
	return right;
}

/* Answers that pass are not believed, and an error is what it was; row N: N such answers to a suite's questions. */
static int waits_for_ciphers(int *wrong)
{
	static const u32 suites[] = { RTPE_SUITE_AES_CM_128_SHA1, RTPE_SUITE_AES_GCM_128, RTPE_SUITE_NULL_SHA1 };
	static const struct rtpe_keys none;
	int i, hurdles, rows = 0;

	for (i = 0; i < ARRAY_SIZE(suites); i++) {
		for (hurdles = 0; hurdles <= RTPE_CIPHER_ATTEMPTS; hurdles++, rows++) {
			struct rtpe_cipher *c;

			rtpe_cipher_hurdles = hurdles;
			c = rtpe_cipher_make(suites[i], &none);
			rtpe_expect(hurdles < RTPE_CIPHER_ATTEMPTS ? !IS_ERR(c) : c == ERR_PTR(-ETIMEDOUT),
				    "waiting for ciphers", hurdles, wrong);
			rtpe_expect(!rtpe_cipher_hurdles, "questions", hurdles, wrong);
			if (!IS_ERR(c))
				rtpe_cipher_free(c);
		}
	}
	rtpe_cipher_hurdles = 0;
	return rows;
}

int rtpe_selftest_ciphers(int *wrong)
{
	/* The ciphers want memory that a scatterlist may point at, which a module's own is not. */
	u8 *room = kmalloc(3 * 256, GFP_KERNEL);
	int i;

	rtpe_expect(room, "memory", 0, wrong);
	if (!room)
		return 0;
	rtpe_expect(key_stream_is_right(room, room + 256), "key stream", 0, wrong);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rtpe_crypt *c;
		struct rtpe_srtp srtp;

		describe(&rows[i], &srtp);
		rtpe_expect(!rtpe_srtp_check(&srtp), "descriptions", i, wrong);
		c = rtpe_crypt_make(&srtp);
		rtpe_expect(!IS_ERR_OR_NULL(c), "making of ciphers", i, wrong);
		if (IS_ERR_OR_NULL(c)) {
			pr_err("selftest: %s: error %ld\n", rows[i].name, PTR_ERR(c));
			continue;
		}
		rtpe_expect(seals_and_opens(&rows[i], c, room, room + 256, room + 512), rows[i].name, i, wrong);
		rtpe_expect(too_short_is_refused(&rows[i], c, room), "short packets", i, wrong);
		rtpe_crypt_free(c);
	}
	kfree(room);
	return 1 + ARRAY_SIZE(rows) + waits_for_ciphers(wrong);
}
