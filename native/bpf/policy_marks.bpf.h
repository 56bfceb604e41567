/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Marks: what was decided where a call begins, for the hook or gate behind that can deny it. A hook
 * point takes back its own marks and nobody else's, so that no policy undoes what another one asked
 * for in the same call. Whether a call was denied is known when its mark is answered, and told
 * then.
 */
#ifndef TELOVIX_POLICY_MARKS_BPF_H
#define TELOVIX_POLICY_MARKS_BPF_H

static __always_inline void bits__set(u64 *words, u32 bit)
{
	words[(bit >> 6) & (TX_MASK_WORDS - 1)] |= 1ULL << (bit & 63);
}

static __always_inline void bits__clear(u64 *words, u32 bit)
{
	words[(bit >> 6) & (TX_MASK_WORDS - 1)] &= ~(1ULL << (bit & 63));
}

/* Number of the system call this thread is in. */
static __always_inline u32 call__current(void)
{
	struct pt_regs *regs = task__regs();

	return TX_READ(regs, TX_REG_CALL);
}

static __always_inline u64 mark__key(u32 tid, u32 point)
{
	return (u64)tid << 32 | TX_PENDING_MARK | point;
}

/* Tells what waits under a key, now that it is known what became of the call. 0: nothing does. */
__noinline int mark__tell(u64 key, u32 method, s32 error)
{
	struct tx_pending *kept = bpf_map_lookup_elem(&tx_pendings, &key);
	struct tx_policy_event *e;
	u32 size;

	if (!kept)
		return 0;
	e = (struct tx_policy_event *)kept->record;
	e->method = method;
	e->error = error;
	size = e->stacks_end;
	TX_BOUND(size, TX_CALL_DATA);
	record__output_exec(&e->h, sizeof(*e) + size);
	bpf_map_delete_elem(&tx_pendings, &key);
	return 1;
}

/* Of the first look at the call, and of another. False: nothing waits. */
static __always_inline bool marks__tell(u32 tid, u32 point, u32 method, s32 error)
{
	u64 key = mark__key(tid, point);
	int first = mark__tell(key, method, error);

	return mark__tell(key | TX_PENDING_LATE, method, error) || first;
}

/* A point's marks of an earlier call: that call never came where it would have been denied. */
__noinline int marks__forget(u32 point)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct tx_mark *m = bpf_map_lookup_elem(&tx_marks, &tid);
	bool any = false;

	if (!m)
		return 0;
	for (u32 i = 0; i < TX_MARKS; i++) {
		if (!m->by[i].error || m->by[i].point != point)
			continue;
		m->by[i].error = 0;
		any = true;
	}
	if (any)
		marks__tell(tid, point, TX_METHOD_NONE, 0);
	return 0;
}

/* Those of this policy alone. */
static __always_inline void marks__take_back(struct tx_scratch *s, u32 policy)
{
	u64 *enforced = scratch__event(s)->enforced;
	u32 tid = (u32)s->id;
	struct tx_mark *m = bpf_map_lookup_elem(&tx_marks, &tid);

	if (!m)
		return;
	for (u32 i = 0; i < TX_MARKS; i++) {
		struct tx_marked *k = &m->by[i];
		u32 bit = k->bit;

		if (!k->error || k->policy != policy || k->shared)
			continue;
		k->error = 0;
		if (k->point == s->point && !k->counted)
			bits__clear(enforced, bit);
	}
}

static __always_inline struct tx_mark *marks__get(struct tx_scratch *s)
{
	u32 tid = (u32)s->id;
	struct tx_mark *m = bpf_map_lookup_elem(&tx_marks, &tid);

	if (m)
		return m;
	__builtin_memset(&s->mark, 0, sizeof(s->mark));
	if (bpf_map_update_elem(&tx_marks, &tid, &s->mark, BPF_ANY))
		return NULL;
	return bpf_map_lookup_elem(&tx_marks, &tid);
}

/* counted: it counts as enforced already. False: there is no room for threads that are marked. */
static __always_inline bool mark__give(struct tx_scratch *s, u32 policy, s32 error, u32 bit,
				       u32 counted)
{
	u32 nr = call__current(), at = TX_MARKS, beside = TX_MARKS;
	struct tx_mark *m = marks__get(s);
	struct tx_marked *k;

	if (!m)
		return false;
	for (u32 i = 0; i < TX_MARKS; i++) {
		k = &m->by[i];
		if (!k->error || k->nr != nr)
			at = at < TX_MARKS ? at : i;
		else if (k->point == s->point && k->policy == policy)
			return true;
		else if (k->point == s->point)
			beside = i;
	}
	if (at == TX_MARKS && beside < TX_MARKS) {
		m->by[beside & (TX_MARKS - 1)].shared = 1;
		return true;
	}
	/* Others' may be of an earlier call, ours is of this one: it goes before the first of them.
	 */
	k = &m->by[at & (TX_MARKS - 1)];
	k->shared = at == TX_MARKS;
	k->ktime = s->now;
	k->error = error;
	k->nr = nr;
	k->point = s->point;
	k->build = s->head.build;
	k->policy = policy;
	k->bit = bit;
	k->counted = counted;
	return true;
}

#endif
