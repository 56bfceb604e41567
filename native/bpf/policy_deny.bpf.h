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

#ifdef TX_OLD
static __always_inline long ima__hash(struct file *file, struct tx_policy_event *e)
{
	return -1;
}

/* The caller is told EPERM, whatever the policy says. */
#define TX_GATE_ERROR(error) (-1)
static __always_inline void gate__answer(int error)
{
}
#else
static __always_inline long ima__hash(struct file *file, struct tx_policy_event *e)
{
	return bpf_ima_file_hash(file, e->ima, sizeof(e->ima));
}

#define TX_GATE_ERROR(error) (error)
static __always_inline void gate__answer(int error)
{
	bpf_set_retval(error);
}
#endif

/* Is the mark of this very call? One of an earlier call that never came here, or of a point that is
 * gone, is not. */
static __always_inline bool mark__holds(struct tx_marked *k, u32 nr)
{
	u32 point = k->point;
	struct tx_front *front = bpf_map_lookup_elem(&tx_fronts, &point);

	return k->error && k->nr == nr && front && row__get(2 * point + (front->which & 1), 0);
}

/* Its record is not here any more, or found no room: that the call is denied is told all the same.
 */
static __always_inline void mark__tell_bare(struct tx_marked *k, u64 id, u32 method, s32 error)
{
	u32 slot;
	struct tx_scratch *s = scratch__claim(&slot);
	struct tx_policy_event *e;

	if (!s) {
		TX_TOTAL(no_slot);
		return;
	}
	s->id = id;
	s->point = k->point;
	s->began = 0;
	s->ret = 0;
	s->nr = k->nr;
	s->head.build = k->build;
	s->head.args = 0;
	s->head.return_position = TX_NO_POSITION;
	event__begin(s);
	e = scratch__event(s);
	e->data_len = 0;
	e->stacks_end = 0;
	e->seen = 0;
	e->method = method;
	e->error = error;
	bits__set(e->enforced, k->bit);
	record__output_exec(&e->h, sizeof(*e));
	run__end(s);
}

/* One record for each point. */
static __always_inline void mark__carried_out(struct tx_mark *m, u32 i, u64 id, u32 method,
					      s32 error)
{
	struct tx_marked *k = &m->by[i];

	if (!k->error)
		return;
	if (!k->counted)
		TX_POLICY_COUNT(k->policy, enforced);
	for (u32 j = 0; j < i; j++)
		if (m->by[j].error && m->by[j].point == k->point)
			return;
	if (!marks__tell((u32)id, k->point, method, error))
		mark__tell_bare(k, id, method, error);
}

/*
 * Carries out what was decided for this very call, and tells of it: the error that was asked for
 * first, 0 where none was. From gates the helper for a thread's number may not be called.
 */
__noinline int marks__answer(u32 method)
{
	struct task_struct *task = task__current();
	u32 tid = TX_OF(task, pid), nr = call__current();
	u64 id = (u64)TX_OF(task, tgid) << 32 | tid, first = ~0ULL;
	struct tx_mark *m = bpf_map_lookup_elem(&tx_marks, &tid);
	s32 error = 0;

	if (!m)
		return 0;
	for (u32 i = 0; i < TX_MARKS; i++) {
		struct tx_marked *k = &m->by[i];

		if (!mark__holds(k, nr)) {
			k->error = 0;
		} else if (k->ktime < first) {
			first = k->ktime;
			error = k->error;
		}
	}
	if (error) {
		if (method == TX_METHOD_CGROUP)
			error = TX_GATE_ERROR(error);
		for (u32 i = 0; i < TX_MARKS; i++)
			mark__carried_out(m, i, id, method, error);
		TX_TOTAL(denied);
	}
	bpf_map_delete_elem(&tx_marks, &tid);
	return error;
}

static __always_inline long deny__run(void)
{
	return errno__bound(marks__answer(TX_METHOD_LSM));
}

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
	int error = marks__answer(TX_METHOD_CGROUP);

	if (!error)
		return 1;
	if (error > 0 || error < -4095)
		error = -1;
	gate__answer(error);
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
