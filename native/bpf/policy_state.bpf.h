/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Maps that only the policy programs use, and their work space. */
#ifndef TELOVIX_POLICY_STATE_BPF_H
#define TELOVIX_POLICY_STATE_BPF_H

#define TX_WALK_BUF (TX_PATH_MAX + TX_NAME_MAX)
#define TX_PSLOTS 8
#define TX_PCODE_STACK 64

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct tx_address_key);
	__type(value, struct tx_mask);
} tx_addresses SEC(".maps");

/* The rows of one build of a hook point. */
struct rows_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TX_HOOK_ROWS);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(union tx_row));
};

/* Two per hook point: the one that tx_fronts names is in force, the other is free for the next
 * build. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2 * TX_HOOK_POINTS);
	__type(key, u32);
	__array(values, struct rows_map);
} tx_hooks SEC(".maps");

/* Which of the two: read once per run, so that a run never sees two builds. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TX_HOOK_POINTS);
	__type(key, u32);
	__type(value, struct tx_front);
} tx_fronts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TX_POLICIES);
	__type(key, u32);
	__type(value, struct tx_policy_row);
} tx_policies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TX_POLICIES);
	__type(key, u32);
	__type(value, struct tx_policy_stats);
} tx_policy_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TX_HOOK_POINTS);
	__type(key, u32);
	__type(value, struct tx_point_cost);
} tx_point_costs SEC(".maps");

/* Processes that are never enforced against. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u32);
} tx_guard SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct tx_mark);
} tx_marks SEC(".maps");

struct tx_rate_key {
	u32 selector;
	u32 who;
	u64 args;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct tx_rate_key);
	__type(value, u64);
} tx_rates SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * TX_SYSCALLS);
	__type(key, u32);
	__type(value, struct tx_call_hooks);
} tx_call_hooks SEC(".maps");

/* Sockets that TrackSock has given an owner. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, u64);
	__type(value, struct tx_owner);
} tx_tracked SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TX_PENDINGS);
	__type(key, u64);
	__type(value, struct tx_pending);
} tx_pendings SEC(".maps");

/* How many there are of a hook point. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TX_HOOK_POINTS);
	__type(key, u32);
	__type(value, u32);
} tx_pending_counts SEC(".maps");

struct tx_iovec_walk {
	u64 from, total;
	u32 count, arg, off, used, max, user;
};

/*
 * Work space of one run. On preemptible kernels another task may enter the same program on the same
 * CPU, and an interrupt may on all: a run claims one of several.
 */
struct tx_scratch {
	u64 busy; /* see scratch__claim */
	s64 ret;
	u64 began;   /* 0: this run is not measured */
	u64 id;      /* of the thread and its process, as bpf_get_current_pid_tgid says */
	u64 context; /* the tracepoint's record */
	u64 regs;    /* pt_regs */
	u32 point;
	u32 rows;      /* 2 * point + which */
	u32 nr;        /* system call */
	u32 last_hook; /* whose selector matched last: the first wins */
	u32 first_policy;
	u16 returning; /* at the return of a call that was kept */
	u16 unread;    /* TX_UNREAD_* */
	s32 error;     /* to be returned instead of the call, with overridden */
	u32 overridden;
	u32 want; /* TX_SEL_* of what is posted */
	u32 op, ops_end, held, group, failed;
	u32 stack_top;
	u32 self_found;
	struct tx_hook_row head; /* up to the selectors */
	u64 mask[TX_MASK_WORDS];
	u64 stack[TX_PCODE_STACK];
	char turned[128];
	struct tx_text_key text;
	struct tx_address_key address;
	struct tx_int_key number;
	struct tx_rate_key rate;
	struct tx_mark mark;
	struct tx_walk w;
	struct tx_kernfs_walk kernfs;
	struct tx_iovec_walk iov;
	char walk[TX_WALK_BUF];
	struct tx_unread kept; /* see unread__keep */
	/* From here on as in struct tx_pending. */
	u64 now;
	u64 raw[8]; /* arguments as they came; index masked with 7 */
	u64 matched[TX_MASK_WORDS];
	char record[sizeof(struct tx_policy_event) + TX_EVENT_DATA + TX_ARG_DATA_MAX]
		__attribute__((aligned(8)));
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TX_PSLOTS);
	__type(key, u32);
	__type(value, struct tx_scratch);
} tx_pscratches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct tx_policy_totals);
} tx_policy_totals SEC(".maps");

#define TX_TOTAL(field)                                                                       \
	do {                                                                                  \
		u32 _zero = 0;                                                                \
		struct tx_policy_totals *_t = bpf_map_lookup_elem(&tx_policy_totals, &_zero); \
		if (_t)                                                                       \
			__sync_fetch_and_add(&_t->field, 1);                                  \
	} while (0)

#define TX_POLICY_COUNT(policy, field)                                                         \
	do {                                                                                   \
		u32 _policy = (policy);                                                        \
		struct tx_policy_stats *_c = bpf_map_lookup_elem(&tx_policy_counts, &_policy); \
		if (_c)                                                                        \
			__sync_fetch_and_add(&_c->field, 1);                                   \
	} while (0)

static __always_inline struct tx_scratch *scratch__get(u32 slot)
{
	return bpf_map_lookup_elem(&tx_pscratches, &slot);
}

/* The rows of a build; whoever looks at several finds them once. */
static __always_inline void *rows__get(u32 rows)
{
	return bpf_map_lookup_elem(&tx_hooks, &rows);
}

static __always_inline union tx_row *row__of(void *map, u32 index)
{
	return bpf_map_lookup_elem(map, &index);
}

/* A row of the build this run looks at. */
static __always_inline union tx_row *row__get(u32 rows, u32 index)
{
	void *map = rows__get(rows);

	return map ? row__of(map, index) : NULL;
}

static __always_inline struct tx_policy_event *scratch__event(struct tx_scratch *s)
{
	return (struct tx_policy_event *)s->record;
}

#endif
