/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Who owns a TCP connection. A table of sets of a few places each, and not a
 * hash map of the kernel's: to find a place takes a tenth of the instructions.
 * Of a socket the first of its places counts; while it is written it is
 * nobody's. When a set is full its oldest connection is forgotten, and counted.
 */
#ifndef TELOVIX_OWNERS_BPF_H
#define TELOVIX_OWNERS_BPF_H

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} tx_address SEC(".maps");

/*
 * A typed pointer as a number where TX_DISTANCE is not to be had: the verifier
 * knows nothing of what was in a map. Only for the program of socket states,
 * which is never entered twice on a CPU.
 */
static __always_inline u64 address__of(const void *pointer)
{
	u32 zero = 0;
	volatile u64 *at;

	if (tx_direct)
		return TX_DISTANCE(pointer, TX_AT((struct sock *)NULL));
	at = bpf_map_lookup_elem(&tx_address, &zero);
	if (!at)
		return 0;
	*(const void *volatile *)at = pointer;
	return *at;
}

#ifdef TX_OLD

/* Without an atomic exchange such a table can't be written: the kernel's map, then. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, struct tx_owner);
} tx_owners SEC(".maps");

static __always_inline struct tx_owner *owner__find(u64 sk)
{
	return bpf_map_lookup_elem(&tx_owners, &sk);
}

static __always_inline void owner__forget(u64 sk)
{
	bpf_map_delete_elem(&tx_owners, &sk);
}

static __always_inline void owner__store(u64 sk, const struct tx_owner *owner, bool keep)
{
	bpf_map_update_elem(&tx_owners, &sk, owner, keep ? BPF_NOEXIST : BPF_ANY);
}

#else

#define TX_OWNER_SETS 8192 /* 2 to the 13th, see owner__set */
#define TX_OWNER_WAYS 8
#define TX_OWNER_TAKEN 1 /* no socket: the place is being written */

struct tx_owner_set {
	u64 sock[TX_OWNER_WAYS]; /* its address; 0: free */
	struct tx_owner owner[TX_OWNER_WAYS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TX_OWNER_SETS);
	__type(key, u32);
	__type(value, struct tx_owner_set);
} tx_owners SEC(".maps");

static __always_inline struct tx_owner_set *owner__set(u64 sk)
{
	u32 at = sk * 0x9e3779b97f4a7c15ULL >> 51;

	return bpf_map_lookup_elem(&tx_owners, &at);
}

static __always_inline struct tx_owner *owner__find(u64 sk)
{
	struct tx_owner_set *set = owner__set(sk);

	if (!set || !sk)
		return NULL;
#pragma unroll
	for (u32 i = 0; i < TX_OWNER_WAYS; i++)
		if (set->sock[i] == sk)
			return &set->owner[i];
	return NULL;
}

static __always_inline void owner__forget(u64 sk)
{
	struct tx_owner_set *set = owner__set(sk);

	if (!set || !sk)
		return;
		/* All of it: see owner__place. */
#pragma unroll
	for (u32 i = 0; i < TX_OWNER_WAYS; i++)
		if (set->sock[i] == sk)
			__sync_val_compare_and_swap(&set->sock[i], sk, 0);
}

/*
 * The place of a socket, a free one, or that of the connection that has been there longest. What is
 * not to be kept may go to the first place, where it is found before all that is left of the socket
 * elsewhere.
 */
static __always_inline u32 owner__place(struct tx_owner_set *set, u64 sk, bool keep)
{
	u64 since = ~0ULL;
	u32 oldest = 0;

	if (!keep && !set->sock[0])
		return 0;
#pragma unroll
	for (u32 i = 0; i < TX_OWNER_WAYS; i++)
		if (set->sock[i] == sk)
			return i;
#pragma unroll
	for (u32 i = 0; i < TX_OWNER_WAYS; i++)
		if (!set->sock[i])
			return i;
#pragma unroll
	for (u32 i = 0; i < TX_OWNER_WAYS; i++)
		if (set->owner[i].since < since) {
			since = set->owner[i].since;
			oldest = i;
		}
	return oldest;
}

/* keep: what is known of the socket already stays. */
static __always_inline void owner__store(u64 sk, const struct tx_owner *owner, bool keep)
{
	struct tx_owner_set *set = owner__set(sk);
	u64 held;
	u32 i;

	if (!set || !sk)
		return;
	i = owner__place(set, sk, keep) & (TX_OWNER_WAYS - 1);
	held = set->sock[i];
	if (keep && held == sk)
		return;
	/* Somebody on another CPU was quicker: rare enough to be counted, not tried
	 * again. */
	if (held == TX_OWNER_TAKEN ||
	    __sync_val_compare_and_swap(&set->sock[i], held, TX_OWNER_TAKEN) != held) {
		TX_COUNT(owner_full);
		return;
	}
	if (held && held != sk)
		TX_COUNT(owner_full);
	set->owner[i] = *owner;
	__sync_lock_test_and_set(&set->sock[i], sk);
}

#endif

#endif
