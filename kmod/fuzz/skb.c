// SPDX-License-Identifier: GPL-2.0-only
/* Packets whose linear part is exactly as long as it is said to be; and the ends of the way: routes, room, sending. */
#include "forward.h"

int skbs_alive, routes_alive;
static struct net_device wire, loop = { .flags = IFF_LOOPBACK };

static struct sk_buff *lay_out(u32 front, u32 linear, u32 behind, u32 rest)
{
	struct sk_buff *skb = calloc(1, sizeof(*skb));

	skb->head = malloc(front + linear + behind);
	skb->data = skb->head + front;
	skb->tail = skb->data + linear;
	skb->end = skb->tail + behind;
	skb->rest = malloc(rest);
	skb->len = linear + rest;
	skb->data_len = rest;
	skbs_alive++;
	return skb;
}

struct sk_buff *skb_make(const u8 *bytes, u32 len, u32 linear, u32 headroom)
{
	struct sk_buff *skb = lay_out(headroom, linear, 0, len - linear);

	memcpy(skb->data, bytes, linear);
	memcpy(skb->rest, bytes + linear, len - linear);
	skb->dev = noise_one_in(8) ? &loop : &wire;
	return skb;
}

void skb_bytes(const struct sk_buff *skb, u8 *to)
{
	u32 linear = skb->len - skb->data_len;

	memcpy(to, skb->data, linear);
	memcpy(to + linear, skb->rest, skb->data_len);
}

static void discard(struct sk_buff *skb)
{
	free(skb->head);
	free(skb->rest);
	free(skb);
	skbs_alive--;
}

void kfree_skb(struct sk_buff *skb)
{
	if (skb)
		discard(skb);
}

void netif_rx(struct sk_buff *skb)
{
	discard(skb);
}

/* New memory for the linear part, with `linear` bytes in it and so much room. */
static void move(struct sk_buff *skb, u32 front, u32 linear, u32 behind)
{
	u32 old = skb->len - skb->data_len, pulled = linear - old;
	u8 *head = malloc(front + linear + behind), *rest = malloc(skb->data_len - pulled);

	memcpy(head + front, skb->data, old);
	memcpy(head + front + old, skb->rest, pulled);
	memcpy(rest, skb->rest + pulled, skb->data_len - pulled);
	free(skb->head);
	free(skb->rest);
	skb->head = head;
	skb->data = head + front;
	skb->tail = skb->data + linear;
	skb->end = skb->tail + behind;
	skb->rest = rest;
	skb->data_len -= pulled;
}

bool pskb_may_pull(struct sk_buff *skb, u32 len)
{
	if (len <= skb->len - skb->data_len)
		return true;
	if (len > skb->len || noise_one_in(1000))
		return false;
	move(skb, skb->data - skb->head, len, 0);
	return true;
}

int pskb_expand_head(struct sk_buff *skb, int front, int behind, int how)
{
	u32 linear = skb->len - skb->data_len;

	BUG_ON(front < 0 || behind < 0);
	if (noise_one_in(1000))
		return -ENOMEM;
	move(skb, skb->data - skb->head + front, linear, skb->end - skb->tail + behind);
	return 0;
}

int pskb_trim(struct sk_buff *skb, u32 len)
{
	u32 linear = skb->len - skb->data_len;

	if (len >= skb->len)
		return 0;
	if (noise_one_in(1000))
		return -ENOMEM;
	if (len <= linear) {
		skb->data_len = 0;
		skb->tail = skb->data + len;
	} else {
		skb->data_len = len - linear;
	}
	skb->len = len;
	/* What was cut off is not ours to read. */
	skb->rest = realloc(skb->rest, skb->data_len ?: 1);
	return 0;
}

void *skb_header_pointer(const struct sk_buff *skb, int at, int len, void *room)
{
	u32 linear = skb->len - skb->data_len, i;

	if (at < 0 || len < 0 || (u32)at + len > skb->len)
		return NULL;
	if ((u32)at + len <= linear)
		return skb->data + at;
	for (i = 0; i < (u32)len; i++)
		((u8 *)room)[i] = at + i < linear ? skb->data[at + i] : skb->rest[at + i - linear];
	return room;
}

struct sk_buff *skb_copy(const struct sk_buff *skb, int how)
{
	u32 linear = skb->len - skb->data_len;
	struct sk_buff *copy;

	if (noise_one_in(500))
		return NULL;
	copy = lay_out(skb->data - skb->head, linear, 0, skb->data_len);
	memcpy(copy->data, skb->data, linear);
	memcpy(copy->rest, skb->rest, skb->data_len);
	copy->dev = skb->dev;
	copy->network = skb->network;
	copy->bad_sum = skb->bad_sum;
	return copy;
}

/* Segments repeat the headers, whose lengths nobody has proved yet. */
struct sk_buff *__skb_gso_segment(struct sk_buff *skb, int features, bool tx_path)
{
	u32 headers = min_t(u32, skb->len, 28), at;
	struct sk_buff *first = NULL, **last = &first;
	u8 bytes[65536], all[65536];

	if (noise_one_in(20))
		return noise_one_in(2) ? NULL : ERR_PTR(-EINVAL);
	skb_bytes(skb, all);
	memcpy(bytes, all, headers);
	for (at = headers; at < skb->len; at += skb->gso_size) {
		u32 len = min_t(u32, skb->gso_size, skb->len - at), whole = headers + len;
		struct sk_buff *part;

		memcpy(bytes + headers, all + at, len);
		if (headers == 28 && !noise_one_in(10)) {
			put_unaligned_be16(whole, bytes + 2);
			put_unaligned_be16(len + 8, bytes + 24);
		}
		part = skb_make(bytes, whole, headers + noise_below(len + 1), noise_below(64));
		*last = part;
		last = &part->next;
	}
	return first;
}

/* ---- send.c, as its header promises ---- */

void dst_release(struct dst_entry *dst)
{
	if (!dst)
		return;
	routes_alive--;
	free(dst);
}

struct dst_entry *rtpe_exit_route(struct net *net, struct rtpe_exit *ex)
{
	struct dst_entry *dst;

	if (noise_one_in(50))
		return NULL;
	dst = calloc(1, sizeof(*dst));
	dst->dev = noise_one_in(8) ? &loop : &wire;
	routes_alive++;
	return dst;
}

bool rtpe_make_room(struct sk_buff *skb, const struct dst_entry *dst, u32 len, u32 behind, bool flat)
{
	BUG_ON(!dst);
	if (flat)
		len = skb->len;
	if (len > skb->len || !pskb_may_pull(skb, len) || noise_one_in(1000))
		return false;
	/* Exactly the room that was asked for. */
	move(skb, 64, skb->len - skb->data_len, behind);
	return true;
}
