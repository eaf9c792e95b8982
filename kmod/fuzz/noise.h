/* SPDX-License-Identifier: GPL-2.0-only */
/* The same noise for the same seed. */
#ifndef FUZZ_NOISE_H
#define FUZZ_NOISE_H

#include <stdbool.h>
#include <stdint.h>

extern uint64_t noise_state;

uint32_t noise(void);
/* Below `end`, which is not 0. */
uint32_t noise_below(uint32_t end);
/* True once in `n` times on average. */
bool noise_one_in(uint32_t n);
void noise_fill(void *to, uint32_t len);
/* Changes some bytes. */
void noise_spoil(void *bytes, uint32_t len);

#endif
