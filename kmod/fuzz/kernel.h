/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of the kernel as the module's packet path and control file need, in user space, for one thread. Memory is
 * exactly as large as was asked for, so that the sanitizers see every byte beyond; allocations fail now and then.
 * What would be a bug in the kernel (a lock taken twice, a length below zero) ends the program.
 */
#ifndef FUZZ_KERNEL_H
#define FUZZ_KERNEL_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include "noise.h"

/* ---- language ---- */

typedef uint8_t u8, __u8;
typedef uint16_t u16, __u16;
typedef uint32_t u32, __u32, __be32;
typedef uint64_t u64, __u64;
typedef int32_t s32, __s32;
typedef int64_t s64, __s64;

#define __user
#define __rcu
#define __net_exit
#define BUG_ON(x) do { if (x) { fprintf(stderr, "BUG_ON(%s) in %s\n", #x, __func__); abort(); } } while (0)
#define BUILD_BUG_ON(x) _Static_assert(!(x), #x)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define struct_size(p, member, n) (sizeof(*(p)) + (n) * sizeof((p)->member[0]))
#define min_t(type, a, b) ((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define swap(a, b) do { typeof(a) old_ = (a); (a) = (b); (b) = old_; } while (0)
#define BITS_TO_LONGS(n) (((n) + 63) / 64)
#define IS_ENABLED(x) 1
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))
#define LINUX_VERSION_CODE KERNEL_VERSION(99, 0, 0)
#define KBUILD_MODNAME "fuzz"
#define THIS_MODULE NULL
#define pr_info_ratelimited(...) do { if (0) printf(__VA_ARGS__); } while (0)

#define ERR_PTR(e) ((void *)(long)(e))
#define PTR_ERR(p) ((int)(long)(p))
#define IS_ERR(p) ((unsigned long)(p) >= (unsigned long)-4095)
#define IS_ERR_OR_NULL(p) (!(p) || IS_ERR(p))
#define ERR_CAST(p) ((void *)(p))

static inline void __set_bit(int n, unsigned long *bits) { bits[n / 64] |= 1UL << n % 64; }
static inline bool test_bit(int n, const unsigned long *bits) { return bits[n / 64] >> n % 64 & 1; }
static inline u64 div_u64(u64 a, u32 b) { return a / b; }
static inline size_t strscpy(char *to, const char *from, size_t n) { return snprintf(to, n, "%s", from); }

static inline u16 get_unaligned_be16(const void *p) { const u8 *b = p; return b[0] << 8 | b[1]; }
static inline u32 get_unaligned_be32(const void *p) { return (u32)get_unaligned_be16(p) << 16 | get_unaligned_be16((const u8 *)p + 2); }
static inline void put_unaligned_be16(u16 v, void *p) { u8 *b = p; b[0] = v >> 8; b[1] = v; }
static inline void put_unaligned_be32(u32 v, void *p) { put_unaligned_be16(v >> 16, p); put_unaligned_be16(v, (u8 *)p + 2); }

static inline void *memchr_inv(const void *p, int c, size_t n)
{
	const u8 *b = p;

	for (; n; n--, b++)
		if (*b != (u8)c)
			return (void *)b;
	return NULL;
}

static inline unsigned long crypto_memneq(const void *a, const void *b, size_t n) { return memcmp(a, b, n); }

/* ---- memory ---- */

#define GFP_KERNEL 0
#define GFP_KERNEL_ACCOUNT 0
#define GFP_ATOMIC 0
static inline void *kmalloc(size_t n, int how) { return noise_one_in(2000) ? NULL : malloc(n); }
static inline void *kzalloc(size_t n, int how) { return noise_one_in(2000) ? NULL : calloc(1, n); }
static inline void kfree(const void *p) { free((void *)p); }
static inline void kfree_sensitive(const void *p) { free((void *)p); }
static inline void *memdup_user(const void *from, size_t n)
{
	void *p = kmalloc(n, 0);

	return p ? memcpy(p, from, n) : ERR_PTR(-ENOMEM);
}
static inline int copy_to_user(void *to, const void *from, size_t n) { memcpy(to, from, n); return 0; }

