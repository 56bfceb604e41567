/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Operations: what the index can't answer, one row each. */
#ifndef TELOVIX_POLICY_OP_BPF_H
#define TELOVIX_POLICY_OP_BPF_H

static __always_inline bool op__range(struct tx_op_row *op, u64 v, bool is_signed)
{
	u64 flip = is_signed ? 1ULL << 63 : 0;

#pragma unroll
	for (u32 i = 0; i < 7; i++)
		if (i < op->count && (v ^ flip) >= (op->v[2 * i] ^ flip) &&
		    (v ^ flip) <= (op->v[2 * i + 1] ^ flip))
			return true;
	return false;
}

static __always_inline bool op__equal(struct tx_op_row *op, u64 v)
{
#pragma unroll
	for (u32 i = 0; i < 15; i++)
		if (i < op->count && v == op->v[i])
			return true;
	return false;
}

static __always_inline bool op__changed(struct tx_op_row *op, bool caps)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct tx_ptask *then = ptask__current();

	if (!then)
		return false;
	if (caps) {
		u32 set = op->sub;

		if (set > TX_CAP_PERMITTED)
			return false;
		/* Of those asked for, one is other than it was. */
		return (then->caps[set] ^ task__caps(task, set)) & op->v[0];
	}
#pragma unroll
	for (u32 ns = 0; ns < TX_NS_COUNT; ns++)
		if ((op->v[0] & (1ULL << ns)) && then->ns[ns] != task__namespace(task, ns))
			return true;
	return false;
}

/* In a user namespace of its own a process may have every capability and no power: on request it
 * counts all the same. */
static __always_inline bool op__capability(struct tx_op_row *op)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	if (op->flags & TX_OPROW_IN_NAMESPACE) {
		struct user_namespace___full *ns = (void *)TX_READ(task, cred, user_ns);

		if (!TX_READ(ns, level))
			return false;
	}
	return task__caps(task, op->sub) & op->v[0];
}

static __always_inline bool op__follow(u32 bit, bool parent)
{
	struct tx_ptask *task = ptask__current(), *up;
	u32 tgid;

	if (task && parent) {
		tgid = task->parent_tgid;
		up = bpf_map_lookup_elem(&tx_ptasks, &tgid);
		/* Of a parent that has ended we know what it left to its children. */
		if (up && up->start <= task->start)
			task = up;
	}
	return task && (task->follow[(bit >> 6) & (TX_FOLLOW_WORDS - 1)] & (1ULL << (bit & 63)));
}

struct tx_search {
	u32 slot, row; /* row of the operation */
	u32 from, len; /* of the argument's bytes */
};

static __always_inline char char__lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* Does the pattern stand at from + i? s->held is the answer. */
static long search__step(u32 i, struct tx_search *at)
{
	struct tx_scratch *s = scratch__get(at->slot);
	union tx_row *row = s ? row__get(s->rows, at->row) : NULL;
	struct tx_policy_event *e;
	bool fold;

	if (!row || i + row->op.count > at->len)
		return 1;
	e = scratch__event(s);
	fold = row->op.op == TX_OP_SUBSTRING_NOCASE;
	for (u32 k = 0; k < 120; k++) {
		u32 pos = at->from + i + k;
		char c;

		if (k >= row->op.count) {
			s->held = 1;
			return 1;
		}
		TX_BOUND(pos, TX_EVENT_DATA + TX_ARG_DATA_MAX - 1);
		c = e->data[pos];
		if ((fold ? char__lower(c) : c) != row->op.text[k])
			return 0;
	}
	s->held = 1;
	return 1;
}

#ifdef TX_OLD
__noinline int search__step_old(u32 i, u32 slot, u32 row, u32 from, u32 len)
{
	struct tx_search at = { slot, row, from, len };

	return search__step(i, &at);
}
/* Two steps to a jump: the verifier follows 8,192 jumps in a row, and no more. */
#define TX_SEARCH(at)                                                                           \
	for (u32 i = 0; i < TX_ARG_DATA_MAX; i += 2) {                                          \
		int _done = search__step_old(i, (at)->slot, (at)->row, (at)->from, (at)->len);  \
                                                                                                \
		_done |= search__step_old(i + 1, (at)->slot, (at)->row, (at)->from, (at)->len); \
		if (_done)                                                                      \
			break;                                                                  \
	}
#else
#define TX_SEARCH(at) bpf_loop(TX_ARG_DATA_MAX, search__step, at, 0)
#endif

