/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Hooks of which all is plain (build_lean.c): a number or two, a text, a socket; one lookup says
 * which selectors hold; and the one that does only wants to be told. The record is a short one.
 */
#ifndef TELOVIX_POLICY_LEAN_BPF_H
#define TELOVIX_POLICY_LEAN_BPF_H

#define TX_SHORT_FIRST (TX_HOOK_ARGS - TX_SHORT_ARGS) /* where its argument 0 is */

static __always_inline u32 bit__lowest(u64 v)
{
	u32 n = 0;

	if (!(v & 0xffffffff)) {
		n += 32;
		v >>= 32;
	}
	if (!(v & 0xffff)) {
		n += 16;
		v >>= 16;
	}
	if (!(v & 0xff)) {
		n += 8;
		v >>= 8;
	}
	if (!(v & 0xf)) {
		n += 4;
		v >>= 4;
	}
	if (!(v & 3)) {
		n += 2;
		v >>= 2;
	}
	return n + !(v & 1);
}

static __always_inline bool lean__args(struct tx_scratch *s, void *rows)
{
#pragma unroll
	for (u32 i = 0; i < TX_SHORT_ARGS; i++) {
		union tx_row *row;

		if (i >= s->head.args)
			break;
		row = row__of(rows, s->head.arg_row + i);
		if (!row || !plain__read(s, TX_SHORT_FIRST + i, &row->arg))
			return false;
	}
	return true;
}

/* The selectors that hold. */
static __always_inline u64 lean__mask(struct tx_scratch *s, u32 slot, void *rows)
{
	struct tx_mask *found;
	union tx_row *row;

	if (!s->head.slots)
		return s->mask[0];
	row = row__of(rows, s->head.slot_row);
	if (!row)
		return 0;
	found = slot__find(s, slot, &row->slot, TX_SHORT_FIRST);
	return s->mask[0] &
	       (((found ? found->word[0] : 0) ^ row->slot.inverted[0]) | ~row->slot.care[0]);
}

static __always_inline void lean__tell(struct tx_scratch *s, u64 mask, u32 policy)
{
	struct tx_policy_event *whole = scratch__event(s);
	struct tx_policy_short *e = (void *)(whole->data - sizeof(*e));
	u32 size = whole->data_len;

	header__of(&e->h, TX_POLICY_EVENT, bpf_ktime_get_boot_ns(), s->id);
	e->h.flags = TX_HF_SHORT;
	e->hook = s->point;
	e->build = s->head.build;
	e->posted = mask;
	e->data_len = size;
	e->call_nr = s->nr;
	e->args = s->head.args;
	e->trampoline = whole->trampoline;
	TX_BOUND(size, TX_EVENT_DATA);
	if (record__output_main(&e->h, sizeof(*e) + size))
		TX_POLICY_COUNT(policy, lost);
}

/* True: done with. False: nothing has been done yet. */
static __always_inline bool lean__run(struct tx_scratch *s, u32 slot, void *rows)
{
	union tx_row *row;
	u64 mask;

	if (lean__args(s, rows)) {
		mask = lean__mask(s, slot, rows);
		if (!mask)
			return true;
		if (!(mask & (mask - 1))) {
			row = row__of(rows,
				      s->head.selector_row + (mask == 1 ? 0 : bit__lowest(mask)));
			if (row && plain__count(row->selector.policy))
				lean__tell(s, mask, row->selector.policy);
			return true;
		}
	}
	scratch__event(s)->data_len = 0;
	return false;
}

__noinline int lean__hook(u32 slot)
{
	struct tx_scratch *s = scratch__get(slot);
	void *rows = s ? rows__get(s->rows) : NULL;

	return rows && lean__run(s, slot, rows);
}

static __always_inline bool lean__done(struct tx_scratch *s, u32 slot)
{
	return (s->head.flags & TX_HOOK_LEAN) && lean__hook(slot);
}

#endif
