/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What sys_exit sees of a call, and calls that are done with before a handler is looked for. */
#ifndef TELOVIX_SYSCALL_QUICK_BPF_H
#define TELOVIX_SYSCALL_QUICK_BPF_H

/*
 * The saved registers, and what the call returned. Asked for anew where they are needed: what is
 * held over a cast or a helper has to be put aside.
 */
static __always_inline struct pt_regs *call__regs(void *ctx)
{
	asm volatile("" : "+r"(ctx));
	return ((struct pt_regs **)ctx)[0];
}

static __always_inline long call__result(void *ctx)
{
	asm volatile("" : "+r"(ctx));
	return ((long *)ctx)[1];
}

/* Of 32 bits, as for the kernel; -1, no call, is above all of them. */
static __always_inline u32 call__index(struct pt_regs *regs, const bool typed)
{
	return (u32)TX_REG(TX_REG_CALL) & ~TX_CALL_FLAGS;
}

/* base: of the table's part for the call's ABI. 0: no such call. */
static __always_inline u64 call__row(void *ctx, u32 base, const bool typed)
{
	u32 index = call__index(call__regs(ctx), typed);

	return index < TX_SYSCALLS ? tx_calls[base + index] : 0;
}

static __always_inline struct tx_scratch *call__scratch(void)
{
	struct tx_scratch *s = scratch__get(TX_SCRATCH_CALL);

	if (!s)
		TX_COUNT(scratch);
	return s;
}

/* What an open that succeeded was for; anything, where the flags are in memory (openat2) or there
 * are none. */
static __always_inline u32 opened__use(struct pt_regs *regs, u8 id, const bool typed)
{
	if (__builtin_expect(id == TX_S_OPENAT, 1))
		return open__use(TX_REG(TX_REG_CALL2));
	return id == TX_S_OPEN ? open__use(TX_REG(TX_REG_CALL1)) : TX_W_ALL;
}

/*
 * True: a connect(2) that succeeded, of TCP: the state change has told all of
 * it. Should another thread have put something else in the descriptor's place
 * meanwhile, what is read here is of that, and the handler would find nothing
 * either.
 */
static __always_inline bool connect__is_told(struct task_struct *task, u32 fd)
{
	u64 file = (u64)task__file(task, fd), socket, sk;

	if (!file)
		return false;
	if (tx_direct) {
		struct file *typed = TX_AT((struct file *)file);

		return TX_AT((struct socket *)typed->private_data)->sk->sk_protocol ==
		       TX_IPPROTO_TCP;
	}
	socket = TX_NUMBER(file, struct file, private_data);
	sk = TX_NUMBER(socket, struct socket, sk);
	return sock__protocol((struct sock *)sk) == TX_IPPROTO_TCP;
}

#endif
