/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables of inputs and results that are tried when a debug build (make DEBUG=1) is loaded. */
#ifndef RTPE_SELFTEST_H
#define RTPE_SELFTEST_H

#ifdef RTPE_DEBUG
/* 0, or -EINVAL when something did not come out as it should (the log says what). */
int rtpe_selftest(void);
#else
static inline int rtpe_selftest(void)
{
	return 0;
}
#endif

#endif
