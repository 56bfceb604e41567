/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Maps of policies. The base object has those of the first part too, and the policy object takes
 * its: what a process is known by is kept at fork and exec, whichever policy asks.
 */
#ifndef TELOVIX_POLICY_MAPS_BPF_H
#define TELOVIX_POLICY_MAPS_BPF_H

/* Old kernels want room made beforehand for what probes look up. */
#ifdef TX_OLD
#define TX_MADE_FLAGS 0
#define TX_MADE_PTASKS 16384
#else
#define TX_MADE_FLAGS BPF_F_NO_PREALLOC
#define TX_MADE_PTASKS 65536
#endif

/* --- the index --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, TX_MADE_FLAGS);
	__type(key, struct tx_int_key);
	__type(value, struct tx_mask);
} tx_ints SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct tx_text_key);
	__type(value, struct tx_mask);
} tx_texts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TX_MADE_PTASKS);
	__uint(map_flags, TX_MADE_FLAGS);
	__type(key, u32);
	__type(value, struct tx_ptask);
} tx_ptasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct tx_control);
} tx_control SEC(".maps");

/* All zero. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct tx_ptask);
} tx_blank SEC(".maps");

static __always_inline struct tx_control *control__get(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&tx_control, &zero);
}

#endif
