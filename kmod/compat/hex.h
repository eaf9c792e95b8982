/* SPDX-License-Identifier: GPL-2.0-only */
/* 6.4: hex2bin() moved from <linux/kernel.h> to a header of its own. */
#ifndef RTPE_COMPAT_HEX_H
#define RTPE_COMPAT_HEX_H

#include <linux/kernel.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#include <linux/hex.h>
#endif

#endif
