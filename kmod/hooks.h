/* SPDX-License-Identifier: GPL-2.0-only */
/* The two ways a firewall rule reaches us. */
#ifndef RTPE_HOOKS_H
#define RTPE_HOOKS_H

int rtpe_xt_init(void);		/* target_xt.c */
void rtpe_xt_exit(void);
int rtpe_nft_init(void);	/* expr_nft.c */
void rtpe_nft_exit(void);

#endif
