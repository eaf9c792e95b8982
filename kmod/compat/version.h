/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's version when the build does not state one. */
#ifndef RTPE_VERSION
#define RTPE_VERSION "0.1.0"
#endif
