// SPDX-License-Identifier: GPL-2.0-only
/* Tables: made and removed by number, flows found by local address. */
#include "module.h"
#include <linux/pid.h>
#include <linux/slab.h>
#include "packet.h"
#include "proc.h"
#include "table.h"

#define FLOWS_MAX 262144

static DEFINE_MUTEX(tables_lock);	/* changes of `tables`; never taken by a file below a table's directory */
static struct rtpe_table __rcu *tables[RTPE_TABLES_MAX];
atomic_t rtpe_rules[RTPE_TABLES_MAX];

static int compare_flow(struct rhashtable_compare_arg *arg, const void *entry)
{
	return !rtpe_addr_equal(arg->key, &((const struct rtpe_entry *)entry)->local);
}

static const struct rhashtable_params flow_params = {
	.obj_cmpfn = compare_flow,
	.key_len = sizeof(struct rtpe_addr),
	.key_offset = offsetof(struct rtpe_entry, local),
	.head_offset = offsetof(struct rtpe_entry, node),
	.max_size = FLOWS_MAX,
	.automatic_shrinking = true,
};

/* ---- tables ---- */

int rtpe_table_add(u32 id)
{
	struct rtpe_table *table;
	int err;

	mutex_lock(&tables_lock);
	err = -EEXIST;
	if (rcu_access_pointer(tables[id]))
		goto undo_lock;
	err = -ENOMEM;
	table = kzalloc(sizeof(*table), GFP_KERNEL);
	if (!table)
		goto undo_lock;
	table->id = id;
	mutex_init(&table->lock);
	xa_init_flags(&table->by_order, XA_FLAGS_ALLOC1);
	err = rhashtable_init(&table->flows, &flow_params);
	if (err)
		goto undo_table;
	err = rtpe_proc_add(table);
	if (err)
		goto undo_flows;
	__module_get(THIS_MODULE);
	rcu_assign_pointer(tables[id], table);
	mutex_unlock(&tables_lock);
	return 0;

undo_flows:
	rhashtable_destroy(&table->flows);
undo_table:
	kfree(table);
undo_lock:
	mutex_unlock(&tables_lock);
	return err;
}

int rtpe_table_del(u32 id)
{
	struct rtpe_table *table;
	bool owned;

	mutex_lock(&tables_lock);
	table = rcu_dereference_protected(tables[id], lockdep_is_held(&tables_lock));
	if (!table) {
		mutex_unlock(&tables_lock);
		return -ENOENT;
	}
	mutex_lock(&table->lock);
	owned = table->owner;
	if (!owned)
		/* From here on nobody can become the owner. */
		table->owner = ERR_PTR(-ENOENT);
	mutex_unlock(&table->lock);
	if (owned) {
		mutex_unlock(&tables_lock);
		return -EBUSY;
	}
	rcu_assign_pointer(tables[id], NULL);
	rtpe_proc_del(table);	/* waits for the files of this table */
	synchronize_rcu();	/* and here for packets */
	mutex_lock(&table->lock);
	rtpe_table_flush(table);
	mutex_unlock(&table->lock);
	rhashtable_destroy(&table->flows);
	xa_destroy(&table->by_order);
	put_pid(table->owner_pid);
	kfree(table);
	module_put(THIS_MODULE);
	mutex_unlock(&tables_lock);
	return 0;
}

struct rtpe_table *rtpe_table_get(u32 id)
{
	return id < RTPE_TABLES_MAX ? rcu_dereference(tables[id]) : NULL;
}

u32 rtpe_table_next(u32 from)
{
	while (from < RTPE_TABLES_MAX && !rcu_access_pointer(tables[from]))
		from++;
	return from;
}

/* ---- flows ---- */

struct rtpe_entry *rtpe_table_find(struct rtpe_table *table, const struct rtpe_addr *local)
{
	return rhashtable_lookup(&table->flows, local, flow_params);
}

