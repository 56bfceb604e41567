/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The second look at a call whose memory was not in (policy_unread.bpf.h): at the end of the page
 * fault the kernel takes when it copies the name or address for itself. It is before whatever the
 * call does with it: marks are carried out, signals are there in time. Calls whose memory is in
 * never come here.
 */
#ifndef TELOVIX_POLICY_LATE_BPF_H
#define TELOVIX_POLICY_LATE_BPF_H

#ifdef __TARGET_ARCH_arm64
#define TX_PAGE_MOST 65536
#define TX_FAULT_REGS 34
#else
#define TX_PAGE_MOST 4096
#define TX_FAULT_REGS 21
#endif

#define TX_UNTAGGED (~0ULL >> 8) /* where machines leave a pointer's first byte to its owner */

/* As struct bpf_perf_event_data. */
struct tx_fault {
	u64 regs[TX_FAULT_REGS];
	u64 sample_period;
	u64 addr;
};

/* Is it this page the call was waiting for, and this call? One that failed before it read anything
 * has left its note. */
static __always_inline bool late__is_due(struct tx_unread *kept, u64 addr)
{
	u64 call[4], from = kept->from & TX_UNTAGGED;

	addr &= TX_UNTAGGED;
	if (addr < (from & ~(u64)(TX_PAGE_MOST - 1)) || addr >= from + kept->len)
		return false;
	unread__call(call);
	return unread__is_same(kept, call);
}

/* Selectors that have held already do nothing twice. */
static __always_inline void late__run(void *ctx, struct tx_scratch *s, u32 slot)
{
	s->unread = TX_UNREAD_LATE;
	s->nr = s->kept.nr;
	/* Those of a probe are gone; those of a system call are where they were. */
	s->regs = s->kept.regs == (u64)task__regs() ? s->kept.regs : 0;
	scratch__event(s)->seen = s->kept.seen | TX_SEEN_LATE;
#pragma unroll
	for (u32 i = 0; i < 8; i++)
		s->raw[i] = s->kept.raw[i];
#pragma unroll
	for (u32 w = 0; w < TX_MASK_WORDS; w++)
		s->mask[w] &= ~s->kept.done[w];
	run__whole(ctx, s, slot);
	if (!(s->unread & TX_UNREAD_MET))
		TX_POINT_COUNT(s->point, late);
}

static __always_inline void late__look(struct tx_fault *ctx, u64 key, struct tx_unread *kept)
{
	struct tx_scratch *s;
	u32 slot;

	s = run__begin(kept->point, &slot);
	if (!s)
		return;
	bpf_probe_read_kernel(&s->kept, sizeof(s->kept), kept);
	bpf_map_delete_elem(&tx_unreads, &key);
	if (s->kept.build == s->head.build)
		late__run(ctx, s, slot);
	else /* its selectors are others now */
		TX_TOTAL(unread);
	run__end(s);
}

SEC("perf_event")
int late__policy(struct tx_fault *ctx)
{
	u64 addr = ctx->addr;

	for (u32 i = 0; i < TX_UNREAD_POINTS; i++) {
		u64 key = unread__key(i);
		struct tx_unread *kept = bpf_map_lookup_elem(&tx_unreads, &key);

		if (kept && late__is_due(kept, addr))
			late__look(ctx, key, kept);
	}
	return 0;
}

#endif
