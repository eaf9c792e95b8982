// SPDX-License-Identifier: GPL-2.0-only
/* The xtables target: iptables -I INPUT -p udp -j RTPENGINE --id 42, and ip6tables. */
#include "module.h"
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter.h>
#include "forward.h"
#include "hooks.h"
#include "table.h"

static unsigned int xt_verdict(enum rtpe_verdict verdict)
{
	switch (verdict) {
	case RTPE_DROP:
		return NF_DROP;
	case RTPE_TAKEN:
		return NF_STOLEN;
	case RTPE_COPIED:
		/*
		 * Not on to the next rule: sending has gone through the OUTPUT rules of the same table, which use the
		 * same per-CPU stack of chains to return to.
		 */
		return NF_ACCEPT;
	default:
		return XT_CONTINUE;
	}
}

static unsigned int target(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_rtpengine_info *info = par->targinfo;

	return xt_verdict(rtpe_receive(xt_net(par), info->id, skb, xt_family(par)));
}

static int target_check(const struct xt_tgchk_param *par)
{
	const struct xt_rtpengine_info *info = par->targinfo;

	if (info->id >= RTPE_TABLES_MAX) {
		pr_warn("ID too high (%u >= %u)\n", info->id, RTPE_TABLES_MAX);
		return -ERANGE;
	}
	atomic_inc(&rtpe_rules[info->id]);
	return 0;
}

static void target_destroy(const struct xt_tgdtor_param *par)
{
	const struct xt_rtpengine_info *info = par->targinfo;

	atomic_dec(&rtpe_rules[info->id]);
}

#define TARGET(of_family) {					\
	.name		= "RTPENGINE",				\
	.family		= of_family,				\
	.target		= target,				\
	.targetsize	= sizeof(struct xt_rtpengine_info),	\
	.table		= "filter",				\
	.hooks		= 1 << NF_INET_LOCAL_IN,		\
	.checkentry	= target_check,				\
	.destroy	= target_destroy,			\
	.me		= THIS_MODULE,				\
}

static struct xt_target targets[] = {
	TARGET(NFPROTO_IPV4),
	TARGET(NFPROTO_IPV6),
};

int rtpe_xt_init(void)
{
	return xt_register_targets(targets, ARRAY_SIZE(targets));
}

void rtpe_xt_exit(void)
{
	xt_unregister_targets(targets, ARRAY_SIZE(targets));
}