__noinline int op__substring(u32 slot, u32 index, u32 arg)
{
	struct tx_scratch *s = scratch__get(slot);
	struct tx_search at = { .slot = slot, .row = index };
	struct tx_parg *p;

	if (!s)
		return 0;
	p = arg__at(s, arg);
	at.from = p->offset;
	at.len = p->len;
	s->held = 0;
	TX_SEARCH(&at);
	return s->held;
}

/* One step of an expression. */
static __always_inline void code__step(struct tx_scratch *s, struct tx_op_row *op)
{
	u32 top = s->stack_top;
	u64 a, b, r;

	if (op->sub == TX_CODE_CONST || op->sub == TX_CODE_ARG) {
		u64 v = op->sub == TX_CODE_CONST ? op->v[0] : arg__at(s, op->arg)->value;

		s->stack[top & (TX_PCODE_STACK - 1)] = v;
		s->stack_top = top + 1;
		return;
	}
	b = s->stack[(top - 1) & (TX_PCODE_STACK - 1)];
	if (op->sub == TX_CODE_NOT || op->sub == TX_CODE_LOGIC_NOT || op->sub == TX_CODE_INT32 ||
	    op->sub == TX_CODE_UINT32) {
		r = op->sub == TX_CODE_NOT         ? ~b
		    : op->sub == TX_CODE_LOGIC_NOT ? !b
		    : op->sub == TX_CODE_INT32     ? (u64)(s64)(s32)b
						   : (u32)b;
		s->stack[(top - 1) & (TX_PCODE_STACK - 1)] = r;
		return;
	}
	a = s->stack[(top - 2) & (TX_PCODE_STACK - 1)];
	switch (op->sub) {
	case TX_CODE_ADD:
		r = a + b;
		break;
	case TX_CODE_SUB:
		r = a - b;
		break;
	case TX_CODE_AND:
		r = a & b;
		break;
	case TX_CODE_OR:
		r = a | b;
		break;
	case TX_CODE_XOR:
		r = a ^ b;
		break;
	case TX_CODE_EQ:
		r = a == b;
		break;
	case TX_CODE_NE:
		r = a != b;
		break;
	case TX_CODE_LT_S:
		r = (s64)a < (s64)b;
		break;
	case TX_CODE_LE_S:
		r = (s64)a <= (s64)b;
		break;
	case TX_CODE_LT_U:
		r = a < b;
		break;
	case TX_CODE_LE_U:
		r = a <= b;
		break;
	case TX_CODE_LOGIC_AND:
		r = a && b;
		break;
	case TX_CODE_LOGIC_OR:
		r = a || b;
		break;
	default:
		r = 0;
	}
	s->stack[(top - 2) & (TX_PCODE_STACK - 1)] = r;
	s->stack_top = top - 1;
}

/* Does operation row index hold? */
__noinline int op__eval(u32 slot, u32 index)
{
	struct tx_scratch *s = scratch__get(slot);
	union tx_row *row = s ? row__get(s->rows, index) : NULL;
	struct tx_op_row *op;
	u64 v;

	if (!row)
		return 0;
	op = &row->op;
	switch (op->op) {
	case TX_OP_IN_SET:
		return set__find(s, slot, op->sub, op->source, op->arg, op->count, op->set) != NULL;
	case TX_OP_SUBSTRING:
	case TX_OP_SUBSTRING_NOCASE:
		return op__substring(slot, index, op->arg);
	case TX_OP_CAPS_GAINED:
		return (arg__at(s, op->arg)->value & ~arg__at(s, op->sub)->value & op->v[0]) != 0;
	case TX_OP_FOLLOW:
		return op__follow(op->count, op->source == TX_SRC_PARENT);
	case TX_OP_NAMESPACE_CHANGED:
		return op__changed(op, false);
	case TX_OP_CAPABILITY:
		return op__capability(op);
	case TX_OP_CAPABILITY_CHANGED:
		return op__changed(op, true);
	case TX_OP_TRUTH:
		v = s->stack_top ? s->stack[(s->stack_top - 1) & (TX_PCODE_STACK - 1)] : 0;
		s->stack_top = 0;
		return v != 0;
	case TX_OP_NEVER:
		return 0;
	}
	if (!subject__number(slot, op->source, op->arg, op->sub))
		return 0;
	v = s->number.value;
	switch (op->op) {
	case TX_OP_EQUAL:
		return op__equal(op, v);
	case TX_OP_RANGE:
		return op__range(op, v, false);
	case TX_OP_RANGE_SIGNED:
		return op__range(op, v, true);
	case TX_OP_MASK:
		return (v & op->v[0]) != 0;
	}
	return 0;
}

#endif
