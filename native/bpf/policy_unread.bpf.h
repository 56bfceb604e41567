/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Memory of the process that is not in: no program here may wait for it, but the call that follows
 * does, and when its page has come the run is repeated, before the call goes on
 * (policy_late.bpf.h). Here it is noted for that.
 */
#ifndef TELOVIX_POLICY_UNREAD_BPF_H
#define TELOVIX_POLICY_UNREAD_BPF_H

#define TX_EFAULT 14

/* Whether anybody is told when pages come in: late__policy is attached. */
volatile __u32 tx_late = 0;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, struct tx_unread);
} tx_unreads SEC(".maps");

/* len bytes of the process's at an address, at most, could not be read in this run. */
static __always_inline void unread__at(struct tx_scratch *s, u64 from, u32 len)
{
	if (!(s->unread & TX_UNREAD_MET)) {
		s->kept.from = from;
		s->kept.len = len;
	}
	s->unread |= TX_UNREAD_MET;
}

/* So much for an argument. user: whether it is the process's memory. */
static __always_inline void unread__argument(struct tx_scratch *s, struct tx_parg *p, bool user,
					     u64 from, u32 len)
{
	p->flags |= TX_PARG_FAULT;
	if (user)
		unread__at(s, from, len);
}

#define TX_POINT_COUNT(point, field)                                                      \
	do {                                                                              \
		u32 _point = (point);                                                     \
		struct tx_point_cost *_c = bpf_map_lookup_elem(&tx_point_costs, &_point); \
		if (_c)                                                                   \
			_c->field++;                                                      \
	} while (0)

/* The call this thread is in, by what it was made with. */
static __always_inline void unread__call(u64 *call)
{
	struct pt_regs *regs = task__regs();

	call[0] = TX_READ(regs, TX_REG_CALL);
	call[1] = TX_READ(regs, TX_REG_CALL0);
	call[2] = TX_READ(regs, TX_REG_CALL1);
	call[3] = TX_READ(regs, TX_REG_CALL2);
}

static __always_inline u64 unread__key(u32 which)
{
	return bpf_get_current_pid_tgid() << 32 | which;
}

static __always_inline bool unread__is_same(struct tx_unread *kept, const u64 *call)
{
	return kept->call[0] == call[0] && kept->call[1] == call[1] && kept->call[2] == call[2] &&
	       kept->call[3] == call[3];
}

/* Beside what other hook points have noted of this very call. False: there is no room. */
static __always_inline bool unread__note(struct tx_unread *note)
{
	for (u32 i = 0; i < TX_UNREAD_POINTS; i++) {
		u64 key = unread__key(i);
		struct tx_unread *other = bpf_map_lookup_elem(&tx_unreads, &key);

		if (!other || other->point == note->point || !unread__is_same(other, note->call))
			return !bpf_map_update_elem(&tx_unreads, &key, note, BPF_ANY);
	}
	return false;
}

/* Outside of a system call the page comes in without the kernel's copying. */
static __always_inline bool unread__again(struct tx_scratch *s, struct tx_unread *note)
{
	return tx_late && (s->head.flags & TX_HOOK_LATE) && (s32)note->call[0] >= 0 &&
	       note->tries++ < TX_UNREAD_TRIES && unread__note(note);
}

/*
 * For another look. told: the selectors in s->matched have done what they do, with or without the
 * argument.
 */
__noinline int unread__keep(u32 slot, u32 told)
{
	struct tx_scratch *s = scratch__get(slot);
	struct tx_unread *kept;
	bool late;

	if (!s)
		return 0;
	kept = &s->kept;
	late = s->unread & TX_UNREAD_LATE;
	if (!late) {
		TX_POINT_COUNT(s->point, unread);
		kept->tries = 0;
		unread__call(kept->call);
	}
#pragma unroll
	for (u32 w = 0; w < TX_MASK_WORDS; w++)
		kept->done[w] = (late ? kept->done[w] : 0) | (told ? s->matched[w] : 0);
#pragma unroll
	for (u32 i = 0; i < 8; i++)
		kept->raw[i] = s->raw[i];
	kept->regs = s->regs;
	kept->point = s->point;
	kept->build = s->head.build;
	kept->nr = s->nr;
	kept->seen = scratch__event(s)->seen;
	/* A call that could not read it either has failed. */
	if (!unread__again(s, kept) && s->ret != -TX_EFAULT)
		TX_TOTAL(unread);
	return 0;
}

#endif
