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

static __always_inline bool lean__args(struct tx_scratch *s, struct tx_hook_row *head)
{
#pragma unroll
	for (u32 i = 0; i < TX_SHORT_ARGS; i++) {
		if (i >= head->args)
			break;
		if (!plain__read(s, TX_SHORT_FIRST + i, &head->lean.arg[i]))
			return false;
	}
	return true;
}

/* The selectors that hold. */
static __always_inline u64 lean__mask(struct tx_scratch *s, u32 slot, struct tx_hook_row *head)
{
	struct tx_lean *lean = &head->lean;
	struct tx_mask *found;

	if (!lean->kind)
		return head->all[0];
	found = slot__find(s, slot, lean->kind, lean->source, TX_SHORT_FIRST + lean->slot_arg, 0,
			   lean->set);
	return head->all[0] & (((found ? found->word[0] : 0) ^ lean->inverted) | ~lean->care);
}

/* The policy of the only selector that holds. */
static __always_inline u32 lean__policy(u32 rows, struct tx_hook_row *head, u64 mask)
{
	union tx_row *row;

	if (mask == 1)
		return head->lean.policy;
	row = row__get(rows, head->selector_row + bit__lowest(mask));
	return row ? row->selector.policy : TX_POLICIES; /* none */
}

/* The record's head, of a run at a point. */
static __always_inline void short__begin(struct tx_policy_short *e, u32 point, u64 id,
					 struct tx_hook_row *head, u64 mask, const bool trampoline)
{
	header__of(&e->h, TX_POLICY_EVENT, bpf_ktime_get_boot_ns(), id);
	e->h.flags = TX_HF_SHORT;
	e->hook = point;
	e->build = head->build;
	e->posted = mask;
	e->args = head->args;
	e->seen = trampoline ? TX_SEEN_TRAMPOLINE : 0;
}

static __always_inline void lean__tell(struct tx_scratch *s, struct tx_hook_row *head, u64 mask,
				       u32 policy, const bool trampoline)
{
	struct tx_policy_event *whole = scratch__event(s);
	struct tx_policy_short *e = (void *)(whole->data - sizeof(*e));
	u32 size = whole->data_len;

	short__begin(e, s->point, s->id, head, mask, trampoline);
	e->data_len = size;
	e->call_nr = s->nr;
	TX_BOUND(size, TX_EVENT_DATA);
	if (record__output_main(&e->h, sizeof(*e) + size))
		TX_POLICY_COUNT(policy, lost);
}

/* True: done with. False: nothing has been done yet. head: of the rows. */
static __always_inline bool lean__run(struct tx_scratch *s, u32 slot, struct tx_hook_row *head,
				      const bool trampoline)
{
	u32 policy;
	u64 mask;

	if (lean__args(s, head)) {
		mask = lean__mask(s, slot, head);
		if (!mask)
			return true;
		if (!(mask & (mask - 1))) {
			policy = lean__policy(s->rows, head, mask);
			if (plain__count(policy))
				lean__tell(s, head, mask, policy, trampoline);
			return true;
		}
	}
	scratch__event(s)->data_len = 0;
	return false;
}

__noinline int lean__hook(u32 slot)
{
	struct tx_scratch *s = scratch__get(slot);
	union tx_row *head = s ? row__get(s->rows, 0) : NULL;

	return head && lean__run(s, slot, &head->hook, false);
}

static __always_inline bool lean__done(struct tx_scratch *s, u32 slot)
{
	return (s->head.flags & TX_HOOK_LEAN) && lean__hook(slot);
}

#endif
