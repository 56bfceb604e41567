/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What every BPF object of the engine has: rings, counters, load-time constants, walks. */
#ifndef TELOVIX_COMMON_BPF_H
#define TELOVIX_COMMON_BPF_H

/* Sizes of the rings are set by the engine before load. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} tx_ring_exec SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} tx_ring_main SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct tx_stats);
} tx_counters SEC(".maps");

/*
 * State of the bpf_loop walks. In map memory, not on the stack: kernels before 6.7 verify a
 * callback as if it ran once, take what it left on the stack for constant, and drop the branches
 * that only matter later. Of map memory the verifier assumes nothing.
 */
struct tx_walk {
	struct dentry *dentry;
	struct dentry *mnt_root;
	struct mount *mnt;
	u32 pos;     /* start of the path in scratch->walk; it grows downward */
	u32 dot_pos; /* topmost component that begins with a dot, 0: none */
	u32 cut;     /* no room: the first components are missing */
	u32 pad;
};

struct tx_kernfs_walk {
	struct kernfs_node *kn;
	u32 pos;
	u32 pad;
};

/* Who opened a socket: state changes often run in softirq, on top of an unrelated process. */
struct tx_owner {
	u64 start;
	u64 since;
	u32 tgid, tid, uid;
	u8 inbound;
	u8 connecting;
	u8 pad[2];
};

/* __u types here: these appear in the skeleton, which knows no others. */
const volatile __u64 tx_cookie_key = 0;     /* hides kernel addresses in socket cookies */
const volatile __u32 tx_wake_bytes[2] = {}; /* fill mark of each ring */

/* Process ids whose own calls are not reported (engine, sensor); they are counted. */
volatile __u32 tx_self[4] = {};

/*
 * From 7.0 on tracepoints can be preempted. The kernel skips a program that is entered while
 * another task stands in it on the same CPU, and what that run would have told is lost: so none is
 * preempted where there is something to tell. A constant once loaded: whether the kernel has these
 * functions.
 */
const volatile __u8 tx_stays = 0;

extern void bpf_preempt_disable(void) __ksym __weak;
extern void bpf_preempt_enable(void) __ksym __weak;

#define TX_UNDISTURBED(body)                   \
	({                                     \
		int _ret;                      \
		if (tx_stays)                  \
			bpf_preempt_disable(); \
		_ret = body;                   \
		if (tx_stays)                  \
			bpf_preempt_enable();  \
		_ret;                          \
	})

static __always_inline struct tx_stats *counters__get(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&tx_counters, &zero);
}

#define TX_COUNT(field)                                          \
	do {                                                     \
		struct tx_stats *_stats = counters__get();       \
		if (_stats)                                      \
			__sync_fetch_and_add(&_stats->field, 1); \
	} while (0)

static __always_inline bool process__is_self(u32 tgid)
{
	return tgid && (tgid == tx_self[0] || tgid == tx_self[1] || tgid == tx_self[2] ||
			tgid == tx_self[3]);
}

#endif
