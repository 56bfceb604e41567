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
 * Threads in a connect(2) of theirs by which a TCP socket has begun to connect, by the last bits of
 * their number. Who is not found here, another having come to its place, is looked at the long way.
 */
#define TX_CONNECTING 256
volatile __u32 tx_connecting[TX_CONNECTING] SEC(".data.connect") = {};

static __always_inline volatile __u32 *connecting__place(u32 tid)
{
	return &tx_connecting[tid % TX_CONNECTING];
}

/* The current thread has put a TCP socket into SYN_SENT: within connect(2), or by another call. */
static __always_inline void connect__begins(void)
{
	struct task_struct *task = task__current();
	struct pt_regs *regs = task__regs();
	u32 tid = task__id(task);

	if (TX_OF(regs, TX_REG_CALL) == TX_CALL_CONNECT && !task__is_compat(task))
		*connecting__place(tid) = tid;
}

/* Has this connect(2), which ends now, done so? The state change tells all of one that succeeds. */
static __always_inline bool connect__ends(struct task_struct *task)
{
	u32 tid = task__id(task);
	volatile __u32 *place = connecting__place(tid);

	if (*place != tid)
		return false;
	*place = 0;
	return true;
}

#endif
