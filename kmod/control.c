// SPDX-License-Identifier: GPL-2.0-only
/* /proc/rtpengine/N/control: requests in, answers out (uapi/rtpengine.h says how), and who owns the table. */
#include "module.h"
#include <linux/nsproxy.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "proc.h"
#include "srtp.h"
#include "table.h"

#define REQUEST_MAX (sizeof(struct rtpe_flow) + RTPE_OUTPUTS_MAX * sizeof(struct rtpe_output))

/* One open control file. */
struct rtpe_session {
	struct rtpe_table *table;
	struct mutex lock;	/* one request or read at a time; taken before the table's */
	bool greeted;
	void *answer;
	size_t answer_len;
};

static void *answer_room(struct rtpe_session *s, size_t len)
{
	kfree(s->answer);
	s->answer_len = 0;
	s->answer = kzalloc(len, GFP_KERNEL);
	if (s->answer)
		s->answer_len = len;
	return s->answer;
}

static int say_hello(struct rtpe_session *s)
{
	static u32 suites;
	struct rtpe_table *table = s->table;
	struct rtpe_hello *h = answer_room(s, sizeof(*h));

	if (!h)
		return -ENOMEM;
	/* What is missing may only have been late. */
	if (READ_ONCE(suites) != (1u << RTPE_SUITES) - 1)
		WRITE_ONCE(suites, rtpe_crypt_suites());
	h->magic = RTPE_MAGIC;
	h->abi = RTPE_ABI_VERSION;
	h->size_hello = sizeof(struct rtpe_hello);
	h->size_claim = sizeof(struct rtpe_claim);
	h->size_flow = sizeof(struct rtpe_flow);
	h->size_output = sizeof(struct rtpe_output);
	h->size_pick = sizeof(struct rtpe_pick);
	h->size_snapshot = sizeof(struct rtpe_snapshot);
	h->table = table->id;
	h->suites = READ_ONCE(suites);
	strscpy(h->version, RTPE_VERSION, sizeof(h->version));
	mutex_lock(&table->lock);
	h->owner = pid_vnr(table->owner_pid);
	h->flows = table->flow_count;
	mutex_unlock(&table->lock);
	s->greeted = true;
	return 0;
}

/* ---- requests ---- */

static int claim(struct rtpe_session *s, const struct rtpe_claim *q)
{
	struct rtpe_table *table = s->table;
	struct net *net = current->nsproxy->net_ns;

	if (q->flags & ~RTPE_CLAIM_ADOPT)
		return -EINVAL;
	if (q->abi != RTPE_ABI_VERSION)
		return -EPROTO;
	if (table->owner && table->owner != s)
		return -EBUSY;
	if (!(q->flags & RTPE_CLAIM_ADOPT))
		rtpe_table_flush(table);
	else if (table->flow_count && table->net != net)
		return -EXDEV;
	WRITE_ONCE(table->net, net);
	table->owner = s;
	put_pid(table->owner_pid);
	table->owner_pid = get_pid(task_tgid(current));
	return 0;
}

static int install(struct rtpe_session *s, const struct rtpe_flow *q)
{
	const struct rtpe_output *outputs = (const void *)(q + 1);
	struct rtpe_entry *entry;
	int err;

	if (q->output_count > RTPE_OUTPUTS_MAX ||
	    q->request.size != sizeof(*q) + q->output_count * sizeof(*outputs))
		return -EINVAL;
	if (!s->table->net)
		return -ENODEV;
	entry = rtpe_entry_make(q, outputs);
	if (IS_ERR(entry))
		return PTR_ERR(entry);
	err = rtpe_table_install(s->table, entry, q, outputs);
	if (err)
		rtpe_entry_free(entry);
	return err;
}