/* ---- locks: one thread, so a lock that is taken is a mistake ---- */

typedef struct { bool held; } spinlock_t;
struct mutex { bool held; };
static inline void spin_lock_init(spinlock_t *l) { l->held = false; }
static inline void spin_lock(spinlock_t *l) { BUG_ON(l->held); l->held = true; }
static inline void spin_unlock(spinlock_t *l) { BUG_ON(!l->held); l->held = false; }
#define spin_lock_bh spin_lock
#define spin_unlock_bh spin_unlock
#define DEFINE_MUTEX(name) struct mutex name
static inline void mutex_init(struct mutex *l) { l->held = false; }
static inline void mutex_lock(struct mutex *l) { BUG_ON(l->held); l->held = true; }
static inline void mutex_unlock(struct mutex *l) { BUG_ON(!l->held); l->held = false; }
#define lockdep_assert_held(l) BUG_ON(!(l)->held)
#define lockdep_is_held(l) ((l)->held)
static inline void local_bh_disable(void) {}
static inline void local_bh_enable(void) {}

struct rcu_head { int none; };
static inline void rcu_read_lock(void) {}
static inline void rcu_read_unlock(void) {}
static inline void rcu_barrier(void) {}
static inline void synchronize_rcu(void) {}
static inline void synchronize_rcu_expedited(void) {}
#define rcu_dereference(p) (p)
#define rcu_access_pointer(p) (p)
#define rcu_dereference_protected(p, why) ((void)(why), (p))
#define rcu_assign_pointer(p, v) ((p) = (v))

typedef struct { int n; } refcount_t, atomic_t;
static inline void refcount_set(refcount_t *r, int n) { r->n = n; }
static inline void refcount_inc(refcount_t *r) { BUG_ON(r->n <= 0); r->n++; }
static inline bool refcount_dec_and_test(refcount_t *r) { BUG_ON(r->n <= 0); return !--r->n; }

/* Grace periods are over at once: whoever still used what was retired would use freed memory. */
struct work_struct { int none; };
struct rcu_work { struct work_struct work; void (*act)(struct work_struct *); };
struct workqueue_struct { int none; };
#define WQ_UNBOUND 0
#define INIT_RCU_WORK(w, f) ((w)->act = (f))
#define to_rcu_work(w) container_of(w, struct rcu_work, work)
static inline void queue_rcu_work(struct workqueue_struct *q, struct rcu_work *w) { w->act(&w->work); }
static inline struct workqueue_struct *alloc_workqueue(const char *name, int how, int n) { return calloc(1, 4); }
static inline void flush_workqueue(struct workqueue_struct *q) {}
static inline void destroy_workqueue(struct workqueue_struct *q) { free(q); }

/* ---- the two indices of a table ---- */

struct rhash_head { struct rhash_head *next; };
struct rhashtable { struct rhash_head *first; int count; };
struct rhashtable_compare_arg { const void *key; };
struct rhashtable_params {
	int (*obj_cmpfn)(struct rhashtable_compare_arg *, const void *);
	size_t key_len, key_offset, head_offset;
	int max_size;
	bool automatic_shrinking;
};
static inline int rhashtable_init(struct rhashtable *t, const struct rhashtable_params *p)
{
	memset(t, 0, sizeof(*t));
	return noise_one_in(100) ? -ENOMEM : 0;
}
static inline void rhashtable_destroy(struct rhashtable *t) { BUG_ON(t->first); }
static inline void *rhashtable_lookup(struct rhashtable *t, const void *key, const struct rhashtable_params p)
{
	struct rhashtable_compare_arg arg = { key };
	struct rhash_head *h;

	for (h = t->first; h; h = h->next)
		if (!p.obj_cmpfn(&arg, (char *)h - p.head_offset))
			return (char *)h - p.head_offset;
	return NULL;
}
static inline int rhashtable_insert_fast(struct rhashtable *t, struct rhash_head *h, const struct rhashtable_params p)
{
	if (noise_one_in(500))
		return noise_one_in(2) ? -E2BIG : -ENOMEM;
	h->next = t->first;
	t->first = h;
	t->count++;
	return 0;
}
static inline int rhashtable_remove_fast(struct rhashtable *t, struct rhash_head *h, const struct rhashtable_params p)
{
	struct rhash_head **at = &t->first;

	while (*at && *at != h)
		at = &(*at)->next;
	BUG_ON(!*at);
	*at = h->next;
	t->count--;
	return 0;
}
static inline int rhashtable_replace_fast(struct rhashtable *t, struct rhash_head *old, struct rhash_head *h,
					  const struct rhashtable_params p)
{
	if (noise_one_in(500))
		return -ENOENT;
	rhashtable_remove_fast(t, old, p);
	h->next = t->first;
	t->first = h;
	t->count++;
	return 0;
}

