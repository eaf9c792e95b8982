// SPDX-License-Identifier: GPL-2.0-only
/* /proc/rtpengine/N/list: the flows for people and their scripts. No key is ever shown. */
#include "module.h"
#include <linux/rcupdate.h>
#include "proc.h"
#include "srtp.h"
#include "table.h"

/* What a reader keeps between calls. */
struct list_walk {
	struct rtpe_table *table;
	struct rtpe_snapshot snapshot;
};

/* The position is the order of installation, so flows that come or go meanwhile do not shift the rest. */
static void *list_from(struct list_walk *w, loff_t *pos, unsigned long order)
{
	void *entry = xa_find(&w->table->by_order, &order, ULONG_MAX, XA_PRESENT);

	*pos = entry ? (loff_t)order : LLONG_MAX - 1;
	return entry;
}

static void *list_start(struct seq_file *m, loff_t *pos) __acquires(RCU)
{
	rcu_read_lock();
	return list_from(m->private, pos, *pos);
}

static void *list_next(struct seq_file *m, void *v, loff_t *pos)
{
	return list_from(m->private, pos, *pos + 1);
}

static void list_stop(struct seq_file *m, void *v) __releases(RCU)
{
	rcu_read_unlock();
}

static void show_addr(struct seq_file *m, const char *label, const struct rtpe_addr *a)
{
	if (a->family == RTPE_INET4)
		seq_printf(m, "%s inet4 %pI4:%u\n", label, a->addr, a->port);
	else
		seq_printf(m, "%s inet6 [%pI6c]:%u\n", label, a->addr, a->port);
}

static void show_srtp(struct seq_file *m, const char *what, const struct rtpe_crypt *c, const u64 *index)
{
	int i;

	if (!c)
		return;
	seq_printf(m, "    SRTP %s parameters:\n", what);
	seq_printf(m, "        cipher: %s\n", rtpe_crypt_cipher_name(c));
	seq_puts(m, "           ROC:");
	for (i = 0; i < RTPE_SSRCS_MAX; i++)
		seq_printf(m, "%s %u (%u)", i ? "," : "", (u32)(index[i] >> 16), (u32)(index[i] & 0xffff));
	seq_putc(m, '\n');
	if (!rtpe_crypt_has_hmac(c))
		return;
	seq_puts(m, "          HMAC: HMAC-SHA1\n");
	seq_printf(m, "            auth tag length: %u\n", rtpe_crypt_tag_len(c));
}

static void show_counters(struct seq_file *m, const struct rtpe_snapshot *s)
{
	const char *before = "    SSRC in: ";
	int i;

	seq_printf(m, "    stats: %20llu bytes, %20llu packets, %20llu errors\n", s->received.bytes,
		   s->received.packets, s->received.errors);
	for (i = 0; i < RTPE_PTS_MAX && s->pts[i].known; i++)
		seq_printf(m, "        RTP payload type %3u: %20llu bytes, %20llu packets\n", s->pts[i].pt,
			   s->pts[i].bytes, s->pts[i].packets);
	for (i = 0; i < RTPE_SSRCS_MAX; i++) {
		if ((s->ssrcs[i].state.flags & (RTPE_SSRC_KNOWN | RTPE_SSRC_PASS)) != RTPE_SSRC_KNOWN)
			continue;
		seq_printf(m, "%s%x", before, s->ssrcs[i].state.ssrc);
		before = ", ";
	}
	if (before[0] == ',')
		seq_putc(m, '\n');
}

static void show_exit(struct seq_file *m, const struct rtpe_entry *e, int at, const struct rtpe_snapshot *s)
{
	const struct rtpe_exit *ex = &e->exits[at];
	u64 index[RTPE_SSRCS_MAX];
	int i;

	seq_printf(m, "    output #%d\n", at);
	show_addr(m, "       src", &ex->from);
	show_addr(m, "       dst", &ex->to);
	if (ex->flags & RTPE_OUT_SSRC)
		seq_printf(m, " SSRC out: %x\n", ex->ssrc[0]);
	for (i = 0; i < RTPE_SSRCS_MAX; i++) {
		bool known = s->ssrcs[i].state.flags & RTPE_SSRC_INDEX;

		index[i] = known ? (s->ssrcs[i].state.index + ex->index_offset[i]) & 0xffffffffffffULL : 0;
	}
	show_srtp(m, "encryption", ex->seal, index);
}

static int list_show(struct seq_file *m, void *v)
{
	struct list_walk *w = m->private;
	const struct rtpe_entry *e = v;
	const struct rtpe_snapshot *s = &w->snapshot;
	u64 index[RTPE_SSRCS_MAX];
	int i;

	rtpe_entry_snapshot(e, &w->snapshot);
	show_addr(m, "local", &e->local);
	show_counters(m, s);
	if (e->carries == RTPE_CARRIES_BOTH)
		seq_puts(m, "    option: rtcp-mux\n");
	if (!e->exit_count)
		seq_puts(m, "    option: non forwarding\n");
	for (i = 0; i < RTPE_SSRCS_MAX; i++)
		index[i] = s->ssrcs[i].state.index;
	show_srtp(m, "decryption", e->open, index);
	for (i = 0; i < e->exit_count; i++)
		show_exit(m, e, i, s);
	return 0;
}

static const struct seq_operations list_seq = {
	.start = list_start,
	.next = list_next,
	.stop = list_stop,
	.show = list_show,
};

static int list_open(struct inode *inode, struct file *file)
{
	struct list_walk *w = __seq_open_private(file, &list_seq, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->table = pde_data(inode);
	return 0;
}

const struct proc_ops rtpe_list_ops = {
	.proc_open = list_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = seq_release_private,
};
