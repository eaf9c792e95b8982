// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz SECONDS SEED: tables come and go, requests and packets are noise that is nearly right. The sanitizers see bytes
 * that are not ours, leaks and what C does not define; here it is checked that no packet, route, lock or process is
 * left over, that what passes up is as it came, and that plain packets leave as they came.
 */
#include "module.h"
#include <time.h>
#include "forward.h"
#include "proc.h"
#include "srtp.h"
#include "table.h"

#define TABLE 42
#define BIG 70000

bool rtpe_log_errors = true;
static struct net here = { 1 };
static struct nsproxy proxy = { &here };
static struct task_struct me = { &proxy };
struct task_struct *current = &me;
struct pid the_pid;

static u64 clock_ns;
u64 ktime_get_ns(void) { return clock_ns += noise_below(30000000); }

static u64 requests, taken, packets, opened;
static struct rtpe_totals sum;
static struct rtpe_srtp secret;		/* of most flows of a round, so that what is sealed is sometimes opened */
static u8 wire[BIG], *expected;		/* what left last; what must leave, if that is known */
static u32 wire_len, expected_len;

int rtpe_proc_add(struct rtpe_table *table) { return noise_one_in(200) ? -ENOMEM : 0; }
void rtpe_proc_del(struct rtpe_table *table) {}

void rtpe_send(struct net *net, struct sk_buff *skb, struct dst_entry *dst, const struct rtpe_exit *ex)
{
	static const s64 none[RTPE_SSRCS_MAX];

	BUG_ON(!dst || skb->len > sizeof(wire));
	wire_len = skb->len;
	skb_bytes(skb, wire);
	if (expected && !ex->seal && !(ex->flags & (RTPE_OUT_SSRC | RTPE_OUT_PT)) &&
	    !memcmp(ex->index_offset, none, sizeof(none)))
		BUG_ON(wire_len != expected_len || memcmp(wire, expected, wire_len));
	kfree_skb(skb);
	dst_release(dst);
}

/* ---- requests ---- */

static struct rtpe_addr some_addr(u8 family)
{
	struct rtpe_addr a = { .family = family, .port = 30000 + noise_below(6), .addr = { 10, 0, 0, 1 } };

	if (family == RTPE_INET6)
		a.addr[15] = 1;
	return a;
}

static struct rtpe_srtp some_secret(void)
{
	static const u8 tags[] = { 0, 10, 10, 4, 10, 16, 16 };
	struct rtpe_srtp s = { .suite = noise_below(RTPE_SUITES) };

	s.rtp_tag_len = s.rtcp_tag_len = tags[s.suite];
	if (!s.suite)
		return s;
	if (s.suite < RTPE_SUITE_AES_GCM_128) {
		s.flags = noise_one_in(6) ? noise_below(4) : 0;
		s.rtp_tag_len = noise_one_in(5) ? 0 : s.rtp_tag_len;
		s.rtcp_tag_len = 10;
	}
	s.mki_len = noise_one_in(4) ? noise_below(17) : 0;
	noise_fill(s.mki, s.mki_len);
	noise_fill(s.rtp.cipher, 32);
	s.rtcp = s.rtp;
	return s;
}

static struct rtpe_srtp shared_secret(void)
{
	static const struct rtpe_srtp plain;

	if (noise_one_in(2))
		return plain;
	return noise_one_in(6) ? some_secret() : secret;
}

static u32 make_install(void *room)
{
	u8 family = noise_one_in(3) ? RTPE_INET6 : RTPE_INET4;
	struct rtpe_flow *f = room;
	struct rtpe_output *out = (void *)(f + 1);
	int i, n;

	memset(f, 0, sizeof(*f));
	f->local = some_addr(family);
	f->source = some_addr(family);
	f->source_check = noise_one_in(4) ? noise_below(3) : RTPE_SOURCE_IGNORE;
	f->generation = noise_below(4);
	f->flags = noise_below(8);
	f->carries = noise_one_in(2) ? RTPE_CARRIES_BOTH : 1 + noise_below(4);
	f->pt_count = noise_below(5);
	for (i = 0; i < f->pt_count; i++)
		f->pts[i] = (struct rtpe_pt){ .pt = noise_below(8), .clock_hz = noise_one_in(2) ? 0 : noise_below(100000) };
	for (i = 0; i < RTPE_SSRCS_MAX; i++)
		if (noise_one_in(4))
			f->ssrcs[i] = (struct rtpe_ssrc){
				.ssrc = noise_below(6), .flags = noise_below(16), .rtcp_index = noise_below(100),
				.index = (u64)noise_below(3) << 16 | noise_below(65536), .window = noise(),
			};
	if (f->carries != RTPE_CARRIES_OPAQUE)
		f->open = shared_secret();
	f->output_count = noise_one_in(20) ? noise_below(RTPE_OUTPUTS_MAX + 2) : noise_below(4);
	n = min_t(int, f->output_count, RTPE_OUTPUTS_MAX);
	for (i = 0; i < n; i++, out++) {
		memset(out, 0, sizeof(*out));
		out->from = some_addr(family);
		out->to = some_addr(family);
		out->flags = noise_one_in(2) ? RTPE_OUT_RTP | RTPE_OUT_RTCP : noise_below(16);
		out->tos = noise();
		out->pt_from = noise_below(128);
		out->pt_to = noise_below(128);
		out->rtcp_index = noise_one_in(3) ? 0x7fffffff - noise_below(3) : noise_below(10);
		if (out->flags & RTPE_OUT_SSRC)
			noise_fill(out->ssrc, sizeof(out->ssrc));
		if (noise_one_in(4))
			noise_fill(out->index_offset, sizeof(out->index_offset));
		if (f->carries != RTPE_CARRIES_OPAQUE)
			out->seal = shared_secret();
	}
	f->request = (struct rtpe_request){ RTPE_OP_INSTALL, (u8 *)out - (u8 *)room };
	return f->request.size;
}

