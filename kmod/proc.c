// SPDX-License-Identifier: GPL-2.0-only
/* /proc/rtpengine: the tree, and its two files of the first level. */
#include "module.h"
#include <linux/rcupdate.h>
#include <linux/uaccess.h>
#include "proc.h"
#include "table.h"

static uint proc_uid;
module_param(proc_uid, uint, 0444);
MODULE_PARM_DESC(proc_uid, "rtpengine procfs tree user id");
static uint proc_gid;
module_param(proc_gid, uint, 0444);
MODULE_PARM_DESC(proc_gid, "rtpengine procfs tree group id");
static uint proc_mask;
module_param(proc_mask, hexint, 0444);
MODULE_PARM_DESC(proc_mask, "rtpengine procfs tree mode mask");

static struct proc_dir_entry *root;

static umode_t masked(umode_t mode)
{
	return mode & ~proc_mask;
}

static struct proc_dir_entry *owned(struct proc_dir_entry *entry)
{
	if (entry)
		proc_set_user(entry, make_kuid(&init_user_ns, proc_uid), make_kgid(&init_user_ns, proc_gid));
	return entry;
}

/* ---- control: "add N" and "del N" ---- */

static ssize_t main_control_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	char line[24];
	int (*act)(u32 id);
	u32 id;
	int err;

	if (!len || len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, from, len))
		return -EFAULT;
	line[len] = 0;
	if (!strncmp(line, "add ", 4))
		act = rtpe_table_add;
	else if (!strncmp(line, "del ", 4))
		act = rtpe_table_del;
	else
		return -EINVAL;
	if (kstrtou32(strim(line + 4), 10, &id) || id >= RTPE_TABLES_MAX)
		return -EINVAL;
	err = act(id);
	return err ?: (ssize_t)len;
}

static const struct proc_ops main_control_ops = {
	.proc_write = main_control_write,
	.proc_lseek = noop_llseek,
};

/* ---- list: one table number per line ---- */

static void *main_list_start(struct seq_file *m, loff_t *pos) __acquires(RCU)
{
	rcu_read_lock();
	if (*pos < 0 || *pos >= RTPE_TABLES_MAX)
		return NULL;
	*pos = rtpe_table_next(*pos);
	return *pos < RTPE_TABLES_MAX ? pos : NULL;
}

static void *main_list_next(struct seq_file *m, void *v, loff_t *pos)
{
	*pos = rtpe_table_next(*pos + 1);
	return *pos < RTPE_TABLES_MAX ? pos : NULL;
}

static void main_list_stop(struct seq_file *m, void *v) __releases(RCU)
{
	rcu_read_unlock();
}

static int main_list_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%u\n", (u32)*(loff_t *)v);
	return 0;
}

static const struct seq_operations main_list_seq = {
	.start = main_list_start,
	.next = main_list_next,
	.stop = main_list_stop,
	.show = main_list_show,
};

/* ---- directories ---- */

int rtpe_proc_add(struct rtpe_table *table)
{
	char name[12];

	snprintf(name, sizeof(name), "%u", table->id);
	table->dir = owned(proc_mkdir_data(name, masked(0555), root, table));
	if (!table->dir)
		return -ENOMEM;
	if (owned(proc_create_data("control", masked(0660), table->dir, &rtpe_control_ops, table)) &&
	    owned(proc_create_data("blist", masked(0444), table->dir, &rtpe_blist_ops, table)) &&
	    owned(proc_create_data("list", masked(0444), table->dir, &rtpe_list_ops, table)) &&
	    owned(proc_create_single_data("status", masked(0444), table->dir, rtpe_status_show, table)) &&
	    owned(proc_create_single_data("stats", masked(0444), table->dir, rtpe_stats_show, table)))
		return 0;
	proc_remove(table->dir);
	return -ENOMEM;
}

void rtpe_proc_del(struct rtpe_table *table)
{
	proc_remove(table->dir);
}

int rtpe_proc_init(void)
{
	root = owned(proc_mkdir_mode("rtpengine", masked(0555), NULL));
	if (!root)
		return -ENOMEM;
	if (owned(proc_create("control", masked(0220), root, &main_control_ops)) &&
	    owned(proc_create_seq("list", masked(0444), root, &main_list_seq)))
		return 0;
	proc_remove(root);
	return -ENOMEM;
}

void rtpe_proc_exit(void)
{
	proc_remove(root);
}
