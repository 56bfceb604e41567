/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Maps of the base sensors. */
#ifndef TELOVIX_MAPS_BPF_H
#define TELOVIX_MAPS_BPF_H

/*
 * Work space of one program. Raw tracepoint programs have a per-CPU recursion guard in the kernel
 * (a second entry is skipped and counted as recursion_misses), so one buffer per program and CPU
 * is never used twice at a time, preemptible kernels included.
 */
struct tx_path_key {
	u32 prefixlen;
	char path[TX_WATCH_PREFIX];
};

struct tx_call {
	u64 args[8]; /* six; the last two stay 0, so that an index masked with 7 is good */
	s64 ret;
	u32 nr;
	struct tx_sysdef def;
};

/* What sys_exit has found out about an open that succeeded. */
struct tx_open_seen {
	u64 file; /* 0: nothing */
	u64 tag;  /* cold.bpf.h */
};

struct tx_scan {
	u32 from; /* of the text in scratch->record */
	u32 len;
	u32 dot; /* first component that begins with a dot, plus one; 0: none */
	u32 unclean;
	char window[3]; /* the characters before this one */
	char pad;
};

#define TX_WALK_BUF (TX_PATH_MAX + TX_NAME_MAX)
#define TX_WALK_FRONT 128
#define TX_RECORD_MAX (sizeof(struct tx_proc) + TX_PROC_DATA + TX_PATH_MAX)
struct tx_scratch {
	struct tx_call call;
	struct tx_open_seen seen;
	struct tx_path_key key;
	struct tx_text_key text;
	struct tx_walk w;
	struct tx_kernfs_walk kernfs;
	struct tx_scan scan;
	char front[TX_WALK_FRONT]; /* what may stand directly before a path */
	char walk[TX_WALK_BUF];
	char record[TX_RECORD_MAX] __attribute__((aligned(8)));
};

enum { TX_SCRATCH_EXEC, TX_SCRATCH_FORK, TX_SCRATCH_CALL, TX_SCRATCH_ITER, TX_SCRATCHES };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TX_SCRATCHES);
	__type(key, u32);
	__type(value, struct tx_scratch);
} tx_scratches SEC(".maps");

/*
 * System call number (native, then compat from TX_SYSCALLS on) to what is done with it: a struct
 * tx_sysdef as a word. No map to be looked up: this is read on every call of every process.
 */
const volatile __u64 tx_calls[2 * TX_SYSCALLS] = {};

/*
 * Watched path prefixes: "/etc/shadow" from the root, "~/.ssh" below any directory whose first
 * dot-component it is (see watch.bpf.h); and the directories above them (see cold.bpf.h).
 */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1 << 18);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct tx_path_key);
	__type(value, struct tx_watch);
} tx_watched SEC(".maps");

/* Failed connects already reported by the state change, until connect(2) returns. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u64);
} tx_failed SEC(".maps");

struct tx_udp_key {
	u64 sock;
	u8 daddr[16];
	u16 dport;
	u16 pad[3];
};

/* Last report per UDP socket and peer. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct tx_udp_key);
	__type(value, u64);
} tx_udp_seen SEC(".maps");

/* (tgid << 32 | fd) of connected UDP sockets: only these make us look into read and write. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, u64);
	__type(value, u8);
} tx_udp_fds SEC(".maps");

/* Not again for this long: one report per UDP socket and peer. */
const volatile __u64 tx_udp_repeat_ns = 10000000000ULL;

static __always_inline struct tx_scratch *scratch__get(u32 slot)
{
	return bpf_map_lookup_elem(&tx_scratches, &slot);
}

#endif
