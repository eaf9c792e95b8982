// SPDX-License-Identifier: GPL-2.0-only
/* Flows: checked when they come in, merged with what came before, freed when no packet uses them any more. */
#include "module.h"
#include <linux/ktime.h>
#include <linux/slab.h>
#include "flow.h"
#include "srtp.h"
#include "stats.h"

static struct workqueue_struct *retire_queue;

/* ---- checks ---- */

static bool addr_empty(const struct rtpe_addr *a)
{
	static const struct rtpe_addr none;

	return !memcmp(a, &none, sizeof(none));
}

static int check_addr(const struct rtpe_addr *a)
{
	switch (a->family) {
	case RTPE_INET4:
		if (memchr_inv(a->addr + 4, 0, sizeof(a->addr) - 4))
			return -EINVAL;
		break;
	case RTPE_INET6:
		break;
	default:
		return -EAFNOSUPPORT;
	}
	return a->zero || !a->port ? -EINVAL : 0;
}

static int check_output(const struct rtpe_output *out)
{
	int err = check_addr(&out->from);

	if (!err)
		err = check_addr(&out->to);
	if (err)
		return err;
	if (out->from.family != out->to.family)
		return -EAFNOSUPPORT;
	if (out->flags & ~RTPE_OUT_FLAGS || out->zero || out->zero2)
		return -EINVAL;
	if (out->pt_from > 127 || out->pt_to > 127)
		return -EINVAL;
	return rtpe_srtp_check(&out->seal);
}

static int check_ssrc(const struct rtpe_ssrc *s)
{
	if (s->flags & ~RTPE_SSRC_FLAGS || s->zero)
		return -EINVAL;
	if (s->index >> 48 || s->rtcp_index >> 31)
		return -EINVAL;
	return 0;
}

static int check_flow(const struct rtpe_flow *flow)
{
	int i, err = check_addr(&flow->local);

	if (err)
		return err;
	if (!addr_empty(&flow->source)) {
		err = check_addr(&flow->source);
		if (err)
			return err;
		if (flow->source.family != flow->local.family)
			return -EAFNOSUPPORT;
	} else if (flow->source_check != RTPE_SOURCE_IGNORE) {
		return -EINVAL;
	}
	if (flow->flags & ~RTPE_FLOW_FLAGS || flow->pt_count > RTPE_PTS_MAX)
		return -EINVAL;
	if (flow->carries < RTPE_CARRIES_RTP || flow->carries > RTPE_CARRIES_OPAQUE)
		return -EINVAL;
	if (flow->source_check > RTPE_SOURCE_PASS)
		return -EINVAL;
	for (i = 0; i < flow->pt_count; i++) {
		const struct rtpe_pt *pt = &flow->pts[i];

		if (pt->pt > 127 || pt->zero[0] || pt->zero[1] || pt->zero[2] || pt->clock_hz > 1000000)
			return -EINVAL;
	}
	for (i = 0; i < RTPE_SSRCS_MAX; i++) {
		err = check_ssrc(&flow->ssrcs[i]);
		if (err)
			return err;
	}
	if (flow->carries == RTPE_CARRIES_OPAQUE && flow->open.suite != RTPE_SUITE_NONE)
		return -EINVAL;
	return rtpe_srtp_check(&flow->open);
}

/* ---- life ---- */

static int make_exit(struct rtpe_exit *ex, const struct rtpe_output *out)
{
	int err;

	ex->from = out->from;
	ex->to = out->to;
	ex->flags = out->flags;
	ex->tos = out->tos;
	ex->pt_from = out->pt_from;
	ex->pt_to = out->pt_to;
	memcpy(ex->ssrc, out->ssrc, sizeof(ex->ssrc));
	memcpy(ex->index_offset, out->index_offset, sizeof(ex->index_offset));
	err = dst_cache_init(&ex->route, GFP_KERNEL_ACCOUNT);
	if (err)
		return err;
	ex->seal = rtpe_crypt_make(&out->seal);
	if (IS_ERR(ex->seal)) {
		err = PTR_ERR(ex->seal);
		ex->seal = NULL;
	}
	return err;
}

struct rtpe_entry *rtpe_entry_make(const struct rtpe_flow *flow, const struct rtpe_output *outputs)
{
	struct rtpe_entry *entry;
	int i, err = check_flow(flow);

	for (i = 0; !err && i < flow->output_count; i++) {
		err = check_output(&outputs[i]);
		if (!err && flow->carries == RTPE_CARRIES_OPAQUE && outputs[i].seal.suite != RTPE_SUITE_NONE)
			err = -EINVAL;
	}
	if (err)
		return ERR_PTR(err);