#define PLACES 64
struct xarray { void *place[PLACES]; };
#define XA_FLAGS_ALLOC1 0
#define xa_limit_31b 0
static inline void xa_init_flags(struct xarray *x, int flags) { memset(x, 0, sizeof(*x)); }
static inline void xa_destroy(struct xarray *x) { BUG_ON(memchr_inv(x, 0, sizeof(*x))); }
static inline int xa_alloc_cyclic(struct xarray *x, u32 *id, void *v, int limit, u32 *next, int how)
{
	u32 i;

	for (i = 1; i < PLACES; i++)
		if (!x->place[i]) {
			x->place[*id = i] = v;
			return 0;
		}
	return -EBUSY;
}
static inline void *xa_store(struct xarray *x, u32 id, void *v, int how) { BUG_ON(!x->place[id]); return x->place[id] = v; }
static inline void *xa_erase(struct xarray *x, u32 id) { BUG_ON(!x->place[id]); x->place[id] = NULL; return NULL; }
#define xa_for_each(x, i, v) for ((i) = 0; (i) < PLACES; (i)++) if (((v) = (x)->place[i]))

/* ---- processes, namespaces, files ---- */

struct net { int number; };
struct nsproxy { struct net *net_ns; };
struct task_struct { struct nsproxy *nsproxy; };
extern struct task_struct *current;
struct pernet_operations { void (*exit)(struct net *); };
static inline int register_pernet_subsys(struct pernet_operations *ops) { return 0; }
static inline void unregister_pernet_subsys(struct pernet_operations *ops) {}
static inline void __module_get(void *m) {}
static inline void module_put(void *m) {}

struct pid { int refs; };
extern struct pid the_pid;
static inline struct pid *task_tgid(struct task_struct *t) { return &the_pid; }
static inline struct pid *get_pid(struct pid *p) { p->refs++; return p; }
static inline void put_pid(struct pid *p) { if (p) { BUG_ON(p->refs <= 0); p->refs--; } }
static inline int pid_vnr(struct pid *p) { return p ? 7 : 0; }

struct proc_dir_entry { int none; };
struct seq_file { int none; };
struct inode { void *data; };
struct file { void *private_data; };
struct proc_ops {
	int (*proc_open)(struct inode *, struct file *);
	int (*proc_release)(struct inode *, struct file *);
	ssize_t (*proc_read)(struct file *, char *, size_t, loff_t *);
	ssize_t (*proc_write)(struct file *, const char *, size_t, loff_t *);
};
static inline void *pde_data(struct inode *i) { return i->data; }
static inline int stream_open(struct inode *i, struct file *f) { return 0; }

/* ---- packets (skb.c) ---- */

#define NFPROTO_IPV4 2
#define NFPROTO_IPV6 10
#define NF_INET_LOCAL_IN 1
#define NETIF_F_SG 0
#define NETIF_F_HW_CSUM 0
#define IFF_LOOPBACK 8

