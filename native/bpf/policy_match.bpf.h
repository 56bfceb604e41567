/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the index can't answer of a selector, operation by operation. */
#ifndef TELOVIX_POLICY_MATCH_BPF_H
#define TELOVIX_POLICY_MATCH_BPF_H

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

TX_STEP(ops__step)

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
	TX_LOOP(TX_HOOK_OPS, ops__step, &slot);
	return !s->failed;
}

#endif
