/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Which calls of the busy ones are told: by an argument, where the number alone says too little. */
#ifndef TELOVIX_SYSCALL_MATTERS_BPF_H
#define TELOVIX_SYSCALL_MATTERS_BPF_H

#define TX_PROT_WX 6 /* PROT_WRITE | PROT_EXEC */
#define TX_PR_SET_NAME 15
#define TX_PR_SET_SECCOMP 22

/* Threads are given names all day; a renamed main thread is how ps sees the process. */
static __always_inline bool prctl__matters(u32 option)
{
	u64 id = bpf_get_current_pid_tgid();

	if (option == TX_PR_SET_NAME)
		return (u32)id == id >> 32;
	return option == TX_PR_SET_SECCOMP;
}

/* PTRACE_PEEK*, GET*, CONT, SYSCALL, SINGLESTEP, LISTEN, GETEVENTMSG: debuggers at work. */
static __always_inline bool ptrace__matters(u64 request)
{
	switch (request) {
	case 0:       /* TRACEME */
	case 4 ... 6: /* POKETEXT, POKEDATA, POKEUSR */
	case 8:       /* KILL */
	case 13:      /* SETREGS */
	case 15:      /* SETFPREGS */
	case 16:      /* ATTACH */
	case 17:      /* DETACH */
	case 0x4203:  /* SETSIGINFO */
	case 0x4205:  /* SETREGSET */
	case 0x4206:  /* SEIZE */
		return true;
	default:
		return false;
	}
}

static __always_inline bool call__matters(const struct tx_call *call)
{
	u8 flags = call->def.flags;

	if (flags & TX_SF_WX)
		return (call->args[2] & TX_PROT_WX) == TX_PROT_WX;
	if (flags & TX_SF_PRCTL)
		return prctl__matters(call->args[0]);
	if (flags & TX_SF_SIGNAL)
		return (u32)call->args[1];
	if (flags & TX_SF_SIGNAL2)
		return (u32)call->args[2] && (u32)call->args[0] != process__own_pid();
	if (flags & TX_SF_PTRACE)
		return ptrace__matters(call->args[0]);
	return true;
}

#endif