struct net_device { unsigned int flags; };
struct dst_entry { struct net_device *dev; };
struct dst_cache { void *room; };
struct ipv6hdr {
	u8 priority:4, version:4;
	u8 flow_lbl[3];
	u16 payload_len;
	u8 nexthdr, hop_limit, saddr[16], daddr[16];
};

struct sk_buff {
	struct sk_buff *next;
	struct net_device *dev;
	u8 *head, *data, *tail, *end;	/* the linear part and the room around it */
	u8 *rest;			/* what is elsewhere, data_len bytes */
	u32 len, data_len;
	int network;			/* offset from data */
	u32 gso_size;			/* 0: one packet */
	bool bad_sum;
};

extern int skbs_alive, routes_alive;
struct sk_buff *skb_make(const u8 *bytes, u32 len, u32 linear, u32 headroom);
void skb_bytes(const struct sk_buff *skb, u8 *to);
bool pskb_may_pull(struct sk_buff *skb, u32 len);
int pskb_trim(struct sk_buff *skb, u32 len);
int pskb_expand_head(struct sk_buff *skb, int front, int behind, int how);
void *skb_header_pointer(const struct sk_buff *skb, int at, int len, void *room);
struct sk_buff *skb_copy(const struct sk_buff *skb, int how);
struct sk_buff *__skb_gso_segment(struct sk_buff *skb, int features, bool tx_path);
void kfree_skb(struct sk_buff *skb);
void netif_rx(struct sk_buff *skb);
void dst_release(struct dst_entry *dst);

#define pskb_copy skb_copy
static inline int skb_network_offset(const struct sk_buff *skb) { return skb->network; }
static inline struct iphdr *ip_hdr(const struct sk_buff *skb) { return (struct iphdr *)(skb->data + skb->network); }
static inline struct ipv6hdr *ipv6_hdr(const struct sk_buff *skb) { return (struct ipv6hdr *)(skb->data + skb->network); }
static inline bool ip_is_fragment(const struct iphdr *h) { return h->frag_off & htons(0x3fff); }
static inline u8 ipv6_get_dsfield(const struct ipv6hdr *h) { return ntohs(*(const u16 *)h) >> 4; }
static inline bool skb_is_gso(const struct sk_buff *skb) { return skb->gso_size; }
static inline u32 nf_checksum(struct sk_buff *skb, int hook, u32 at, u8 protocol, int family) { return skb->bad_sum; }
static inline void __skb_pull(struct sk_buff *skb, u32 n)
{
	BUG_ON(n > skb->len || n > skb->len - skb->data_len);
	skb->data += n; skb->len -= n; skb->network -= n;
}
static inline void __skb_push(struct sk_buff *skb, u32 n)
{
	BUG_ON(skb->data - skb->head < (long)n);
	skb->data -= n; skb->len += n; skb->network += n;
}
static inline void skb_put(struct sk_buff *skb, int n)
{
	BUG_ON(skb->data_len || n < 0 || skb->end - skb->tail < n);
	skb->tail += n; skb->len += n;
}
static inline void skb_trim(struct sk_buff *skb, u32 len)
{
	BUG_ON(skb->data_len);
	if (len < skb->len) { skb->tail -= skb->len - len; skb->len = len; }
}
static inline bool skb_mac_header_was_set(const struct sk_buff *skb) { return false; }
static inline int skb_mac_offset(const struct sk_buff *skb) { return 0; }
static inline void skb_mark_not_on_list(struct sk_buff *skb) { skb->next = NULL; }
#define skb_list_walk_safe(first, skb, n) for ((skb) = (first), (n) = (skb) ? (skb)->next : NULL; (skb); \
	(skb) = (n), (n) = (skb) ? (skb)->next : NULL)

static inline int dst_cache_init(struct dst_cache *c, int how) { return (c->room = kmalloc(8, how)) ? 0 : -ENOMEM; }
static inline void dst_cache_destroy(struct dst_cache *c) { kfree(c->room); c->room = NULL; }
u64 ktime_get_ns(void);

#endif