static u32 make_request(void *room)
{
	struct rtpe_claim *claim = room;
	struct rtpe_pick *pick = room;
	u32 len;

	switch (noise_below(8)) {
	case 0:
		*claim = (struct rtpe_claim){ { RTPE_OP_CLAIM, sizeof(*claim) }, RTPE_ABI_VERSION, noise_below(2) };
		len = sizeof(*claim);
		break;
	case 1:
	case 2:
		memset(pick, 0, sizeof(*pick));
		pick->request = (struct rtpe_request){ RTPE_OP_WITHDRAW + noise_below(2), sizeof(*pick) };
		pick->local = some_addr(noise_one_in(3) ? RTPE_INET6 : RTPE_INET4);
		pick->generation = noise_below(5);
		len = sizeof(*pick);
		break;
	case 3:
		len = noise_below(64);
		noise_fill(room, len);
		if (len >= 8 && noise_one_in(2))
			*(struct rtpe_request *)room = (struct rtpe_request){ noise_below(8), len };
		break;
	default:
		len = make_install(room);
	}
	if (noise_one_in(4))
		noise_spoil(room, len);
	if (noise_one_in(30))
		len = noise_below(len + 1);
	return len;
}

static void request(struct file *file)
{
	static u8 room[sizeof(struct rtpe_flow) + (RTPE_OUTPUTS_MAX + 2) * sizeof(struct rtpe_output)];
	u32 len = make_request(room);
	u8 *exact = malloc(len), *answer;
	ssize_t got;

	memcpy(exact, room, len);
	got = rtpe_control_ops.proc_write(file, (char *)exact, len, NULL);
	BUG_ON(got != (ssize_t)len && (got >= 0 || got < -4095));
	requests++;
	taken += got == (ssize_t)len;
	free(exact);
	if (noise_one_in(2)) {
		len = noise_one_in(2) ? sizeof(struct rtpe_snapshot) : noise_below(200);
		answer = malloc(len);
		got = rtpe_control_ops.proc_read(file, (char *)answer, len, NULL);
		BUG_ON(got > (ssize_t)len || got < -4095);
		free(answer);
	}
}

/* ---- packets ---- */

static u32 make_payload(u8 *to)
{
	u32 len = 12 + noise_below(noise_one_in(20) ? 1400 : 180);

	switch (noise_below(6)) {
	case 0:
		len = noise_below(80);
		noise_fill(to, len);
		return len;
	case 1:
		noise_fill(to, len);
		to[0] = 0x80;
		to[1] = 192 + noise_below(32);
		put_unaligned_be32(noise_below(6), to + 4);
		return len;
	case 2:
	case 3:
		memcpy(to, wire, min_t(u32, wire_len, 2000));
		return min_t(u32, wire_len, 2000);
	default:
		noise_fill(to, len);
		to[0] = noise_one_in(6) ? 0x80 | noise_below(64) : 0x80;
		to[1] = noise_below(8);
		put_unaligned_be16(noise_one_in(3) ? noise() : noise_below(200), to + 2);
		put_unaligned_be32(noise_below(6), to + 8);
		return len;
	}
}

/* An IP packet; where its payload begins. */
static u32 make_packet(u8 *to, u32 *len, struct rtpe_addr *local)
{
	u8 payload[4096];
	u32 body = make_payload(payload), header, options;

	*local = some_addr(noise_one_in(3) ? RTPE_INET6 : RTPE_INET4);
	if (local->family == RTPE_INET4) {
		struct iphdr *h = (void *)to;

		options = noise_one_in(5) ? noise_below(11) : 0;
		header = 20 + 4 * options;
		memset(to, 0, header + 8);
		h->version = 4;
		h->ihl = 5 + options;
		h->protocol = IPPROTO_UDP;
		h->frag_off = noise_one_in(20) ? noise() : 0;
		h->tot_len = htons(header + 8 + body);
		memcpy(&h->daddr, local->addr, 4);
		memcpy(&h->saddr, local->addr, 4);
	} else {
		struct ipv6hdr *h = (void *)to;

		header = sizeof(*h);
		memset(to, 0, header + 8);
		h->version = 6;
		h->nexthdr = noise_one_in(20) ? noise() : IPPROTO_UDP;
		h->payload_len = htons(8 + body);
		memcpy(h->daddr, local->addr, 16);
		memcpy(h->saddr, local->addr, 16);
	}
	put_unaligned_be16(30000 + noise_below(6), to + header);
	put_unaligned_be16(local->port, to + header + 2);
	put_unaligned_be16(8 + body, to + header + 4);
	memcpy(to + header + 8, payload, body);
	*len = header + 8 + body;
	return header + 8;
}

