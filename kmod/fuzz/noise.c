// SPDX-License-Identifier: GPL-2.0-only
/* xorshift64*. */
#include "noise.h"

uint64_t noise_state = 1;

uint32_t noise(void)
{
	noise_state ^= noise_state >> 12;
	noise_state ^= noise_state << 25;
	noise_state ^= noise_state >> 27;
	return (uint32_t)((noise_state * 0x2545f4914f6cdd1dULL) >> 32);
}

uint32_t noise_below(uint32_t end)
{
	return noise() % end;
}

bool noise_one_in(uint32_t n)
{
	return noise_below(n) == 0;
}

void noise_fill(void *to, uint32_t len)
{
	uint8_t *byte = to;

	while (len--)
		*byte++ = noise();
}

void noise_spoil(void *bytes, uint32_t len)
{
	uint32_t times = 1 + noise_below(4);

	while (len && times--)
		((uint8_t *)bytes)[noise_below(len)] = noise_one_in(3) ? 0xff : noise();
}
