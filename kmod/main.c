// SPDX-License-Identifier: GPL-2.0-only
/* xt_RTPENGINE: forwards the media flows that a daemon describes (uapi/rtpengine.h). Up the ladder, down the ladder. */
#include "module.h"
#include "flow.h"
#include "hooks.h"
#include "proc.h"
#include "selftest/selftest.h"
#include "srtp.h"
#include "table.h"

bool rtpe_log_errors;
module_param_named(log_errors, rtpe_log_errors, bool, 0644);
MODULE_PARM_DESC(log_errors, "generate kernel log lines from forwarding errors");

static int __init rtpe_init(void)
{
	int err;

	rtpe_cipher_init();
	err = rtpe_selftest();
	if (err)
		goto undo_cipher;
	err = rtpe_flow_init();
	if (err)
		goto undo_cipher;
	err = rtpe_tables_init();
	if (err)
		goto undo_flow;
	err = rtpe_proc_init();
	if (err)
		goto undo_tables;
	err = rtpe_xt_init();
	if (err)
		goto undo_proc;
	err = rtpe_nft_init();
	if (err)
		goto undo_xt;
	pr_info("version " RTPE_VERSION ", ABI %u\n", RTPE_ABI_VERSION);
	return 0;

undo_xt:
	rtpe_xt_exit();
undo_proc:
	rtpe_proc_exit();
undo_tables:
	rtpe_tables_exit();
undo_flow:
	rtpe_flow_exit();
undo_cipher:
	rtpe_cipher_exit();
	return err;
}

static void __exit rtpe_exit(void)
{
	/* Tables pin the module, so there are none left. */
	rtpe_nft_exit();
	rtpe_xt_exit();
	rtpe_proc_exit();
	rtpe_tables_exit();
	rtpe_flow_exit();
	rtpe_cipher_exit();
}

module_init(rtpe_init);
module_exit(rtpe_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Forwarding of RTP and SRTP media flows for the rtpengine daemon");
MODULE_VERSION(RTPE_VERSION);
MODULE_ALIAS("ipt_RTPENGINE");
MODULE_ALIAS("ip6t_RTPENGINE");
MODULE_ALIAS_NFT_EXPR("rtpengine");