static int pick(struct rtpe_session *s, const struct rtpe_pick *q, bool withdraw)
{
	struct rtpe_entry *entry;
	struct rtpe_snapshot *answer;

	if (q->zero)
		return -EINVAL;
	rcu_read_lock();
	entry = rtpe_table_find(s->table, &q->local);
	rcu_read_unlock();	/* it stays: we hold the table's lock */
	if (!entry)
		return -ENOENT;
	if (withdraw && entry->generation > q->generation)
		return -ESTALE;
	answer = answer_room(s, sizeof(*answer));
	if (!answer)
		return -ENOMEM;
	if (withdraw)
		rtpe_table_withdraw(s->table, entry, answer);
	else
		rtpe_entry_snapshot(entry, answer);
	return 0;
}

static int carry_out(struct rtpe_session *s, const struct rtpe_request *q)
{
	static const u32 least[] = {
		[RTPE_OP_CLAIM] = sizeof(struct rtpe_claim),
		[RTPE_OP_INSTALL] = sizeof(struct rtpe_flow),
		[RTPE_OP_WITHDRAW] = sizeof(struct rtpe_pick),
		[RTPE_OP_SNAPSHOT] = sizeof(struct rtpe_pick),
		[RTPE_OP_FLUSH] = sizeof(struct rtpe_request),
	};

	if (q->op >= ARRAY_SIZE(least) || !least[q->op] || q->size < least[q->op])
		return -EINVAL;
	if (q->op != RTPE_OP_INSTALL && q->size != least[q->op])
		return -EINVAL;
	if (q->op != RTPE_OP_CLAIM && q->op != RTPE_OP_SNAPSHOT && s->table->owner != s)
		return -EPERM;
	switch (q->op) {
	case RTPE_OP_CLAIM:
		return claim(s, (const void *)q);
	case RTPE_OP_INSTALL:
		return install(s, (const void *)q);
	case RTPE_OP_WITHDRAW:
	case RTPE_OP_SNAPSHOT:
		return pick(s, (const void *)q, q->op == RTPE_OP_WITHDRAW);
	default:
		rtpe_table_flush(s->table);
		return 0;
	}
}

/* ---- the file ---- */

static int control_open(struct inode *inode, struct file *file)
{
	struct rtpe_session *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return -ENOMEM;
	s->table = pde_data(inode);
	mutex_init(&s->lock);
	file->private_data = s;
	return stream_open(inode, file);
}

static int control_release(struct inode *inode, struct file *file)
{
	struct rtpe_session *s = file->private_data;
	struct rtpe_table *table = s->table;

	mutex_lock(&table->lock);
	if (table->owner == s) {
		table->owner = NULL;
		put_pid(table->owner_pid);
		table->owner_pid = NULL;
	}
	mutex_unlock(&table->lock);
	kfree(s->answer);
	kfree(s);
	return 0;
}

static ssize_t control_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	struct rtpe_session *s = file->private_data;
	struct rtpe_request *q;
	ssize_t err;

	if (len < sizeof(*q) || len > REQUEST_MAX)
		return -EINVAL;
	q = memdup_user(from, len);
	if (IS_ERR(q))
		return PTR_ERR(q);
	err = -EINVAL;
	if (q->size != len)
		goto undo_copy;
	mutex_lock(&s->lock);
	s->greeted = true;
	s->answer_len = 0;
	mutex_lock(&s->table->lock);
	err = carry_out(s, q);
	mutex_unlock(&s->table->lock);
	if (!err && q->op == RTPE_OP_CLAIM)
		err = say_hello(s);
	mutex_unlock(&s->lock);
undo_copy:
	kfree_sensitive(q);
	return err ?: (ssize_t)len;
}

static ssize_t control_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct rtpe_session *s = file->private_data;
	ssize_t got = 0;

	mutex_lock(&s->lock);
	if (!s->greeted)
		got = say_hello(s);
	if (!got && s->answer_len) {
		got = s->answer_len;
		if (len < s->answer_len)
			got = -EINVAL;
		else if (copy_to_user(to, s->answer, s->answer_len))
			got = -EFAULT;
		else
			s->answer_len = 0;
	}
	mutex_unlock(&s->lock);
	return got;
}

const struct proc_ops rtpe_control_ops = {
	.proc_open = control_open,
	.proc_release = control_release,
	.proc_read = control_read,
	.proc_write = control_write,
};
