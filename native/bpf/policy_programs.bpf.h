/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The programs: one per kind of attachment, all with the same inside. Generic kinds are loaded once
 * and told by a cookie where they are; kinds bound to one target at load come in several copies, so
 * that one load serves several targets, and know their hook point from read-only data.
 */
#ifndef TELOVIX_POLICY_PROGRAMS_BPF_H
#define TELOVIX_POLICY_PROGRAMS_BPF_H

#define TX_COPIES 8

const volatile __u32 tx_fentry_point[TX_COPIES] = {};
const volatile __u8 tx_fentry_call[TX_COPIES] = {}; /* at the function of a system call */
const volatile __u32 tx_fexit_point[TX_COPIES] = {};
const volatile __u32 tx_lsm_point[TX_COPIES] = {};
const volatile __u32 tx_raw_tp_point[TX_COPIES] = {};
const volatile __u32 tx_ima_point[2] = {}; /* of lsm__ima_bprm, of lsm__ima_file */
const volatile __u32 tx_own_point = 0;     /* of generic kinds, where there are no cookies */

/* Where a generic program is attached. */
static __always_inline u64 point__of(void *ctx)
{
#ifdef TX_OLD
	return tx_own_point;
#else
	return bpf_get_attach_cookie(ctx);
#endif
}

static __always_inline int kprobe__run(struct pt_regs *ctx, const bool override)
{
	u32 slot, point = point__of(ctx);
	struct tx_scratch *s = run__begin_call(point, &slot, NULL, false, ctx);
	bool overridden = false;
	s64 error = 0;

	if (!s)
		return 0;
	if (s->head.flags & TX_HOOK_SYSCALL_REGS) {
		struct pt_regs *regs = (void *)ctx->TX_REG_ARG0;

		s->nr = TX_READ(regs, TX_REG_CALL);
		s->regs = (u64)regs;
		raw__call(s, regs, s->head.flags & TX_HOOK_COMPAT_REGS, s->head.flags, false);
	} else {
		raw__function(s, ctx);
	}
	if (!lean__done(s, slot) && run__hook(slot)) {
		error = s->error;
		overridden = s->overridden;
		if (override && overridden)
			scratch__event(s)->method = TX_METHOD_OVERRIDE_RETURN;
		stacks__take(ctx, s);
		event__emit(slot);
	}
	run__end(s);
	if (override && overridden) /* 0, too: the call is answered for and not made */
		bpf_override_return(ctx, error);
	return 0;
}

SEC("kprobe")
int kprobe__policy(struct pt_regs *ctx)
{
	return kprobe__run(ctx, false);
}

/* Where the kernel lets a function be answered for (CONFIG_BPF_KPROBE_OVERRIDE). */
SEC("kprobe")
int kprobe__override(struct pt_regs *ctx)
{
	return kprobe__run(ctx, true);
}

static __always_inline int return__run(u64 point, u64 ret)
{
	u32 slot;
	struct tx_scratch *s = run__begin(point, &slot);

	if (!s)
		return 0;
	s->ret = ret;
	run__return(slot);
	run__end(s);
	return 0;
}

SEC("kretprobe")
int kretprobe__policy(struct pt_regs *ctx)
{
	return return__run(point__of(ctx), ctx->TX_REG_RESULT);
}

/* Run by the engine: tells of a call whose return never came. args[0]: its key. */
SEC("raw_tp")
int pending__flush(struct bpf_raw_tracepoint_args *ctx)
{
	u32 slot;
	struct tx_scratch *s = scratch__claim(&slot);

	if (!s)
		return 0;
	s->began = 0;
	if (pending__take(s, ctx->args[0], false))
		pending__tell(s, slot);
	run__end(s);
	return 0;
}

SEC("tp")
int tp__policy(void *ctx)
{
	u32 slot, point = point__of(ctx);
	struct tx_scratch *s = run__begin(point, &slot);

	if (!s)
		return 0;
	s->context = (u64)ctx;
	run__and_emit(ctx, s, slot);
	run__end(s);
	return 0;
}

