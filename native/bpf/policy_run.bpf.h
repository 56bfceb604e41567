/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One run at a hook point: read, match, act, report. Nothing here knows by what kind of program it
 * was entered. */
#ifndef TELOVIX_POLICY_RUN_BPF_H
#define TELOVIX_POLICY_RUN_BPF_H

/* The record's head, for what has passed the slots. */
static __always_inline void event__begin(struct tx_scratch *s)
{
	struct tx_policy_event *e = scratch__event(s);

	s->want = 0;
	s->last_hook = ~0U;
	s->first_policy = 0;
	s->now = bpf_ktime_get_boot_ns();
	e->hook = s->point;
	e->build = s->head.build;
	e->args = s->head.args;
#pragma unroll
	for (u32 w = 0; w < TX_MASK_WORDS; w++) {
		s->matched[w] = 0;
		e->posted[w] = 0;
		e->enforced[w] = 0;
	}
	e->ret = s->ret;
	e->error = 0;
	e->signal = 0;
	e->method = TX_METHOD_NONE;
	e->has_ret = s->head.return_position != TX_NO_POSITION;
	e->kernel_stack = 0;
	e->user_stack = 0;
	e->call_nr = s->nr;
	e->ima_len = 0;
	header__of(&e->h, TX_POLICY_EVENT, s->now, s->id);
}

/* Takes the lowest selector out of s->mask. TX_HOOK_SELECTORS: none is left. */
static __always_inline u32 mask__take(struct tx_scratch *s)
{
	if (s->mask[0] == 1) { /* that of the only policy, mostly */
		s->mask[0] = 0;
		return 0;
	}
#pragma unroll
	for (u32 w = 0; w < TX_MASK_WORDS; w++) {
		u64 v = s->mask[w];

		if (v) {
			s->mask[w] = v & (v - 1);
			return 64 * w + bit__lowest(v);
		}
	}
	return TX_HOOK_SELECTORS;
}

/* Does the selector hold, it does what it is to do. */
static __always_inline void select__one(struct tx_scratch *s, u32 slot, void *rows, u32 bit)
{
	u32 index = s->head.selector_row + bit;
	union tx_row *row = row__of(rows, index);

	if (!row)
		return;
	if (row->selector.hook == s->last_hook) /* an earlier selector of it holds */
		return;
	if (row->selector.ops && !ops__hold(slot, row->selector.op, row->selector.ops))
		return;
	s->last_hook = row->selector.hook;
	bits__set(s->matched, bit);
	if (!plain__act(s, &row->selector, bit))
		act__selector(slot, index, bit, 0);
}

static long select__step(u32 i, u32 *slot)
{
	struct tx_scratch *s = scratch__get(*slot);
	void *rows = s ? rows__get(s->rows) : NULL;
	u32 bit;

	if (!rows)
		return 1;
	bit = mask__take(s);
	if (bit >= TX_HOOK_SELECTORS)
		return 1;
	select__one(s, *slot, rows, bit);
	return 0;
}

TX_STEP(select__step)

/* Reads the arguments of the bits. */
static __always_inline void args__read(struct tx_scratch *s, u32 slot, void *rows, u32 which)
{
	for (u32 i = 0; i < TX_HOOK_ARGS; i++) {
		u32 bit = which >> i;
		union tx_row *row;

		/* The verifier would follow each combination of bits. */
		asm volatile("" : "+r"(bit));
		if (i >= s->head.args)
			break;
		if (!(bit & 1))
			continue;
		row = row__of(rows, s->head.arg_row + i);
		if (row && !plain__read(s, i, &row->arg.plain))
			arg__read(slot, i);
	}
}

/* Applies slot i to the mask. Returns 0 when nothing is left. */
static __always_inline u64 slot__apply(struct tx_scratch *s, u32 slot, void *rows, u32 i)
{
	union tx_row *row = row__of(rows, s->head.slot_row + i);
	struct tx_mask *found;
	u64 left = 0;

	if (!row)
		return 0;
	found = slot__find(s, slot, row->slot.kind, row->slot.source, row->slot.arg, row->slot.sub,
			   row->slot.set);
	for (u32 w = 0; w < TX_MASK_WORDS; w++) {
		u64 hit = found ? found->word[w] : 0;

		if (64 * w >= s->head.selectors)
			break;
		s->mask[w] &= (hit ^ row->slot.inverted[w]) | ~row->slot.care[w];
		left |= s->mask[w];
	}
	return left;
}