	entry = kzalloc(struct_size(entry, exits, flow->output_count), GFP_KERNEL_ACCOUNT);
	if (!entry)
		return ERR_PTR(-ENOMEM);
	entry->local = flow->local;
	entry->source = flow->source;
	entry->flags = flow->flags;
	entry->carries = flow->carries;
	entry->source_check = flow->source_check;
	entry->generation = flow->generation;
	entry->stream = flow->stream;
	for (i = 0; i < flow->pt_count; i++)
		__set_bit(flow->pts[i].pt, entry->allowed_pts);
	entry->open = rtpe_crypt_make(&flow->open);
	if (IS_ERR(entry->open)) {
		err = PTR_ERR(entry->open);
		entry->open = NULL;
	}
	for (i = 0; !err && i < flow->output_count; i++) {
		entry->exit_count = i + 1;
		err = make_exit(&entry->exits[i], &outputs[i]);
	}
	if (err) {
		rtpe_entry_free(entry);
		return ERR_PTR(err);
	}
	return entry;
}

static void progress_put(struct rtpe_progress *progress)
{
	if (progress && refcount_dec_and_test(&progress->refs))
		kfree(progress);
}

void rtpe_entry_free(struct rtpe_entry *entry)
{
	int i;

	for (i = 0; i < entry->exit_count; i++) {
		dst_cache_destroy(&entry->exits[i].route);
		rtpe_crypt_free(entry->exits[i].seal);
	}
	rtpe_crypt_free(entry->open);
	progress_put(entry->progress);
	kfree(entry);
}

static void free_retired(struct work_struct *work)
{
	rtpe_entry_free(container_of(to_rcu_work(work), struct rtpe_entry, free_work));
}

void rtpe_entry_retire(struct rtpe_entry *entry)
{
	/* Process context, because crypto transforms may sleep when they go. */
	INIT_RCU_WORK(&entry->free_work, free_retired);
	queue_rcu_work(retire_queue, &entry->free_work);
}

int rtpe_entry_settle(struct rtpe_entry *entry, const struct rtpe_flow *flow, const struct rtpe_output *outputs,
		      struct rtpe_entry *older)
{
	struct rtpe_progress *p;
	int i;

	if (older) {
		p = older->progress;
		refcount_inc(&p->refs);
	} else {
		p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
		if (!p)
			return -ENOMEM;
		spin_lock_init(&p->lock);
		refcount_set(&p->refs, 1);
		p->installed_ns = ktime_get_ns();
	}
	spin_lock_bh(&p->lock);
	rtpe_stats_merge_pts(p, flow);
	rtpe_stats_merge_ssrcs(p, flow);
	for (i = 0; i < flow->output_count; i++) {
		/* Never back: an index that is used twice under one key gives the key stream away. */
		if (outputs[i].rtcp_index > p->outputs[i].rtcp_index)
			p->outputs[i].rtcp_index = outputs[i].rtcp_index;
	}
	spin_unlock_bh(&p->lock);
	entry->progress = p;
	return 0;
}

void rtpe_entry_snapshot(const struct rtpe_entry *entry, struct rtpe_snapshot *out)
{
	struct rtpe_progress *p = entry->progress;
	int i;

	memset(out, 0, sizeof(*out));
	out->local = entry->local;
	out->source = entry->source;
	out->generation = entry->generation;
	out->stream = entry->stream;
	out->flags = entry->flags;
	out->carries = entry->carries;
	out->source_check = entry->source_check;
	out->output_count = entry->exit_count;
	spin_lock_bh(&p->lock);
	out->installed_ns = p->installed_ns;
	out->last_packet_ns = p->last_packet_ns;
	out->last_tos = p->last_tos;
	out->received = p->received;
	memcpy(out->fates, p->fates, sizeof(out->fates));
	memcpy(out->pts, p->pts, sizeof(out->pts));
	memcpy(out->ssrcs, p->ssrcs, sizeof(out->ssrcs));
	for (i = 0; i < RTPE_SSRCS_MAX; i++)
		out->ssrcs[i].jitter_us = rtpe_meter_jitter_us(&p->meters[i]);
	memcpy(out->outputs, p->outputs, sizeof(out->outputs));
	for (i = 0; i < entry->exit_count; i++)
		memcpy(out->index_offset[i], entry->exits[i].index_offset, sizeof(out->index_offset[i]));
	spin_unlock_bh(&p->lock);
}

bool rtpe_entry_has_keys(const struct rtpe_entry *entry)
{
	int i;

	for (i = 0; i < entry->exit_count; i++)
		if (entry->exits[i].seal)
			return true;
	return entry->open;
}

void rtpe_entry_end(struct rtpe_entry *entry)
{
	spin_lock_bh(&entry->progress->lock);
	entry->progress->ended = true;
	spin_unlock_bh(&entry->progress->lock);
}

int rtpe_flow_init(void)
{
	retire_queue = alloc_workqueue("rtpengine", WQ_UNBOUND, 0);
	return retire_queue ? 0 : -ENOMEM;
}

void rtpe_flow_barrier(void)
{
	rcu_barrier();	/* queue_rcu_work: after this every retired entry is on the queue */
	flush_workqueue(retire_queue);
}

void rtpe_flow_exit(void)
{
	rtpe_flow_barrier();
	destroy_workqueue(retire_queue);
}
