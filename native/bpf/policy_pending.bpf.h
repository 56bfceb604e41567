/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Calls between their kprobe and their kretprobe. */
#ifndef TELOVIX_POLICY_PENDING_BPF_H
#define TELOVIX_POLICY_PENDING_BPF_H

static __always_inline u64 mask__any(const u64 *words)
{
	return words[0] | words[1] | words[2] | words[3];
}

/* What can't be kept until the return is cut, and says so. */
static __always_inline void pending__cut(struct tx_scratch *s)
{
	struct tx_policy_event *e = scratch__event(s);

	if (e->data_len <= TX_CALL_DATA)
		return;
	e->data_len = TX_CALL_DATA;
	for (u32 i = 0; i < TX_HOOK_ARGS; i++) {
		struct tx_parg *p = &e->arg[i];

		if (i >= s->head.args)
			break;
		if (p->offset + p->len <= TX_CALL_DATA)
			continue;
		p->flags |= TX_PARG_CUT;
		p->len = p->offset < TX_CALL_DATA ? TX_CALL_DATA - p->offset : 0;
	}
}

static __always_inline struct tx_pending *pending__as_kept(struct tx_scratch *s)
{
	return (struct tx_pending *)&s->now;
}

/*
 * One more call of the point, if there is room for it. In one step: between a look and a count
 * another one finds room, too, and on kernels that preempt programs many would.
 */
static __always_inline bool pending__put(struct tx_scratch *s, u64 key)
{
	u32 point = key, *count;

	pending__cut(s);
	pending__as_kept(s)->within = 0;
	count = bpf_map_lookup_elem(&tx_pending_counts, &point);
	if (!count)
		return false;
	if (TX_ADDED(count) <= TX_PENDINGS_OF_ONE &&
	    !bpf_map_update_elem(&tx_pendings, &key, &s->now, BPF_ANY))
		return true;
	__sync_fetch_and_add(count, -1);
	return false;
}

/*
 * Between kprobe and kretprobe: what was read and which selectors hold. What is left in the record
 * is told at once: there is no room, or something was done to who calls, and a process that is
 * killed never returns.
 */
static __always_inline void pending__keep(struct tx_scratch *s)
{
	u64 key = bpf_get_current_pid_tgid() << 32 | s->point;
	struct tx_policy_event *e = scratch__event(s);
	struct tx_pending *kept;

	e->has_ret = 0;
	if (!mask__any(s->matched) || mask__any(e->enforced))
		return;
	kept = bpf_map_lookup_elem(&tx_pendings, &key);
	if (kept) { /* the outer call is told with its return */
		/* Another look at the same call is told without its return. */
		if (!(s->unread & TX_UNREAD_LATE))
			kept->within++;
	} else if (pending__put(s, key)) {
#pragma unroll
		for (u32 w = 0; w < TX_MASK_WORDS; w++)
			e->posted[w] = 0;
		return;
	}
	if (!mask__any(e->posted))
		TX_TOTAL(pair_full);
}

/* For the program behind this one, which takes the file's hash and tells of the call. False: no
 * room. */
static __always_inline bool pending__hand(struct tx_scratch *s)
{
	u64 key = bpf_get_current_pid_tgid() << 32 | s->point;

	pending__cut(s);
	pending__as_kept(s)->within = 0;
	return !bpf_map_update_elem(&tx_pendings, &key, &s->now, BPF_ANY);
}

/* Takes what was kept under a key out of the map, into the work space. returns: it is a call's end.
 * False: there is nothing, or another run has taken it meanwhile. */
static __always_inline bool pending__take(struct tx_scratch *s, u64 key, const bool returns)
{
	struct tx_pending *kept = bpf_map_lookup_elem(&tx_pendings, &key);
	u32 point = key, *count;

	if (!kept)
		return false;
	if (returns && kept->within) {
		kept->within--;
		return false;
	}
	bpf_probe_read_kernel(&s->now, sizeof(*kept), kept);
	if (bpf_map_delete_elem(&tx_pendings, &key))
		return false;
	count = bpf_map_lookup_elem(&tx_pending_counts, &point);
	/* What was handed on was not counted. */
	if (count && *count)
		__sync_fetch_and_add(count, -1);
	s->want = 0;
	s->first_policy = 0;
	return true;
}

/* Its selectors can't be asked again: what had only to wait is told as it was at the call. */
static __always_inline void pending__tell(struct tx_scratch *s, u32 slot)
{
	struct tx_policy_event *e = scratch__event(s);

	if (mask__any(e->posted) || mask__any(e->enforced))
		event__emit(slot);
	else
		TX_TOTAL(pair_lost);
}

/*
 * A run has marked its thread: its record waits until the mark is answered. False: it is told at
 * once, since it is known already what becomes of the call, the mark was taken back, or there is no
 * room.
 */
__noinline int marks__await(u32 slot)
{
	struct tx_scratch *s = scratch__get(slot);
	struct tx_policy_event *e;
	struct tx_mark *m;
	bool any = false;
	u32 tid;
	u64 key;

	if (!s)
		return 0;
	e = scratch__event(s);
	tid = (u32)s->id;
	m = bpf_map_lookup_elem(&tx_marks, &tid);
	if (!m || e->method != TX_METHOD_NONE)
		return 0;
	for (u32 i = 0; i < TX_MARKS; i++)
		any |= m->by[i].error && m->by[i].point == s->point;
	if (!any)
		return 0;
	if (e->stacks_end > TX_CALL_DATA) {
		pending__cut(s);
		e->kernel_stack = 0;
		e->user_stack = 0;
		e->stacks_end = e->data_len;
	}
	pending__as_kept(s)->within = 0;
	key = mark__key(tid, s->point) | (s->unread & TX_UNREAD_LATE ? TX_PENDING_LATE : 0);
	return !bpf_map_update_elem(&tx_pendings, &key, &s->now, BPF_ANY);
}

#endif
