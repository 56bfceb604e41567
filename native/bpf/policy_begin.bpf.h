/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How a run begins: is the hook to be looked at, with which rows, in which work space. */
#ifndef TELOVIX_POLICY_BEGIN_BPF_H
#define TELOVIX_POLICY_BEGIN_BPF_H

/* What a run needs of its hook before anything is known to match. */
static __always_inline void head__take(struct tx_scratch *s, struct tx_hook_row *head)
{
	s->args = head->args;
	s->slots = head->slots;
	s->selectors = head->selectors;
	s->arg_row = head->arg_row;
	s->slot_row = head->slot_row;
	s->selector_row = head->selector_row;
	s->op_row = head->op_row;
	s->hook_flags = head->flags;
	s->first = head->first;
	s->build = head->build;
	s->return_position = head->return_position;
#pragma unroll
	for (u32 w = 0; w < TX_MASK_WORDS; w++)
		s->mask[w] = head->all[w];
	scratch__event(s)->data_len = 0;
}

/*
 * A work space for this run, or NULL when the hook is not to be looked at. regs: of a system call
 * that is entered, or NULL; probe: of a kprobe, whose first argument may be such registers.
 */
static __always_inline struct tx_scratch *
run__begin_call(u32 point, u32 *slot, struct pt_regs *regs, struct pt_regs *probe)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32, *which;
	struct tx_scratch *s;
	union tx_row *head;
	u64 began;
	u32 rows;

	if (process__is_self(tgid)) {
		TX_TOTAL(self);
		return NULL;
	}
	which = bpf_map_lookup_elem(&tx_active, &point);
	if (!which)
		return NULL;
	rows = 2 * point + (*which & 1);
	head = row__get(rows, 0);
	if (!head) {
		TX_TOTAL(no_rows);
		return NULL;
	}
	began = cost__begin(point);
	if (probe && (head->hook.flags & TX_HOOK_SYSCALL_REGS))
		regs = (void *)probe->TX_REG_ARG0;
	if (quick__rules_out(&head->hook, regs)) {
		cost__end(point, began);
		return NULL;
	}
	*slot = slot__claim();
	if (*slot >= TX_PSLOTS) {
		TX_TOTAL(no_slot);
		return NULL;
	}
	s = scratch__get(*slot);
	if (!s)
		return NULL;
	head__take(s, &head->hook);
	s->point = point;
	s->began = began;
	s->rows = rows;
	s->ret = 0;
	s->context = 0;
	s->regs = 0;
	s->nr = 0;
	s->error = 0;
	s->returning = 0;
	return s;
}

static __always_inline struct tx_scratch *run__begin(u32 point, u32 *slot)
{
	return run__begin_call(point, slot, NULL, NULL);
}

#endif
