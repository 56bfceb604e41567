/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Registers, per architecture: where a function finds its arguments, and a system call its own. The
 * names are member names of struct pt_regs, for direct reads and for BPF_CORE_READ alike.
 */
#ifndef TELOVIX_KERNEL_REGS_H
#define TELOVIX_KERNEL_REGS_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_arm64)

struct user_pt_regs {
	unsigned long regs[31];
	unsigned long sp, pc, pstate;
};

struct pt_regs {
	unsigned long regs[31];
	unsigned long sp, pc, pstate;
	unsigned long orig_x0;
	int syscallno;
};

struct thread_info {
	unsigned long flags;
};

#define TX_REG_ARG0 regs[0]
#define TX_REG_ARG1 regs[1]
#define TX_REG_ARG2 regs[2]
#define TX_REG_ARG3 regs[3]
#define TX_REG_ARG4 regs[4]
#define TX_REG_ARG5 regs[5]
#define TX_REG_RESULT regs[0]
#define TX_REG_CALL syscallno
#define TX_REG_CALL0 orig_x0
#define TX_REG_CALL1 regs[1]
#define TX_REG_CALL2 regs[2]
#define TX_REG_CALL3 regs[3]
#define TX_REG_CALL4 regs[4]
#define TX_REG_CALL5 regs[5]
#define TX_REG_COMPAT0 orig_x0
#define TX_REG_COMPAT1 regs[1]
#define TX_REG_COMPAT2 regs[2]
#define TX_REG_COMPAT3 regs[3]
#define TX_REG_COMPAT4 regs[4]
#define TX_REG_COMPAT5 regs[5]
#define TX_THREAD_WORD flags
#define TX_THREAD_COMPAT (1 << 22) /* TIF_32BIT */
#define TX_CALL_FLAGS 0
#define TX_CALL_CONNECT 203

#else

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax;
	unsigned long ip, cs, flags, sp, ss;
};

struct thread_info {
	__u32 status;
};

#define TX_REG_ARG0 di
#define TX_REG_ARG1 si
#define TX_REG_ARG2 dx
#define TX_REG_ARG3 cx
#define TX_REG_ARG4 r8
#define TX_REG_ARG5 r9
#define TX_REG_RESULT ax
#define TX_REG_CALL orig_ax
#define TX_REG_CALL0 di
#define TX_REG_CALL1 si
#define TX_REG_CALL2 dx
#define TX_REG_CALL3 r10
#define TX_REG_CALL4 r8
#define TX_REG_CALL5 r9
#define TX_REG_COMPAT0 bx
#define TX_REG_COMPAT1 cx
#define TX_REG_COMPAT2 dx
#define TX_REG_COMPAT3 si
#define TX_REG_COMPAT4 di
#define TX_REG_COMPAT5 bp
#define TX_THREAD_WORD status
#define TX_THREAD_COMPAT 0x0002  /* TS_COMPAT */
#define TX_CALL_FLAGS 0x40000000 /* the bit of x32 calls */
#define TX_CALL_CONNECT 42

#endif

#pragma clang attribute pop

#endif
