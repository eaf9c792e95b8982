// SPDX-License-Identifier: GPL-2.0-only
/* /proc/rtpengine/N/blist: the flows for programs, a sequence of struct rtpe_snapshot. */
#include "module.h"
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "proc.h"
#include "table.h"

/* One open blist. */
struct blist {
	struct rtpe_table *table;
	struct mutex lock;		/* one reader at a time */
	unsigned long next;		/* order of the flow to show next */
	struct rtpe_snapshot snapshot;
};

static int blist_open(struct inode *inode, struct file *file)
{
	struct blist *b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);

	if (!b)
		return -ENOMEM;
	b->table = pde_data(inode);
	mutex_init(&b->lock);
	file->private_data = b;
	return stream_open(inode, file);
}

static int blist_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static bool take_next(struct blist *b)
{
	struct rtpe_entry *entry;

	rcu_read_lock();
	entry = xa_find(&b->table->by_order, &b->next, ULONG_MAX, XA_PRESENT);
	if (entry)
		rtpe_entry_snapshot(entry, &b->snapshot);
	rcu_read_unlock();
	return entry;
}

static ssize_t blist_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct blist *b = file->private_data;
	ssize_t done = 0;

	if (len < sizeof(b->snapshot))
		return -EINVAL;
	mutex_lock(&b->lock);
	while (len - done >= sizeof(b->snapshot) && !signal_pending(current) && take_next(b)) {
		if (copy_to_user(to + done, &b->snapshot, sizeof(b->snapshot))) {
			done = done ?: -EFAULT;
			break;
		}
		b->next++;
		done += sizeof(b->snapshot);
		cond_resched();
	}
	mutex_unlock(&b->lock);
	return done;
}

const struct proc_ops rtpe_blist_ops = {
	.proc_open = blist_open,
	.proc_release = blist_release,
	.proc_read = blist_read,
};
