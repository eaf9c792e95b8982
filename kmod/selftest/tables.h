/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_SELFTEST_TABLES_H
#define RTPE_SELFTEST_TABLES_H

#include <linux/types.h>

/* Each returns how many rows it tried and adds to `wrong`. */
int rtpe_selftest_packets(int *wrong);
int rtpe_selftest_counters(int *wrong);
int rtpe_selftest_ciphers(int *wrong);

void rtpe_expect(bool right, const char *table, int row, int *wrong);

#endif
