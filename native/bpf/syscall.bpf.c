// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * System calls. One program at sys_exit serves all sensors: the saved registers still hold number
 * and arguments there, the result is known, and memory the call has read is still present. So there
 * is no program at sys_enter, which would cost as much again on every call of every process.
 * A table says what is done with each number; the work itself is in tail-called handlers, each with
 * its own verifier budget.
 */

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, TX_HANDLERS);
	__type(key, u32);
	__type(value, u32);
} tx_handlers SEC(".maps");

static __always_inline void call__args(struct tx_call *call, struct pt_regs *regs, bool compat,
				       const bool typed)
{
	if (compat) {
		call->args[0] = (u32)TX_REG(TX_REG_COMPAT0);
		call->args[1] = (u32)TX_REG(TX_REG_COMPAT1);
		call->args[2] = (u32)TX_REG(TX_REG_COMPAT2);
		call->args[3] = (u32)TX_REG(TX_REG_COMPAT3);
		call->args[4] = (u32)TX_REG(TX_REG_COMPAT4);
		call->args[5] = (u32)TX_REG(TX_REG_COMPAT5);
		return;
	}
	call->args[0] = TX_REG(TX_REG_CALL0);
	call->args[1] = TX_REG(TX_REG_CALL1);
	call->args[2] = TX_REG(TX_REG_CALL2);
	call->args[3] = TX_REG(TX_REG_CALL3);
	call->args[4] = TX_REG(TX_REG_CALL4);
	call->args[5] = TX_REG(TX_REG_CALL5);
}

/* read(2) and write(2) are everywhere: only descriptors known to be connected UDP are looked at. */
static __always_inline bool fd__is_udp(u32 fd)
{
	u64 key = bpf_get_current_pid_tgid() >> 32 << 32 | fd;

	return bpf_map_lookup_elem(&tx_udp_fds, &key) != NULL;
}

/* Puts together what the handler needs; its number, or 0: nothing is to be done. */
static __always_inline u32 call__keep(struct tx_scratch *s, union tx_sysrow row, void *ctx,
				      bool compat, const bool typed)
{
	struct pt_regs *regs = call__regs(ctx);

	s->call.def = row.def;
	s->call.nr = call__index(regs, typed) + (compat ? TX_SYSCALLS : 0);
	s->call.ret = call__result(ctx);
	call__args(&s->call, regs, compat, typed);
	if (!call__matters(&s->call))
		return 0;
	if (process__is_self(bpf_get_current_pid_tgid() >> 32)) {
		TX_COUNT(self);
		return 0;
	}
	return row.def.handler;
}

/* A native open that succeeded: most are of files that nobody watches. direct: as tx_direct, which
 * is asked once. */
static __always_inline u32 call__opened(struct task_struct *task, union tx_sysrow row, void *ctx,
					const bool typed, const bool direct)
{
	struct file *file = task__file_by(task, call__result(ctx), direct);
	struct tx_scratch *s;
	u64 tag;

	if (!file)
		return 0;
	tag = cold__tag_by((u64)file, direct);
	/* Taken apart here: what is held from the start on has to be put aside. */
	asm volatile("" : "+r"(row.word));
	if (tag && cold__is(tag, opened__use(call__regs(ctx), row.def.id, typed)))
		return 0;
	s = call__scratch();
	if (!s)
		return 0;
	s->seen.file = (u64)file;
	s->seen.tag = tag;
	return call__keep(s, row, ctx, false, typed);
}

/* The rest. */
static __always_inline u32 call__other(struct task_struct *task, union tx_sysrow row, void *ctx,
				       bool compat, const bool typed)
{
	struct pt_regs *regs = call__regs(ctx);
	struct tx_scratch *s;

	if (row.def.handler == TX_H_COMPAT) {
		TX_COUNT(compat);
		return 0;
	}
	if (row.def.handler == TX_H_CONNECT && !compat && connect__ends(task) && !call__result(ctx))
		return 0;
	if ((row.def.flags & TX_SF_UDP_FD) &&
	    !fd__is_udp(compat ? TX_REG(TX_REG_COMPAT0) : TX_REG(TX_REG_CALL0)))
		return 0;
	s = call__scratch();
	if (!s)
		return 0;
	s->seen.file = 0;
	return call__keep(s, row, ctx, compat, typed);
}

static __always_inline int call__hand(void *ctx, u32 handler)
{
	if (!handler)
		return 0;
	bpf_tail_call(ctx, &tx_handlers, handler);
	TX_COUNT(no_handler);
	return 0;
}

/* A program that may not be preempted may not go on to another either: there is a gap. */
static __always_inline int call__go(struct task_struct *task, union tx_sysrow row, void *ctx,
				    bool compat, const bool typed)
{
	return call__hand(ctx, TX_UNDISTURBED(call__other(task, row, ctx, compat, typed)));
}

