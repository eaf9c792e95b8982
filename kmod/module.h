/* SPDX-License-Identifier: GPL-2.0-only */
/* First include of every file: the prefix of our log lines, and the differences between kernels. */
#ifndef RTPE_MODULE_H
#define RTPE_MODULE_H

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include "compat/compat.h"
#include "compat/version.h"

extern bool rtpe_log_errors;	/* parameter log_errors */

#endif
