// SPDX-License-Identifier: GPL-2.0-only
/* What a payload is, and how long an RTP header is. */
#include "../module.h"
#include "../packet.h"
#include "tables.h"

static const struct {
	u8 first, second;
	enum rtpe_kind kind;
} kinds[] = {
	{ 0, 0, RTPE_KIND_OTHER }, { 3, 1, RTPE_KIND_OTHER }, { 20, 254, RTPE_KIND_OTHER }, { 63, 0, RTPE_KIND_OTHER },
	{ 64, 0, RTPE_KIND_OTHER }, { 127, 200, RTPE_KIND_OTHER }, { 128, 0, RTPE_KIND_RTP },
	{ 128, 191, RTPE_KIND_RTP }, { 128, 192, RTPE_KIND_RTCP }, { 129, 200, RTPE_KIND_RTCP },
	{ 191, 223, RTPE_KIND_RTCP }, { 191, 224, RTPE_KIND_RTP }, { 192, 200, RTPE_KIND_OTHER },
	{ 255, 255, RTPE_KIND_OTHER },
};

static const struct {
	u8 first;
	u8 words;	/* length field of the extension, when there is one */
	u32 len;
	u32 header;
} headers[] = {
	{ 0x80, 0, 12, 12 }, { 0x80, 0, 200, 12 }, { 0x81, 0, 16, 16 }, { 0x81, 0, 15, 0 }, { 0x8f, 0, 72, 72 },
	{ 0x8f, 0, 71, 0 }, { 0x90, 0, 16, 16 }, { 0x90, 0, 15, 0 }, { 0x90, 3, 28, 28 }, { 0x90, 3, 27, 0 },
	{ 0x92, 1, 28, 28 }, { 0x90, 255, 100, 0 },
};

int rtpe_selftest_packets(int *wrong)
{
	u8 packet[256];
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		rtpe_expect(rtpe_kind(kinds[i].first, kinds[i].second) == kinds[i].kind, "kinds", i, wrong);
	for (i = 0; i < ARRAY_SIZE(headers); i++) {
		u32 extension = 12 + 4 * (headers[i].first & 0x0f);

		memset(packet, 0, sizeof(packet));
		packet[0] = headers[i].first;
		packet[extension + 3] = headers[i].words;
		rtpe_expect(rtpe_rtp_header_len(packet, headers[i].len) == headers[i].header, "headers", i, wrong);
	}
	return ARRAY_SIZE(kinds) + ARRAY_SIZE(headers);
}
