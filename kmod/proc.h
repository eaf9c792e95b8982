/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_PROC_H
#define RTPE_PROC_H

#include <linux/proc_fs.h>
#include <linux/seq_file.h>

struct rtpe_table;

/* /proc/rtpengine and its files control and list. */
int rtpe_proc_init(void);
void rtpe_proc_exit(void);

/* The directory of a table. Deleting waits until no file in it is in use. */
int rtpe_proc_add(struct rtpe_table *table);
void rtpe_proc_del(struct rtpe_table *table);

extern const struct proc_ops rtpe_control_ops;	/* control.c */
extern const struct proc_ops rtpe_list_ops;	/* proc_list.c */
extern const struct proc_ops rtpe_blist_ops;	/* proc_blist.c */
int rtpe_status_show(struct seq_file *m, void *v);	/* proc_status.c */
int rtpe_stats_show(struct seq_file *m, void *v);

#endif
