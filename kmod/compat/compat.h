/* SPDX-License-Identifier: GPL-2.0-only */
/* The module is written for the newest kernel; what older ones call differently is told here and nowhere else. */
#ifndef RTPE_COMPAT_H
#define RTPE_COMPAT_H

#include <linux/version.h>

/* 6.6: segmentation of offloaded packets moved to a header of its own. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#include <net/gso.h>
#else
#include <linux/netdevice.h>
#endif

/* 6.18: a flow key holds a DSCP, no longer a TOS byte. */
#include <net/flow.h>
#include <net/inet_dscp.h>
#ifdef flowi4_dscp
#define rtpe_flowi4_set_tos(fl4, tos) ((fl4)->flowi4_dscp = inet_dsfield_to_dscp(tos))
#else
#define rtpe_flowi4_set_tos(fl4, tos) ((fl4)->flowi4_tos = (tos) & INET_DSCP_MASK)
#endif

/* 6.17: nftables no longer tracks register use. */
#include <net/netfilter/nf_tables.h>
#ifdef NFT_REDUCE_READONLY
#define RTPE_NFT_REDUCE .reduce = NFT_REDUCE_READONLY,
#else
#define RTPE_NFT_REDUCE
#endif

#endif