int rtpe_table_install(struct rtpe_table *table, struct rtpe_entry *entry, const struct rtpe_flow *flow,
		       const struct rtpe_output *outputs)
{
	struct rtpe_entry *older;
	int err;

	lockdep_assert_held(&table->lock);
	rcu_read_lock();
	older = rtpe_table_find(table, &entry->local);
	rcu_read_unlock();	/* it stays: only holders of the lock remove entries */
	if (older && older->generation > entry->generation)
		return -ESTALE;
	err = rtpe_entry_settle(entry, flow, outputs, older);
	if (err)
		return err;
	if (older) {
		entry->order = older->order;
		err = rhashtable_replace_fast(&table->flows, &older->node, &entry->node, flow_params);
		if (err)
			return err;
		/* The place exists, so this store needs no memory. */
		xa_store(&table->by_order, entry->order, entry, GFP_KERNEL);
		rtpe_entry_retire(older);
		table->replacements++;
		return 0;
	}
	err = xa_alloc_cyclic(&table->by_order, &entry->order, entry, xa_limit_31b, &table->next_order, GFP_KERNEL);
	if (err < 0)
		return err;
	err = rhashtable_insert_fast(&table->flows, &entry->node, flow_params);
	if (err) {
		xa_erase(&table->by_order, entry->order);
		/* Readers of the list may have seen it: the caller must not free it at once. */
		synchronize_rcu();
		return err == -E2BIG ? -ENOSPC : err;
	}
	table->flow_count++;
	table->installs++;
	return 0;
}

static void add_totals(struct rtpe_totals *t, struct rtpe_progress *p)
{
	int i;

	spin_lock_bh(&p->lock);
	t->received.packets += p->received.packets;
	t->received.bytes += p->received.bytes;
	t->received.errors += p->received.errors;
	for (i = 0; i < RTPE_OUTPUTS_MAX; i++) {
		t->sent.packets += p->outputs[i].packets;
		t->sent.bytes += p->outputs[i].bytes;
		t->sent.errors += p->outputs[i].errors;
	}
	for (i = 0; i < RTPE_FATES; i++)
		t->fates[i] += p->fates[i];
	spin_unlock_bh(&p->lock);
}

void rtpe_table_withdraw(struct rtpe_table *table, struct rtpe_entry *entry, struct rtpe_snapshot *last)
{
	lockdep_assert_held(&table->lock);
	rtpe_entry_end(entry);
	rhashtable_remove_fast(&table->flows, &entry->node, flow_params);
	xa_erase(&table->by_order, entry->order);
	table->flow_count--;
	if (last) {
		/*
		 * What was opened cannot go up, and what leaves under keys is counted when it has left: packets on other
		 * CPUs that have found the entry end here first.
		 */
		if (rtpe_entry_has_keys(entry))
			synchronize_rcu_expedited();
		rtpe_entry_snapshot(entry, last);
	}
	add_totals(&table->gone, entry->progress);
	rtpe_entry_retire(entry);
}

void rtpe_table_flush(struct rtpe_table *table)
{
	struct rtpe_entry *entry;
	unsigned long order;

	lockdep_assert_held(&table->lock);
	xa_for_each(&table->by_order, order, entry)
		rtpe_table_withdraw(table, entry, NULL);
}

void rtpe_table_totals(struct rtpe_table *table, struct rtpe_totals *totals)
{
	struct rtpe_entry *entry;
	unsigned long order;

	mutex_lock(&table->lock);
	*totals = table->gone;
	xa_for_each(&table->by_order, order, entry)
		add_totals(totals, entry->progress);
	mutex_unlock(&table->lock);
}

/* ---- network namespaces ---- */

/* Flows hold routes of their namespace, so they end before it does. */
static void __net_exit leave_net(struct net *net)
{
	bool found = false;
	int i;

	mutex_lock(&tables_lock);
	for (i = 0; i < RTPE_TABLES_MAX; i++) {
		struct rtpe_table *table = rcu_dereference_protected(tables[i], lockdep_is_held(&tables_lock));

		if (!table)
			continue;
		mutex_lock(&table->lock);
		if (table->net == net) {
			WRITE_ONCE(table->net, NULL);
			rtpe_table_flush(table);
			found = true;
		}
		mutex_unlock(&table->lock);
	}
	mutex_unlock(&tables_lock);
	if (found)
		rtpe_flow_barrier();
}

static struct pernet_operations net_ops = {
	.exit = leave_net,
};

int rtpe_tables_init(void)
{
	return register_pernet_subsys(&net_ops);
}

void rtpe_tables_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}
