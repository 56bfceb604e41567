/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What filters know of a process beside its task_struct: the path of its image and of its parent's,
 * its capabilities and namespaces at exec, and the follow sets it belongs to. Kept from fork to
 * exit, and only while policies are loaded; processes older than that are put in by the engine.
 */
#ifndef TELOVIX_PTASK_BPF_H
#define TELOVIX_PTASK_BPF_H

static __always_inline struct tx_control *ptask__wanted(void)
{
	struct tx_control *control = control__get();

	return control && control->remember ? control : NULL;
}

static __always_inline void ptask__follow(struct tx_ptask *p, const struct tx_mask *found)
{
	if (!found)
		return;
#pragma unroll
	for (u32 w = 0; w < TX_FOLLOW_WORDS; w++)
		p->follow[w] |= found->word[w];
}

static __always_inline void ptask__at_exec(struct tx_ptask *p, struct task_struct *task)
{
	const struct cred *cred = TX_READ(task, cred);

	bpf_core_read(&p->caps[TX_CAP_EFFECTIVE], 8, &cred->cap_effective);
	bpf_core_read(&p->caps[TX_CAP_INHERITABLE], 8, &cred->cap_inheritable);
	bpf_core_read(&p->caps[TX_CAP_PERMITTED], 8, &cred->cap_permitted);
}

/* s->record is free: the record of the fork is out. The child takes after its parent. */
static __always_inline void ptask__fork(struct tx_scratch *s, struct task_struct *parent,
					struct task_struct *child)
{
	u32 tgid = TX_READ(child, tgid), parent_tgid = TX_READ(parent, tgid);
	struct tx_ptask *p = (void *)s->record, *up;
	struct tx_control *control = ptask__wanted();
	struct tx_int_key key = {};

	if (!control)
		return;
	up = bpf_map_lookup_elem(&tx_ptasks, &parent_tgid);
	if (up) {
		bpf_probe_read_kernel(p, sizeof(*p), up);
		p->flags &= TX_PTASK_BINARY_CUT;
		bpf_probe_read_kernel(p->parent, sizeof(p->parent), up->binary);
		p->parent_len = up->binary_len;
	} else {
		__builtin_memset(p, 0, sizeof(*p));
		ptask__at_exec(p, parent);
		ns__read(p->ns, parent);
	}
	p->start = TX_READ(child, start_boottime);
	p->parent_tgid = parent_tgid;
	if (control->follow_pid) {
		key.set = control->follow_pid;
		key.value = tgid;
		ptask__follow(p, bpf_map_lookup_elem(&tx_ints, &key));
	}
	if (bpf_map_update_elem(&tx_ptasks, &tgid, p, BPF_ANY))
		TX_COUNT(ptask_full);
}

/* The follow sets the new image puts the process into: by its path, or by its path's end. */
static __always_inline void ptask__image(struct tx_scratch *s, struct tx_ptask *p,
					 struct tx_control *control)
{
	u32 n = p->binary_len;

	TX_BOUND(n, TX_TEXT_KEY - 1);
	if (control->follow_text) {
		bpf_probe_read_kernel(s->text.text, n, p->binary);
		s->text.text[n] = 0;
		s->text.prefixlen = 32 + 8 * (n + 1);
		s->text.set = bpf_htonl(control->follow_text);
		ptask__follow(p, bpf_map_lookup_elem(&tx_texts, &s->text));
	}
}

/* path: len readable bytes. */
static __always_inline void ptask__exec(struct tx_scratch *s, struct task_struct *task,
					const char *path, u32 len)
{
	u32 tgid = TX_READ(task, tgid), zero = 0, parent_tgid;
	struct tx_control *control = ptask__wanted();
	struct tx_ptask *p, *up;

	if (!control)
		return;
	p = bpf_map_lookup_elem(&tx_ptasks, &tgid);
	if (!p) {
		/* Not seen at its fork: begins empty, filled in place. */
		struct tx_ptask *blank = bpf_map_lookup_elem(&tx_blank, &zero);

		if (!blank || bpf_map_update_elem(&tx_ptasks, &tgid, blank, BPF_ANY)) {
			TX_COUNT(ptask_full);
			return;
		}
		p = bpf_map_lookup_elem(&tx_ptasks, &tgid);
		if (!p)
			return;
		p->start = TX_READ(task, group_leader, start_boottime);
		p->parent_tgid = TX_READ(task, real_parent, tgid);
	}
	p->flags &= ~TX_PTASK_BINARY_CUT;
	if (len > TX_TEXT_KEY - 1) {
		len = TX_TEXT_KEY - 1;
		p->flags |= TX_PTASK_BINARY_CUT;
	}
	TX_BOUND(len, TX_TEXT_KEY - 1);
	bpf_probe_read_kernel(p->binary, len, path);
	p->binary_len = len;
	parent_tgid = p->parent_tgid;
	up = bpf_map_lookup_elem(&tx_ptasks, &parent_tgid);
	if (up && up->start <= p->start) {
		bpf_probe_read_kernel(p->parent, sizeof(p->parent), up->binary);
		p->parent_len = up->binary_len;
	}
	ptask__at_exec(p, task);
	ns__read(p->ns, task);
	ptask__image(s, p, control);
}

/* Whether the kernel tells when a process's memory goes. */
volatile __u32 tx_frees = 0;

/* After this a process still closes its files and sockets, and policies see that. */
static __always_inline void ptask__exit(u32 tgid)
{
	if (!tx_frees && ptask__wanted())
		bpf_map_delete_elem(&tx_ptasks, &tgid);
}

/* Its number may be another's by now. */
static __always_inline int ptask__free(struct task_struct *task)
{
	u32 tgid = TX_READ(task, tgid);
	struct tx_ptask *p;

	if ((u32)TX_READ(task, pid) != tgid || !ptask__wanted())
		return 0;
	p = bpf_map_lookup_elem(&tx_ptasks, &tgid);
	if (p && p->start == TX_READ(task, start_boottime))
		bpf_map_delete_elem(&tx_ptasks, &tgid);
	return 0;
}

#endif
