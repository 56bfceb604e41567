/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which selectors hold: the index first (one lookup per filter slot narrows the mask of all of
 * them), then what it can't answer, operation by operation, for those still standing.
 */
#ifndef TELOVIX_POLICY_MATCH_BPF_H
#define TELOVIX_POLICY_MATCH_BPF_H

/* Applies slot i to the mask. Returns 0 when nothing is left. */
__noinline int slot__apply(u32 slot, u32 i)
{
	struct tx_scratch *s = scratch__get(slot);
	union tx_row *row = s ? row__get(s->rows, s->slot_row + i) : NULL;
	struct tx_mask *found;
	u64 left = 0;

	if (!row)
		return 0;
	found = set__find(s, slot, row->slot.kind, row->slot.source, row->slot.arg, row->slot.sub,
			  row->slot.set);
#pragma unroll
	for (u32 w = 0; w < TX_MASK_WORDS; w++) {
		u64 hit = found ? found->word[w] : 0;

		s->mask[w] &= (hit ^ row->slot.inverted[w]) | ~row->slot.care[w];
		left |= s->mask[w];
	}
	return left != 0;
}

/* The next operation of the run: groups are or-ed inside, and-ed outside. */
static long ops__step(u32 i, u32 *slot)
{
	struct tx_scratch *s = scratch__get(*slot);
	union tx_row *row;
	u32 index;

	if (!s || s->op >= s->ops_end)
		return 1;
	index = s->op++;
	row = row__get(s->rows, index);
	if (!row)
		return 1;
	if (row->op.op == TX_OP_CODE) {
		code__step(s, &row->op);
		return 0;
	}
	if (op__eval(*slot, index))
		s->group = 1;
	if (row->op.flags & TX_OPROW_MORE)
		return 0;
	if (s->group == !!(row->op.flags & TX_OPROW_NOT)) {
		s->failed = 1;
		return 1;
	}
	s->group = 0;
	return 0;
}

/* Do all of count operations from first on hold? */
__noinline int ops__hold(u32 slot, u32 first, u32 count)
{
	struct tx_scratch *s = scratch__get(slot);

	if (!s)
		return 0;
	s->op = first;
	s->ops_end = first + count;
	s->group = 0;
	s->failed = 0;
	s->stack_top = 0;
	bpf_loop(TX_HOOK_OPS, ops__step, &slot, 0);
	return !s->failed;
}

#endif
