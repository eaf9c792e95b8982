// SPDX-License-Identifier: GPL-2.0-only
/* Runs the tables; says what failed. */
#include "../module.h"
#include "selftest.h"
#include "tables.h"

void rtpe_expect(bool right, const char *table, int row, int *wrong)
{
	if (right)
		return;
	pr_err("selftest: %s, row %d is wrong\n", table, row);
	++*wrong;
}

int rtpe_selftest(void)
{
	int wrong = 0, rows = 0;

	rows += rtpe_selftest_packets(&wrong);
	rows += rtpe_selftest_counters(&wrong);
	rows += rtpe_selftest_ciphers(&wrong);
	pr_info("selftest: %d rows, %d wrong\n", rows, wrong);
	return wrong ? -EINVAL : 0;
}
