/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Stack traces, behind a record's arguments. */
#ifndef TELOVIX_POLICY_STACKS_BPF_H
#define TELOVIX_POLICY_STACKS_BPF_H

#ifdef TX_OLD
/* Of a task that is not typed the kernel tells no stack, only of a program's own context: the
 * program has taken them (stacks__take). */
static __always_inline void emit__stacks(struct tx_scratch *s, struct tx_policy_event *e)
{
	e->stacks_end = e->data_len + e->kernel_stack + e->user_stack;
}

static __always_inline void stacks__take(void *ctx, struct tx_scratch *s)
{
	struct tx_policy_event *e = scratch__event(s);
	u32 off = e->data_len;
	long n;

	if (s->want & TX_SEL_KERNEL_STACK) {
		TX_BOUND(off, TX_EVENT_DATA + TX_ARG_DATA_MAX - 16 * TX_STACK_FRAMES);
		n = bpf_get_stack(ctx, e->data + off, 8 * TX_STACK_FRAMES, 0);
		if (n > 0) {
			e->kernel_stack = n;
			off += n;
		}
	}
	if (s->want & TX_SEL_USER_STACK) {
		TX_BOUND(off, TX_EVENT_DATA + TX_ARG_DATA_MAX - 8 * TX_STACK_FRAMES);
		n = bpf_get_stack(ctx, e->data + off, 8 * TX_STACK_FRAMES, BPF_F_USER_STACK);
		if (n > 0)
			e->user_stack = n;
	}
}
#else
static __always_inline void stacks__take(void *ctx, struct tx_scratch *s)
{
}

static __always_inline void emit__stacks(struct tx_scratch *s, struct tx_policy_event *e)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 off = e->data_len;
	long n;

	if (s->want & TX_SEL_KERNEL_STACK) {
		TX_BOUND(off, TX_EVENT_DATA + TX_ARG_DATA_MAX - 16 * TX_STACK_FRAMES);
		n = bpf_get_task_stack(task, e->data + off, 8 * TX_STACK_FRAMES, 0);
		if (n > 0) {
			e->kernel_stack = n;
			off += n;
		}
	}
	if (s->want & TX_SEL_USER_STACK) {
		TX_BOUND(off, TX_EVENT_DATA + TX_ARG_DATA_MAX - 8 * TX_STACK_FRAMES);
		n = bpf_get_task_stack(task, e->data + off, 8 * TX_STACK_FRAMES, BPF_F_USER_STACK);
		if (n > 0) {
			e->user_stack = n;
			off += n;
		}
	}
	e->stacks_end = off;
}
#endif

#endif
