/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Stack traces, behind a record's arguments. */
#ifndef TELOVIX_POLICY_STACKS_BPF_H
#define TELOVIX_POLICY_STACKS_BPF_H

/*
 * Of a task that is not typed the kernel tells no stack, only of a program's own context; so the
 * program itself takes them there (stacks__take), and elsewhere what writes the record does.
 */
#ifdef TX_OLD
#define TX_STACK(of, to, flags) bpf_get_stack(of, to, 8 * TX_STACK_FRAMES, flags)
#else
#define TX_STACK(of, to, flags) bpf_get_task_stack(of, to, 8 * TX_STACK_FRAMES, flags)
#endif

/* of: the program's context, or the task. Returns where they end. */
static __always_inline u32 stacks__copy(void *of, struct tx_scratch *s, struct tx_policy_event *e)
{
	u32 off = e->data_len;
	long n;

	if (s->want & TX_SEL_KERNEL_STACK) {
		TX_BOUND(off, TX_EVENT_DATA + TX_ARG_DATA_MAX - 16 * TX_STACK_FRAMES);
		n = TX_STACK(of, e->data + off, 0);
		if (n > 0) {
			e->kernel_stack = n;
			off += n;
		}
	}
	if (s->want & TX_SEL_USER_STACK) {
		TX_BOUND(off, TX_EVENT_DATA + TX_ARG_DATA_MAX - 8 * TX_STACK_FRAMES);
		n = TX_STACK(of, e->data + off, BPF_F_USER_STACK);
		if (n > 0) {
			e->user_stack = n;
			off += n;
		}
	}
	return off;
}

static __always_inline void stacks__take(void *ctx, struct tx_scratch *s)
{
#ifdef TX_OLD
	stacks__copy(ctx, s, scratch__event(s));
#endif
}

static __always_inline void emit__stacks(struct tx_scratch *s, struct tx_policy_event *e)
{
#ifdef TX_OLD
	e->stacks_end = e->data_len + e->kernel_stack + e->user_stack;
#else
	e->stacks_end = stacks__copy(bpf_get_current_task_btf(), s, e);
#endif
}

#endif