/* Which selectors hold, and what they do. False: none can hold, and there is no record. */
static __always_inline bool run__match(struct tx_scratch *s, u32 slot, void *rows)
{
	u32 first;

	if ((s->head.flags & TX_HOOK_MARKS) && !(s->unread & TX_UNREAD_LATE))
		marks__forget(s->point);
	first = s->head.first;
	args__read(s, slot, rows, first);
	for (u32 i = 0; i < TX_HOOK_SLOTS; i++) {
		if (i >= s->head.slots)
			break;
		if (!slot__apply(s, slot, rows, i))
			return false;
	}
	if (first != 0xff)
		args__read(s, slot, rows, ~first);
	event__begin(s);
	first = mask__take(s);
	if (first < TX_HOOK_SELECTORS)
		select__one(s, slot, rows, first);
	if (s->head.selectors > 1 && mask__any(s->mask))
		TX_LOOP(TX_HOOK_SELECTORS, select__step, &slot);
	if (s->head.flags & TX_HOOK_RETURN_PAIR)
		pending__keep(s);
	return true;
}

/*
 * The run itself; slot is claimed and holds the raw arguments. The index narrows the mask of all
 * selectors, one lookup per filter slot; who is left is held against what it can't answer. What is
 * to be returned instead of the call is left in s->error. 0: no selector can hold, and there is no
 * record.
 */
__noinline int run__hook(u32 slot)
{
	struct tx_scratch *s = scratch__get(slot);
	void *rows = s ? rows__get(s->rows) : NULL;
	u32 told;

	if (!rows)
		return 0;
	told = run__match(s, slot, rows);
	if (s->unread & TX_UNREAD_MET)
		unread__keep(slot, told);
	return told;
}

/* The selectors that held at the call, at its return. */
static long return__step(u32 bit, u32 *slot)
{
	struct tx_scratch *s = scratch__get(*slot);
	union tx_row *row;
	u32 index;

	if (!s || bit >= s->head.selectors)
		return 1;
	if (!(s->matched[(bit >> 6) & (TX_MASK_WORDS - 1)] & (1ULL << (bit & 63))))
		return 0;
	index = s->head.selector_row + bit;
	row = row__get(s->rows, index);
	if (!row)
		return 1;
	if (row->selector.return_ops &&
	    !ops__hold(*slot, row->selector.return_op, row->selector.return_ops))
		return 0;
	act__selector(*slot, index, bit, 1);
	return 0;
}

TX_STEP(return__step)

/* kretprobe: slot is claimed, s->ret is set. */
__noinline int run__return(u32 slot)
{
	struct tx_scratch *s = scratch__get(slot);
	u64 key = bpf_get_current_pid_tgid() << 32 | (s ? s->point : 0);
	struct tx_policy_event *e;

	if (!s || !pending__take(s, key, true))
		return 0;
	e = scratch__event(s);
	e->ret = s->ret;
	e->has_ret = 1;
	if (e->build != s->head.build) { /* its selectors are others now */
		pending__tell(s, slot);
		return 0;
	}
	s->now = bpf_ktime_get_boot_ns();
	s->returning = 1;
#pragma unroll
	for (u32 w = 0; w < TX_MASK_WORDS; w++)
		e->posted[w] = 0;
	for (u32 i = 0; i < TX_HOOK_ARGS; i++) {
		if (i >= s->head.args)
			break;
		arg__read(slot, i);
	}
	TX_LOOP(TX_HOOK_SELECTORS, return__step, &slot);
	event__emit(slot);
	return 0;
}

/* The record waits for the program that may sleep, which takes the file's hash and sends it. */
static __always_inline bool ima__wanted(struct tx_scratch *s)
{
	return (s->head.flags & TX_HOOK_IMA) && (s->want & TX_SEL_IMA) && !s->error &&
	       mask__any(scratch__event(s)->posted);
}

static __always_inline void run__whole(void *ctx, struct tx_scratch *s, u32 slot)
{
	if (run__hook(slot)) {
		stacks__take(ctx, s);
		event__emit(slot);
	}
}

/* Run and report, for programs that can't return an error to the caller. */
static __always_inline void run__and_emit(void *ctx, struct tx_scratch *s, u32 slot)
{
	if (!lean__done(s, slot))
		run__whole(ctx, s, slot);
}

/* The same without a call for what is lean: at trampolines that do a kprobe's work, which tell the
 * most. head: of the rows, which nobody has taken yet.
 */
static __always_inline void run__in_place(void *ctx, struct tx_scratch *s, u32 slot,
					  struct tx_hook_row *head)
{
	if ((head->flags & TX_HOOK_LEAN) && lean__run(s, slot, head, true))
		return;
	head__take(s, head);
	scratch__event(s)->seen = TX_SEEN_TRAMPOLINE;
	run__whole(ctx, s, slot);
}

#endif
