// SPDX-License-Identifier: GPL-2.0-only
/* /proc/rtpengine/N/status and stats. */
#include "module.h"
#include <linux/pid.h>
#include "proc.h"
#include "table.h"

int rtpe_status_show(struct seq_file *m, void *v)
{
	struct rtpe_table *table = m->private;

	mutex_lock(&table->lock);
	seq_printf(m, "Refcount:    %u\n", 1);	/* rules do not hold tables, so it is always the list's own */
	seq_printf(m, "Control PID: %u\n", pid_vnr(table->owner_pid));
	seq_printf(m, "Targets:     %u\n", table->flow_count);
	mutex_unlock(&table->lock);
	return 0;
}

static void line(struct seq_file *m, const char *name, u64 value)
{
	seq_printf(m, "%-20s %llu\n", name, value);
}

int rtpe_stats_show(struct seq_file *m, void *v)
{
	static const char *const fates[RTPE_FATES] = {
		[RTPE_FATE_SOURCE] = "dropped_source",
		[RTPE_FATE_AUTH] = "dropped_auth",
		[RTPE_FATE_REPLAY] = "dropped_replay",
		[RTPE_FATE_MALFORMED] = "dropped_malformed",
		[RTPE_FATE_NO_OUTPUT] = "dropped_no_output",
		[RTPE_FATE_SEND] = "dropped_send",
		[RTPE_FATE_PASS_KIND] = "passed_kind",
		[RTPE_FATE_PASS_SOURCE] = "passed_source",
		[RTPE_FATE_PASS_PT] = "passed_payload_type",
		[RTPE_FATE_PASS_SSRC] = "passed_ssrc",
		[RTPE_FATE_PASS_ROUTE] = "passed_route",
		[RTPE_FATE_PASS_ODD] = "passed_odd",
	};
	struct rtpe_table *table = m->private;
	struct rtpe_totals t;
	int i;

	rtpe_table_totals(table, &t);
	line(m, "targets", READ_ONCE(table->flow_count));
	line(m, "rules", atomic_read(&rtpe_rules[table->id]));
	line(m, "installs", READ_ONCE(table->installs));
	line(m, "replacements", READ_ONCE(table->replacements));
	line(m, "packets_received", t.received.packets);
	line(m, "bytes_received", t.received.bytes);
	line(m, "packets_forwarded", t.sent.packets);
	line(m, "bytes_forwarded", t.sent.bytes);
	line(m, "errors", t.received.errors);
	for (i = 0; i < RTPE_FATES; i++)
		line(m, fates[i], t.fates[i]);
	return 0;
}
