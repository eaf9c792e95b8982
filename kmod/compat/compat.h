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

/* 6.2: dump is told whether to reset counters. 6.12: validate is given no data. Both were carried back into some releases
 * of older kernels (6.1.176 has neither), so the type decides and not the version. */
#define RTPE_NFT_OLDER(dump, validate)									\
	static int __maybe_unused dump##_older(struct sk_buff *skb, const struct nft_expr *expr)	\
	{												\
		return dump(skb, expr, false);								\
	}												\
	static int __maybe_unused validate##_older(const struct nft_ctx *ctx, const struct nft_expr *expr, \
						   const struct nft_data **data)			\
	{												\
		return validate(ctx, expr);								\
	}
#define RTPE_NFT_OP(op)											\
	__builtin_choose_expr(__builtin_types_compatible_p(typeof(((struct nft_expr_ops *)0)->op), typeof(&op)), \
			      op, op##_older)

#endif