static __always_inline int call__run(void *ctx, struct pt_regs *regs, long nr, s64 ret,
				     bool leaving)
{
	struct tx_call_hooks *hooks;
	struct tx_scratch *s;
	bool compat;
	u32 index, slot, point;

	if (nr < 0)
		return 0;
	index = (u32)nr & ~TX_CALL_FLAGS;
	if (index >= TX_SYSCALLS)
		return 0;
	compat = task__is_compat(task__current());
	if (compat)
		index += TX_SYSCALLS;
	hooks = bpf_map_lookup_elem(&tx_call_hooks, &index);
	if (!hooks)
		return 0;
	point = leaving ? hooks->leave : hooks->enter;
	if (!point)
		return 0;
	/* It has made no call: one record for each. */
	if (leaving && !ret && call__makes_task(index))
		return 0;
	s = run__begin_call(point, &slot, leaving || compat ? NULL : regs, false, NULL);
	if (!s)
		return 0;
	s->nr = nr;
	s->ret = ret;
	s->regs = (u64)regs;
	raw__call(s, regs, compat, s->head.flags, false);
	run__and_emit(ctx, s, slot);
	run__end(s);
	return 0;
}

SEC("raw_tp/sys_enter")
int sys_enter__policy(struct bpf_raw_tracepoint_args *ctx)
{
	return call__run(ctx, (struct pt_regs *)ctx->args[0], ctx->args[1], 0, false);
}

SEC("raw_tp/sys_exit")
int sys_exit__policy(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];

	return call__run(ctx, regs, TX_READ(regs, TX_REG_CALL), ctx->args[1], true);
}

static __always_inline int raw_tp__run(struct bpf_raw_tracepoint_args *ctx, u32 point)
{
	u32 slot;
	struct tx_scratch *s = run__begin(point, &slot);

	if (!s)
		return 0;
	/* Through a read: naming args[n] would bar the program from tracepoints that have fewer. */
	bpf_probe_read_kernel(s->raw, 6 * sizeof(u64), ctx);
	run__and_emit(ctx, s, slot);
	run__end(s);
	return 0;
}

/* is_call: at a system call's function, whose only argument is its registers. A constant once
 * loaded, as is where the program is attached: the verifier knows what is in ctx. */
static __always_inline int fentry__at(u64 *ctx, u32 point, const bool is_call)
{
	struct pt_regs *regs = is_call ? (struct pt_regs *)ctx[0] : NULL;
	struct tx_scratch *s;
	struct tx_run run;
	u32 slot;

	if (!run__look(&run, point, regs, true, NULL))
		return 0;
	if (!is_call && (run.head->flags & TX_HOOK_SOCK) && lean__sock(&run, ctx)) {
		cost__end(point, run.began);
		return 0;
	}
	s = run__claim(&run, &slot);
	if (!s)
		return 0;
	if (is_call) {
		s->nr = regs->TX_REG_CALL;
		raw__call(s, regs, false, run.head->flags, true);
	} else {
		raw__trampoline(s, ctx, run.head->flags);
	}
	run__in_place(ctx, s, slot, run.head);
	run__end(s);
	return 0;
}

static __always_inline int fentry__run(u64 *ctx, u32 point, const bool is_call)
{
	return is_call ? fentry__at(ctx, point, true) : fentry__at(ctx, point, false);
}

static __always_inline int fexit__run(void *ctx, u32 point)
{
	u32 slot;
	struct tx_scratch *s = run__begin(point, &slot);
	u64 ret = 0;

	if (!s)
		return 0;
	raw__trampoline(s, ctx, s->head.flags);
	raw__result(ctx, &ret);
	s->ret = ret;
	run__and_emit(ctx, s, slot);
	run__end(s);
	return 0;
}

#define TX_COPY(n)                                                              \
	SEC("fentry/close_fd") int fentry__policy_##n(u64 *ctx)                 \
	{                                                                       \
		return fentry__run(ctx, tx_fentry_point[n], tx_fentry_call[n]); \
	}                                                                       \
	SEC("fexit/close_fd") int fexit__policy_##n(void *ctx)                  \
	{                                                                       \
		return fexit__run(ctx, tx_fexit_point[n]);                      \
	}                                                                       \
	SEC("raw_tp")                                                           \
	int raw_tp__policy_##n(struct bpf_raw_tracepoint_args *ctx)             \
	{                                                                       \
		return raw_tp__run(ctx, tx_raw_tp_point[n]);                    \
	}

TX_COPY(0)
TX_COPY(1)
TX_COPY(2)
TX_COPY(3)

#endif