static __always_inline int call__open_ends(struct task_struct *task, union tx_sysrow row, void *ctx,
					   const bool typed)
{
	if (!tx_direct)
		return call__hand(ctx, call__opened(task, row, ctx, typed, false));
	if (!tx_stays)
		return call__hand(ctx, call__opened(task, row, ctx, typed, true));
	return call__hand(ctx, TX_UNDISTURBED(call__opened(task, row, ctx, typed, true)));
}

static __always_inline int call__dispatch(void *ctx, const bool typed)
{
	union tx_sysrow row = { .word = call__row(ctx, 0, typed) };
	struct task_struct *task;

	if (!row.word)
		return 0;
	task = task__current();
	if (task__is_compat(task)) {
		row.word = call__row(ctx, TX_SYSCALLS, typed);
		return row.def.handler ? call__go(task, row, ctx, true, typed) : 0;
	}
	if (row.def.handler == TX_H_OPEN && call__result(ctx) >= 0)
		return call__open_ends(task, row, ctx, typed);
	/* 0: only the other ABI's call of that number is looked at. */
	return row.def.handler ? call__go(task, row, ctx, false, typed) : 0;
}

SEC("tp_btf/sys_exit")
int tp_btf__sys_exit(void *ctx)
{
	return call__dispatch(ctx, true);
}

SEC("raw_tp/sys_exit")
int raw_tp__sys_exit(void *ctx)
{
	return call__dispatch(ctx, false);
}

/* Both forms of a handler, around a body that takes the scratch buffer. */
#define TX_HANDLER(name, body)                                        \
	SEC("tp_btf/sys_exit") int tp_btf__call_##name(void *ctx)     \
	{                                                             \
		struct tx_scratch *s = scratch__get(TX_SCRATCH_CALL); \
		return s ? TX_UNDISTURBED(body(s)) : 0;               \
	}                                                             \
	SEC("raw_tp/sys_exit") int raw_tp__call_##name(void *ctx)     \
	{                                                             \
		struct tx_scratch *s = scratch__get(TX_SCRATCH_CALL); \
		return s ? TX_UNDISTURBED(body(s)) : 0;               \
	}

/* Copies one string argument behind the others; returns the new end. */
static __always_inline u32 call__string(struct tx_syscall *e, const struct tx_call *call, u32 arg,
					u32 at, u32 off)
{
	long n;

	TX_BOUND(off, TX_STRS * TX_STR_MAX);
	n = bpf_probe_read_user_str(e->data + off, TX_STR_MAX, (void *)call->args[arg]);
	if (n < 0) {
		if (call->args[arg])
			TX_COUNT(fault);
		return off;
	}
	if (n == TX_STR_MAX)
		e->cut |= 1 << at;
	n = n ? n - 1 : 0;
	e->len[at] = n;
	return off + n;
}

static __always_inline int call__generic(struct tx_scratch *s)
{
	struct tx_syscall *e = (void *)s->record;
	const struct tx_call *call = &s->call;
	u8 mask = call->def.str_mask;
	u32 off = 0, at = 0;

	/* Only the name is a string; seccomp's second argument is a number. */
	if ((call->def.flags & TX_SF_PRCTL) && (u32)call->args[0] != TX_PR_SET_NAME)
		mask = 0;

	header__current(&e->h, TX_SYSCALL);
	e->ret = call->ret;
	e->id = call->def.id;
	e->cut = 0;
	e->pad = 0;
	__builtin_memset(e->len, 0, sizeof(e->len));
#pragma unroll
	for (u32 i = 0; i < 6; i++)
		e->args[i] = call->args[i];
	if (e->id == TX_S_BPF)
		bpf__object(e);
#pragma unroll
	for (u32 i = 0; i < 6; i++) {
		if (!(mask & (1 << i)) || at >= TX_STRS)
			continue;
		off = call__string(e, call, i, at & (TX_STRS - 1), off);
		at++;
	}
	TX_BOUND(off, TX_STRS * TX_STR_MAX);
	record__output_main(&e->h, sizeof(*e) + off);
	return 0;
}

/* Calls that change credentials; the engine knows the old ones and drops what changed nothing. */
static __always_inline int call__creds(struct tx_scratch *s)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct tx_credcall *e = (void *)s->record;

	header__current(&e->h, TX_CREDS);
	e->ret = s->call.ret;
	e->id = s->call.def.id;
	__builtin_memset(e->pad, 0, sizeof(e->pad));
#pragma unroll
	for (u32 i = 0; i < 6; i++)
		e->args[i] = s->call.args[i];
	creds__fill(&e->now, TX_READ(task, cred));
	record__output_main(&e->h, sizeof(*e));
	return 0;
}

TX_HANDLER(generic, call__generic)
TX_HANDLER(creds, call__creds)
