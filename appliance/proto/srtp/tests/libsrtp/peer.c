/*
 * Speaks SRTP with libsrtp2, for the test beside it. Reads lines, answers each with one line, in hexadecimal:
 *   session SUITE KEY MKI FLAGS   a sender and a receiver with key and salt; MKI or -; letters of r c u or -:
 *                                 RTP in clear, RTCP in clear, RTP without tag                       -> ok
 *   seal rtp|rtcp PACKET          -> ok PACKET, or: error STATUS
 *   open rtp|rtcp PACKET          -> the same
 */
#include <srtp2/crypto_types.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKET_MAX 4096

static srtp_t sender, receiver;
static int use_mki;

static int unhex(const char *text, unsigned char *bytes, int room)
{
	int len = 0;
	unsigned int byte;

	for (; len < room && sscanf(text, "%2x", &byte) == 1; text += 2)
		bytes[len++] = byte;
	return len;
}

static void set_cipher(srtp_crypto_policy_t *policy, const char *suite)
{
	if (!strncmp(suite, "AEAD_AES_128", 12)) {
		srtp_crypto_policy_set_aes_gcm_128_16_auth(policy);
	} else if (!strncmp(suite, "AEAD_AES_256", 12)) {
		srtp_crypto_policy_set_aes_gcm_256_16_auth(policy);
	} else if (!strncmp(suite, "AES_256", 7)) {
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(policy);
	} else if (!strncmp(suite, "AES_192", 7)) {
		srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80(policy);
	} else if (!strncmp(suite, "AES_CM_128", 10)) {
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(policy);
	} else if (!strncmp(suite, "NULL", 4)) {
		srtp_crypto_policy_set_null_cipher_hmac_sha1_80(policy);
		/* Key and salt, which libsrtp would leave out of the derivation. */
		policy->cipher_key_len = 30;
	} else {
		fprintf(stderr, "no such suite here: %s\n", suite);
		exit(2);
	}
}

static void make(srtp_t *session, const char *suite, unsigned char *key, unsigned char *mki, int mki_len,
		 const char *flags, srtp_ssrc_type_t direction)
{
	srtp_master_key_t master = { .key = key, .mki_id = mki, .mki_size = mki_len };
	srtp_master_key_t *masters[] = { &master };
	srtp_policy_t policy;
	srtp_err_status_t status;

	memset(&policy, 0, sizeof(policy));
	set_cipher(&policy.rtp, suite);
	set_cipher(&policy.rtcp, suite);
	if (!strcmp(suite + strlen(suite) - 3, "_32"))
		policy.rtp.auth_tag_len = 4;
	if (strchr(flags, 'r'))
		policy.rtp.sec_serv = sec_serv_auth;
	if (strchr(flags, 'c'))
		policy.rtcp.sec_serv = sec_serv_auth;
	if (strchr(flags, 'u')) {
		policy.rtp.sec_serv &= sec_serv_conf;
		policy.rtp.auth_type = SRTP_NULL_AUTH;
		policy.rtp.auth_tag_len = 0;
		policy.rtp.auth_key_len = 0;
	}
	policy.ssrc.type = direction;
	policy.window_size = 128;
	if (mki_len) {
		policy.keys = masters;
		policy.num_master_keys = 1;
	} else {
		policy.key = key;
	}
	if (*session)
		srtp_dealloc(*session);
	status = srtp_create(session, &policy);
	if (status) {
		fprintf(stderr, "srtp_create: %d\n", status);
		exit(2);
	}
}

static srtp_err_status_t convert(int seal, int rtcp, unsigned char *packet, int *len)
{
	if (seal && rtcp)
		return srtp_protect_rtcp_mki(sender, packet, len, use_mki, 0);
	if (seal)
		return srtp_protect_mki(sender, packet, len, use_mki, 0);
	if (rtcp)
		return srtp_unprotect_rtcp_mki(receiver, packet, len, use_mki);
	return srtp_unprotect_mki(receiver, packet, len, use_mki);
}

int main(void)
{
	static char line[4 * PACKET_MAX], text[4 * PACKET_MAX];
	/* libsrtp wants its packets on a word. */
	static unsigned char packet[PACKET_MAX + SRTP_MAX_TRAILER_LEN] __attribute__((aligned(8)));
	char verb[16], what[64], mki_text[512], flags[16];
	unsigned char key[64] = { 0 }, mki[SRTP_MAX_MKI_LEN];

	if (srtp_init())
		return 2;
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "session %63s %16383s %511s %15s", what, text, mki_text, flags) == 4) {
			unhex(text, key, sizeof(key));
			use_mki = unhex(mki_text, mki, sizeof(mki));
			make(&sender, what, key, mki, use_mki, flags, ssrc_any_outbound);
			make(&receiver, what, key, mki, use_mki, flags, ssrc_any_inbound);
			use_mki = !!use_mki;
			puts("ok");
		} else if (sscanf(line, "%15s %63s %16383s", verb, what, text) == 3) {
			int len = unhex(text, packet, PACKET_MAX), at;
			srtp_err_status_t status = convert(!strcmp(verb, "seal"), !strcmp(what, "rtcp"), packet, &len);

			if (status) {
				printf("error %d\n", status);
				continue;
			}
			printf("ok ");
			for (at = 0; at < len; at++)
				printf("%02x", packet[at]);
			puts("");
		} else {
			return 2;
		}
	}
	return 0;
}
