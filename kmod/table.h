/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_TABLE_H
#define RTPE_TABLE_H

#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include "flow.h"

struct rtpe_session;
struct proc_dir_entry;

/* Sums over the flows of a table, those that are gone included. */
struct rtpe_totals {
	struct rtpe_traffic received;
	struct rtpe_traffic sent;
	u64 fates[RTPE_FATES];
};

struct rtpe_table {
	u32 id;
	struct rhashtable flows;	/* struct rtpe_entry by local address; read by packets under RCU */
	struct net *net;		/* namespace of the flows; compared, never followed, so not counted */

	struct mutex lock;		/* everything below, and every change of the two indices */
	struct xarray by_order;		/* the same entries in the order of installation; read under RCU */
	u32 next_order;
	u32 flow_count;
	u64 installs;
	u64 replacements;
	struct rtpe_session *owner;
	struct pid *owner_pid;
	struct rtpe_totals gone;

	struct proc_dir_entry *dir;
	struct rcu_head rcu;
};

/* Rules that name each table; they may come before the table does. */
extern atomic_t rtpe_rules[RTPE_TABLES_MAX];

/* -EEXIST, -ENOMEM / -ENOENT, -EBUSY. */
int rtpe_table_add(u32 id);
int rtpe_table_del(u32 id);

/* The table, or NULL. Caller is in an RCU read section. */
struct rtpe_table *rtpe_table_get(u32 id);

/* Smallest id of a table that is at least `from`, or RTPE_TABLES_MAX. Caller is in an RCU read section. */
u32 rtpe_table_next(u32 from);

/* The flow at a local address, or NULL. Caller is in an RCU read section or holds the table's lock. */
struct rtpe_entry *rtpe_table_find(struct rtpe_table *table, const struct rtpe_addr *local);

/* The table takes the entry over when they succeed. Caller holds the table's lock. */
int rtpe_table_install(struct rtpe_table *table, struct rtpe_entry *entry, const struct rtpe_flow *flow,
		       const struct rtpe_output *outputs);
/* With `last` (may be NULL), what it has counted in the end; waits for packets on their way when there are keys. */
void rtpe_table_withdraw(struct rtpe_table *table, struct rtpe_entry *entry, struct rtpe_snapshot *last);
void rtpe_table_flush(struct rtpe_table *table);

/* Sums over all flows so far. Takes the table's lock. */
void rtpe_table_totals(struct rtpe_table *table, struct rtpe_totals *totals);

int rtpe_tables_init(void);
void rtpe_tables_exit(void);

#endif
