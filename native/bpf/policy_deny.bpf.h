/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs that say no: at the LSM hook itself, or for a thread marked at the entry of its system
 * call. */
#ifndef TELOVIX_POLICY_DENY_BPF_H
#define TELOVIX_POLICY_DENY_BPF_H

/* What an LSM program may return; the verifier must see it in all 64 bits. */
static __always_inline long errno__bound(s64 error)
{
	asm volatile("" : "+r"(error));
	if (error > 0 || error < -4095)
		error = -1;
	asm volatile("" : "+r"(error));
	return error;
}

static __always_inline long lsm__run(void *ctx, u32 point)
{
	u32 slot;
	struct tx_scratch *s = run__begin(point, &slot);
	s64 error = 0;

	if (!s)
		return 0;
	raw__trampoline(s, ctx, s->head.flags);
	if (run__hook(slot)) {
		error = s->error;
		if (error)
			scratch__event(s)->method = TX_METHOD_LSM;
		if (!ima__wanted(s) || !pending__hand(s)) {
			stacks__take(ctx, s);
			event__emit(slot);
		}
	}
	run__end(s);
	return errno__bound(error);
}

/* Carries out what the program at the system call's entry has decided for this very call. */
static __always_inline long deny__run(void)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct tx_mark *mark = bpf_map_lookup_elem(&tx_marks, &tid);
	s64 error;

	if (!mark)
		return 0;
	error = mark->error;
	if (mark->nr != call__current())
		error = 0; /* of an earlier call that never came here */
	else
		TX_TOTAL(denied);
	bpf_map_delete_elem(&tx_marks, &tid);
	return errno__bound(error);
}

#ifdef TX_OLD
static __always_inline long ima__hash(struct file *file, struct tx_policy_event *e)
{
	return -1;
}

/* The caller is told EPERM, whatever the policy says. */
static __always_inline void gate__answer(int error)
{
}
#else
static __always_inline long ima__hash(struct file *file, struct tx_policy_event *e)
{
	return bpf_ima_file_hash(file, e->ima, sizeof(e->ima));
}

static __always_inline void gate__answer(int error)
{
	bpf_set_retval(error);
}
#endif

/*
 * Behind lsm__policy at the same hook: its record, with the hash of the file. Hashing may sleep,
 * and what may sleep can't use the index; so there are two programs.
 */
static __always_inline int ima__run(struct file *file, u32 point)
{
	u64 key = bpf_get_current_pid_tgid() << 32 | point;
	struct tx_pending *kept = bpf_map_lookup_elem(&tx_pendings, &key);
	struct tx_policy_event *e;
	u32 size;
	long algorithm;

	if (!kept)
		return 0;
	e = (struct tx_policy_event *)kept->record;
	algorithm = ima__hash(file, e);
	if (algorithm >= 0) {
		e->ima_algorithm = algorithm;
		e->ima_len = TX_IMA_MAX;
	}
	e->stacks_end = e->data_len;
	size = e->data_len;
	TX_BOUND(size, TX_CALL_DATA);
	record__output_main(&e->h, sizeof(*e) + size);
	bpf_map_delete_elem(&tx_pendings, &key);
	return 0;
}

SEC("lsm.s/bprm_check_security")
int BPF_PROG(lsm__ima_bprm, struct linux_binprm *bprm)
{
	return ima__run(bprm->file, tx_ima_point[0]);
}

SEC("lsm.s/file_open")
int BPF_PROG(lsm__ima_file, struct file *file)
{
	return ima__run(file, tx_ima_point[1]);
}

/*
 * Where LSM programs are not to be had: the network's own gate. It says no for the thread that was
 * marked when it entered connect(2) or sendmsg(2).
 */
static __always_inline int cgroup__run(void)
{
	u32 tid = TX_OF(task__current(), pid);
	struct tx_mark *mark = bpf_map_lookup_elem(&tx_marks, &tid);
	bool old;
	int error;

	if (!mark)
		return 1;
	error = mark->error;
	old = mark->nr != call__current(); /* of a call that failed before it came here */
	bpf_map_delete_elem(&tx_marks, &tid);
	if (old)
		return 1;
	if (error >= 0 || error < -4095)
		error = -1;
	gate__answer(error);
	TX_TOTAL(denied);
	return 0;
}

SEC("cgroup/connect4")
int cgroup__connect4(struct bpf_sock_addr *ctx)
{
	return cgroup__run();
}

SEC("cgroup/connect6")
int cgroup__connect6(struct bpf_sock_addr *ctx)
{
	return cgroup__run();
}

SEC("cgroup/sendmsg4")
int cgroup__sendmsg4(struct bpf_sock_addr *ctx)
{
	return cgroup__run();
}

SEC("cgroup/sendmsg6")
int cgroup__sendmsg6(struct bpf_sock_addr *ctx)
{
	return cgroup__run();
}

#define TX_LSM_COPY(n)                                       \
	SEC("lsm/file_open") long lsm__policy_##n(void *ctx) \
	{                                                    \
		return lsm__run(ctx, tx_lsm_point[n]);       \
	}                                                    \
	SEC("lsm/file_open") long lsm__deny_##n(void *ctx)   \
	{                                                    \
		return deny__run();                          \
	}

TX_LSM_COPY(0)
TX_LSM_COPY(1)
TX_LSM_COPY(2)
TX_LSM_COPY(3)
TX_LSM_COPY(4)
TX_LSM_COPY(5)
TX_LSM_COPY(6)
TX_LSM_COPY(7)

#endif
