/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The programs at functions of user space, which run in the middle of each other. */
#ifndef TELOVIX_POLICY_USER_BPF_H
#define TELOVIX_POLICY_USER_BPF_H

/*
 * From 6.13 on the kernel gives a program one stack a CPU, since it never runs a program within
 * itself. At user space's functions it does: nothing keeps two tasks out of one program there, and
 * on kernels that preempt programs each would write over what the other has on that stack. A
 * program that makes a tail call anywhere has the stack of its task, so here is one, never made.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} tx_no_tails SEC(".maps");

const volatile __u8 tx_tails = 0;

#ifdef TX_OLD /* which may not even have them there; named, so that the objects' maps are alike */
#define TX_OWN_STACK(ctx)                                       \
	do {                                                    \
		if (tx_tails)                                   \
			asm volatile("" : : "r"(&tx_no_tails)); \
	} while (0)
#else
#define TX_OWN_STACK(ctx)                                    \
	do {                                                 \
		if (tx_tails)                                \
			bpf_tail_call(ctx, &tx_no_tails, 0); \
	} while (0)
#endif

SEC("uprobe")
int uprobe__policy(struct pt_regs *ctx)
{
	u32 slot, point = point__of(ctx);
	struct tx_scratch *s;

	TX_OWN_STACK(ctx);
	s = run__begin(point, &slot);
	if (!s)
		return 0;
	raw__function(s, ctx);
	run__and_emit(ctx, s, slot);
	run__end(s);
	return 0;
}

SEC("uretprobe")
int uretprobe__policy(struct pt_regs *ctx)
{
	TX_OWN_STACK(ctx);
	return return__run(point__of(ctx), ctx->TX_REG_RESULT);
}

SEC("usdt")
int usdt__policy(struct pt_regs *ctx)
{
	u32 slot, point = bpf_usdt_cookie(ctx);
	struct tx_scratch *s;

	TX_OWN_STACK(ctx);
	s = run__begin(point, &slot);
	if (!s)
		return 0;
	s->regs = (u64)ctx;
	for (u32 i = 0; i < 8; i++) {
		long v = 0;

		bpf_usdt_arg(ctx, i, &v);
		s->raw[i & 7] = v;
	}
	run__and_emit(ctx, s, slot);
	run__end(s);
	return 0;
}

#endif
