// SPDX-License-Identifier: GPL-2.0-only
/* The nftables expression "rtpengine": the same as the xtables target, without nft_compat in between. */
#include "module.h"
#include <linux/netfilter/nf_tables.h>
#include <net/netfilter/nf_tables.h>
#include "forward.h"
#include "hooks.h"
#include "table.h"

struct expr {
	u32 table;
};

static void eval(const struct nft_expr *expr, struct nft_regs *regs, const struct nft_pktinfo *pkt)
{
	const struct expr *e = nft_expr_priv(expr);
	u8 family = nft_pf(pkt);

	if (family != NFPROTO_IPV4 && family != NFPROTO_IPV6)
		return;
	switch (rtpe_receive(nft_net(pkt), e->table, pkt->skb, family)) {
	case RTPE_DROP:
		regs->verdict.code = NF_DROP;
		break;
	case RTPE_TAKEN:
		regs->verdict.code = NF_STOLEN;
		break;
	case RTPE_COPIED:
		regs->verdict.code = NF_ACCEPT;
		break;
	case RTPE_PASS:
		break;	/* the next expression of the rule */
	}
}

static const struct nla_policy policy[RTPE_NFTA_MAX + 1] = {
	[RTPE_NFTA_TABLE] = { .type = NLA_U32 },
};

static int init(const struct nft_ctx *ctx, const struct nft_expr *expr, const struct nlattr * const tb[])
{
	struct expr *e = nft_expr_priv(expr);

	if (!tb[RTPE_NFTA_TABLE])
		return -EINVAL;
	e->table = ntohl(nla_get_be32(tb[RTPE_NFTA_TABLE]));
	if (e->table >= RTPE_TABLES_MAX)
		return -ERANGE;
	atomic_inc(&rtpe_rules[e->table]);
	return 0;
}

static void destroy(const struct nft_ctx *ctx, const struct nft_expr *expr)
{
	const struct expr *e = nft_expr_priv(expr);

	atomic_dec(&rtpe_rules[e->table]);
}

static int dump(struct sk_buff *skb, const struct nft_expr *expr, bool reset)
{
	const struct expr *e = nft_expr_priv(expr);

	return nla_put_be32(skb, RTPE_NFTA_TABLE, htonl(e->table)) ? -1 : 0;
}

static int validate(const struct nft_ctx *ctx, const struct nft_expr *expr)
{
	if (ctx->family != NFPROTO_IPV4 && ctx->family != NFPROTO_IPV6 && ctx->family != NFPROTO_INET)
		return -EOPNOTSUPP;
	return nft_chain_validate_hooks(ctx->chain, 1 << NF_INET_LOCAL_IN);
}

RTPE_NFT_OLDER(dump, validate)

static struct nft_expr_type type;

static const struct nft_expr_ops ops = {
	.type		= &type,
	.size		= NFT_EXPR_SIZE(sizeof(struct expr)),
	.eval		= eval,
	.init		= init,
	.destroy	= destroy,
	.dump		= RTPE_NFT_OP(dump),
	.validate	= RTPE_NFT_OP(validate),
	RTPE_NFT_REDUCE
};

static struct nft_expr_type type = {
	.name		= "rtpengine",
	.ops		= &ops,
	.policy		= policy,
	.maxattr	= RTPE_NFTA_MAX,
	.owner		= THIS_MODULE,
};

int rtpe_nft_init(void)
{
	return nft_register_expr(&type);
}

void rtpe_nft_exit(void)
{
	nft_unregister_expr(&type);
}