static void packet(struct rtpe_table *table)
{
	static u8 bytes[BIG], after[BIG];
	struct rtpe_entry *entry;
	struct rtpe_addr local;
	struct sk_buff *skb;
	enum rtpe_verdict verdict;
	u32 len, at = make_packet(bytes, &len, &local);
	bool spoilt = noise_one_in(3);
	u8 family = local.family == RTPE_INET4 ? NFPROTO_IPV4 : NFPROTO_IPV6;

	if (spoilt) {
		noise_spoil(bytes, noise_one_in(2) ? at : len);
		len = noise_one_in(3) ? noise_below(len + 1) : len;
	} else if (noise_one_in(8)) {
		noise_fill(bytes + len, 16);	/* more IP than UDP */
		len += noise_below(16);
	}
	skb = skb_make(bytes, len, noise_one_in(2) ? len : noise_below(len + 1), noise_below(80));
	skb->bad_sum = noise_one_in(20);
	skb->gso_size = noise_one_in(15) ? 1 + noise_below(400) : 0;
	skb->network = noise_one_in(300) ? 4 : 0;
	entry = rtpe_table_find(table, &local);
	expected = entry && !entry->open && !spoilt && !skb->gso_size ? bytes + at : NULL;
	expected_len = expected ? get_unaligned_be16(bytes + at - 4) - 8 : 0;
	verdict = rtpe_receive(&here, TABLE, skb, family);
	packets++;
	expected = NULL;
	if (verdict == RTPE_TAKEN) {
		skb = NULL;
	} else if (verdict != RTPE_DROP) {
		BUG_ON(skb->len != len);
		skb_bytes(skb, after);
		BUG_ON(memcmp(after, bytes, len));
	}
	kfree_skb(skb);
	BUG_ON(skbs_alive || routes_alive);
}

/* ---- the whole ---- */

static void look(struct rtpe_table *table)
{
	struct rtpe_snapshot shot;
	struct rtpe_totals totals;
	struct rtpe_entry *entry;
	unsigned long i;

	rtpe_table_totals(table, &totals);
	sum.received.packets += totals.received.packets;
	sum.sent.packets += totals.sent.packets;
	for (i = 0; i < RTPE_FATES; i++)
		sum.fates[i] += totals.fates[i];
	xa_for_each(&table->by_order, i, entry) {
		rtpe_entry_snapshot(entry, &shot);
		opened += entry->open ? shot.received.packets : 0;
	}
}

static void life_of_a_table(void)
{
	struct rtpe_claim claim = { { RTPE_OP_CLAIM, sizeof(claim) }, RTPE_ABI_VERSION, 0 };
	struct rtpe_table *table;
	struct inode inode = {};
	struct file files[2] = {};
	int i, n, turns = 1 + noise_below(6);

	secret = some_secret();
	if (rtpe_table_add(TABLE))
		return;
	table = inode.data = rtpe_table_get(TABLE);
	for (i = 0; i < 2; i++)
		if (rtpe_control_ops.proc_open(&inode, &files[i]))
			files[i].private_data = NULL;
	if (files[0].private_data)
		rtpe_control_ops.proc_write(&files[0], (char *)&claim, sizeof(claim), NULL);
	while (turns--) {
		for (n = noise_below(40); n--;) {
			struct file *file = &files[noise_one_in(8)];

			if (file->private_data)
				request(file);
		}
		for (n = noise_below(300); n--;)
			packet(table);
	}
	look(table);
	for (i = 0; i < 2; i++)
		if (files[i].private_data)
			rtpe_control_ops.proc_release(&inode, &files[i]);
	BUG_ON(rtpe_table_del(TABLE) || the_pid.refs);
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 5);
	u64 tables = 0;
	int i;

	noise_state = argc > 2 ? strtoull(argv[2], NULL, 0) * 2 + 1 : 1;
	BUG_ON(rtpe_tables_init() || rtpe_flow_init());
	/* So many at least: what is counted is then the same on every machine, however slow, for one seed. */
	for (; tables < 300 || time(NULL) < end; tables++)
		life_of_a_table();
	rtpe_flow_exit();
	rtpe_tables_exit();
	printf("tables %llu\nrequests %llu\ntaken %llu\npackets %llu\nreceived %llu\nopened %llu\nsent %llu\n",
	       (long long)tables, (long long)requests, (long long)taken, (long long)packets,
	       (long long)sum.received.packets, (long long)opened, (long long)sum.sent.packets);
	for (i = 0; i < RTPE_FATES; i++)
		printf("fate%d %llu\n", i, (long long)sum.fates[i]);
	return 0;
}
