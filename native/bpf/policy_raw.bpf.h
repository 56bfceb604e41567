/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A run's raw arguments, as its kind of program is given them. */
#ifndef TELOVIX_POLICY_RAW_BPF_H
#define TELOVIX_POLICY_RAW_BPF_H

/* Arguments of a function call, by the C convention. */
static __always_inline void raw__function(struct tx_scratch *s, struct pt_regs *regs)
{
	s->raw[0] = regs->TX_REG_ARG0;
	s->raw[1] = regs->TX_REG_ARG1;
	s->raw[2] = regs->TX_REG_ARG2;
	s->raw[3] = regs->TX_REG_ARG3;
	s->raw[4] = regs->TX_REG_ARG4;
	s->raw[5] = regs->TX_REG_ARG5;
	s->regs = (u64)regs;
}

/*
 * Arguments of a system call from the registers it was made with. typed: see TX_REG. All that the
 * rows ask for: with TX_HOOK_FEW the first two.
 */
static __always_inline void raw__call(struct tx_scratch *s, struct pt_regs *regs, bool compat,
				      u16 flags, const bool typed)
{
	if (compat) {
		s->raw[0] = (u32)TX_REG(TX_REG_COMPAT0);
		s->raw[1] = (u32)TX_REG(TX_REG_COMPAT1);
		s->raw[2] = (u32)TX_REG(TX_REG_COMPAT2);
		s->raw[3] = (u32)TX_REG(TX_REG_COMPAT3);
		s->raw[4] = (u32)TX_REG(TX_REG_COMPAT4);
		s->raw[5] = (u32)TX_REG(TX_REG_COMPAT5);
		return;
	}
	s->raw[0] = TX_REG(TX_REG_CALL0);
	s->raw[1] = TX_REG(TX_REG_CALL1);
	if (flags & TX_HOOK_FEW)
		return;
	s->raw[2] = TX_REG(TX_REG_CALL2);
	s->raw[3] = TX_REG(TX_REG_CALL3);
	s->raw[4] = TX_REG(TX_REG_CALL4);
	s->raw[5] = TX_REG(TX_REG_CALL5);
}

#ifdef TX_OLD

/* What lies behind a function's last argument is not looked at. */
static __always_inline void raw__trampoline(struct tx_scratch *s, void *ctx, u16 flags)
{
	bpf_probe_read_kernel(s->raw, 6 * sizeof(u64), ctx);
}

static __always_inline u64 raw__one(void *ctx, u32 index)
{
	u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), (u64 *)ctx + (index & 7));
	return v;
}

/* Where it lies depends on the function: no such program is used. */
static __always_inline void raw__result(void *ctx, u64 *ret)
{
}

#else

/* Trampolines: fentry, fexit, LSM. Arguments the function does not have read as 0. */
static __always_inline void raw__trampoline(struct tx_scratch *s, void *ctx, u16 flags)
{
	u64 n = bpf_get_func_arg_cnt(ctx);

	for (u32 i = 0; i < 6; i++) {
		u64 v = 0;

		if (i == 2 && (flags & TX_HOOK_FEW))
			break;
		if (i < n)
			bpf_get_func_arg(ctx, i, &v);
		s->raw[i & 7] = v;
	}
}

static __always_inline u64 raw__one(void *ctx, u32 index)
{
	u64 v = 0;

	bpf_get_func_arg(ctx, index, &v);
	return v;
}

static __always_inline void raw__result(void *ctx, u64 *ret)
{
	bpf_get_func_ret(ctx, ret);
}

#endif

/* clone3, clone, fork, vfork: the task they make leaves them as well, with 0. */
static __always_inline bool call__makes_task(u32 index)
{
	switch (index) {
	case 435:
	case TX_SYSCALLS + 435:
	case TX_SYSCALLS + 120:
	case TX_SYSCALLS + 2:
	case TX_SYSCALLS + 190:
#ifdef __TARGET_ARCH_arm64
	case 220:
#else
	case 56 ... 58:
#endif
		return true;
	default:
		return false;
	}
}

#endif
