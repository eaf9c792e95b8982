// SPDX-License-Identifier: GPL-2.0-only
/* The iptables and ip6tables side of the target RTPENGINE: its one option, --id. */
#include <stdio.h>
#include <xtables.h>
#include "../uapi/rtpengine.h"

#ifndef RTPE_VERSION
#define RTPE_VERSION "0.1.0"
#endif

enum { O_ID };

static const struct xt_option_entry options[] = {
	{
		.name = "id",
		.id = O_ID,
		.type = XTTYPE_UINT32,
		.flags = XTOPT_MAND | XTOPT_PUT,
		.min = 0,
		.max = RTPE_TABLES_MAX - 1,
		XTOPT_POINTER(struct xt_rtpengine_info, id),
	},
	XTOPT_TABLEEND,
};

static void help(void)
{
	printf("RTPENGINE (version " RTPE_VERSION ") target options:\n"
	       " --id <id>\n"
	       "          Unique ID for this instance\n");
}

static void print(const void *ip, const struct xt_entry_target *target, int numeric)
{
	const struct xt_rtpengine_info *info = (const void *)target->data;

	(void)ip;
	(void)numeric;
	printf(" RTPENGINE id:%u", info->id);
}

static void save(const void *ip, const struct xt_entry_target *target)
{
	const struct xt_rtpengine_info *info = (const void *)target->data;

	(void)ip;
	printf(" --id %u", info->id);
}

/* NFPROTO_UNSPEC: one entry for both families. */
static struct xtables_target target = {
	.name = "RTPENGINE",
	.version = XTABLES_VERSION,
	.family = NFPROTO_UNSPEC,
	.size = XT_ALIGN(sizeof(struct xt_rtpengine_info)),
	.userspacesize = XT_ALIGN(sizeof(struct xt_rtpengine_info)),
	.help = help,
	.print = print,
	.save = save,
	.x6_parse = xtables_option_parse,
	.x6_options = options,
};

static void __attribute__((constructor)) announce(void)
{
	xtables_register_target(&target);
}
