/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What filters look at beside the arguments: the process, its image, its namespaces. */
#ifndef TELOVIX_POLICY_SUBJECT_BPF_H
#define TELOVIX_POLICY_SUBJECT_BPF_H

static __always_inline struct tx_ptask *ptask__current(void)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;

	return bpf_map_lookup_elem(&tx_ptasks, &tgid);
}

static __always_inline u32 task__namespace(struct task_struct *task, u32 which)
{
	struct nsproxy *ns = TX_READ(task, nsproxy);

	switch (which) {
	case TX_NS_UTS:
		return TX_READ(ns, uts_ns, ns.inum);
	case TX_NS_IPC:
		return TX_READ(ns, ipc_ns, ns.inum);
	case TX_NS_MNT:
		return TX_READ(ns, mnt_ns, ns.inum);
	case TX_NS_PID:
		return task__pid_ns(task);
	case TX_NS_PID_CHILD:
		return TX_READ(ns, pid_ns_for_children, ns.inum);
	case TX_NS_NET:
		return TX_READ(ns, net_ns, ns.inum);
	case TX_NS_TIME:
		return bpf_core_field_exists(ns->time_ns) ? TX_READ(ns, time_ns, ns.inum) : 0;
	case TX_NS_TIME_CHILD:
		return bpf_core_field_exists(ns->time_ns_for_children)
			       ? TX_READ(ns, time_ns_for_children, ns.inum)
			       : 0;
	case TX_NS_CGROUP:
		return TX_READ(ns, cgroup_ns, ns.inum);
	case TX_NS_USER:
		return TX_READ(task, cred, user_ns, ns.inum);
	default:
		return 0;
	}
}

static __always_inline u64 task__caps(struct task_struct *task, u32 set)
{
	const struct cred *cred = TX_READ(task, cred);
	u64 caps = 0;

	switch (set) {
	case TX_CAP_EFFECTIVE:
		bpf_core_read(&caps, 8, &cred->cap_effective);
		break;
	case TX_CAP_INHERITABLE:
		bpf_core_read(&caps, 8, &cred->cap_inheritable);
		break;
	case TX_CAP_PERMITTED:
		bpf_core_read(&caps, 8, &cred->cap_permitted);
		break;
	}
	return caps;
}

/* The socket described by an argument, or NULL. One that could not be read is not one with port 0.
 */
static __always_inline struct tx_sock *arg__sock_of(struct tx_scratch *s, struct tx_parg *p)
{
	struct tx_policy_event *e = scratch__event(s);
	u32 off = p->offset;

	if (p->len < sizeof(struct tx_sock) || (p->flags & TX_PARG_FAULT))
		return NULL;
	TX_BOUND(off, TX_EVENT_DATA);
	return (struct tx_sock *)(e->data + off);
}

/* A number to be compared. False when there is none: the filter does not hold, nor its opposite's
 * index. */
__noinline int subject__number(u32 slot, u32 source, u32 arg, u32 sub)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct tx_scratch *s = scratch__get(slot);
	struct tx_sock *sock;
	struct tx_parg *p;

	if (!s)
		return 0;
	p = arg__at(s, arg);
	switch (source) {
	case TX_SRC_VALUE:
		s->number.value = p->value;
		return 1;
	case TX_SRC_MODE:
		s->number.value = p->mode & TX_S_IFMT;
		return 1;
	case TX_SRC_PID:
		s->number.value = bpf_get_current_pid_tgid() >> 32;
		return 1;
	case TX_SRC_OWN_PID:
		s->number.value = process__own_pid();
		return 1;
	case TX_SRC_NAMESPACE:
		s->number.value = task__namespace(task, sub);
		return 1;
	case TX_SRC_CGROUP:
		s->number.value = TX_READ(task__cgroup(task), kn, id);
		return 1;
	}
	if (p->type == TX_ARG_SOCKADDR_UN && source == TX_SRC_FAMILY) {
		s->number.value = p->value;
		return 1;
	}
	sock = arg__sock_of(s, p);
	if (!sock)
		return 0;
	switch (source) {
	case TX_SRC_SPORT:
		s->number.value = sock->sport;
		return 1;
	case TX_SRC_DPORT:
		s->number.value = sock->dport;
		return 1;
	case TX_SRC_PROTOCOL:
		s->number.value = sock->protocol;
		return 1;
	case TX_SRC_FAMILY:
		s->number.value = sock->family;
		return 1;
	case TX_SRC_STATE:
		s->number.value = sock->state;
		return 1;
	}
	return 0;
}

/* The key of the text trie from len readable bytes; whole ones get their end as part of the key. */
static __always_inline void text__key(struct tx_scratch *s, const char *from, u32 len)
{
	u32 n = len;

	TX_BOUND(n, TX_TEXT_KEY);
	bpf_probe_read_kernel(s->text.text, n, from);
	if (n < TX_TEXT_KEY) {
		u32 at = n;

		TX_BOUND(at, TX_TEXT_KEY - 1);
		s->text.text[at] = 0;
		n++;
	}
	s->text.prefixlen = 32 + 8 * n;
}

/* The same from the last byte backwards. */
static __always_inline void text__key_end(struct tx_scratch *s, const char *from, u32 len)
{
	u32 n = len < TX_END_KEY ? len : TX_END_KEY, start = len - n;

	TX_BOUND(start, TX_ARG_DATA_MAX);
	TX_BOUND(n, TX_END_KEY);
	/* First forwards behind the key, then turned. */
	bpf_probe_read_kernel(&s->text.text[TX_END_KEY - 1], n, from + start);
	for (u32 i = 0; i < TX_END_KEY; i++) {
		u32 at;
		char c;

		if (i >= n)
			break;
		at = TX_END_KEY - 1 + n - 1 - i;
		TX_BOUND(at, TX_TEXT_KEY - 1);
		c = s->text.text[at];
		s->turned[i] = c;
	}
	bpf_probe_read_kernel(s->text.text, n, s->turned);
	s->text.prefixlen = 32 + 8 * n;
}

static __always_inline int key__binary(struct tx_scratch *s, u32 source)
{
	bool parent = source == TX_SRC_PARENT || source == TX_SRC_PARENT_END;
	bool end = source == TX_SRC_BINARY_END || source == TX_SRC_PARENT_END;
	struct tx_ptask *task = ptask__current();
	const char *from;
	u32 len;

	if (!task)
		return 0;
	from = task->binary;
	len = task->binary_len;
	if (parent) {
		u32 tgid = task->parent_tgid;
		struct tx_ptask *up = bpf_map_lookup_elem(&tx_ptasks, &tgid);

		/* What it runs now, or, when it has ended, what it ran when it forked us. */
		if (up && up->start <= task->start) {
			from = up->binary;
			len = up->binary_len;
		} else {
			from = task->parent;
			len = task->parent_len;
		}
	}
	if (!len)
		return 0;
	TX_BOUND(len, TX_TEXT_KEY);
	if (end)
		text__key_end(s, from, len);
	else
		text__key(s, from, len);
	return 1;
}

/* Fills s->text but for the set. 0: there is no such text. */
__noinline int subject__text(u32 slot, u32 source, u32 arg)
{
	struct tx_scratch *s = scratch__get(slot);
	struct tx_policy_event *e;
	struct tx_parg *p;
	u32 off, len;

	if (!s)
		return 0;
	if (source >= TX_SRC_BINARY && source <= TX_SRC_PARENT_END)
		return key__binary(s, source);
	e = scratch__event(s);
	p = arg__at(s, arg);
	if (p->flags & TX_PARG_MISSING)
		return 0;
	off = p->offset;
	len = p->len;
	TX_BOUND(off, TX_EVENT_DATA);
	TX_BOUND(len, TX_ARG_DATA_MAX);
	if (source == TX_SRC_END) {
		if (p->flags & TX_PARG_CUT) /* its end was not read */
			return 0;
		text__key_end(s, e->data + off, len);
	} else {
		text__key(s, e->data + off, len);
	}
	return 1;
}

/* Fills a key but for the set. False: there is no address. */
static __always_inline bool address__fill(struct tx_address_key *key, struct tx_sock *sock,
					  u32 source)
{
	/* By words: clang would copy bytes. */
	volatile u32 *from =
		source == TX_SRC_DADDR ? (volatile u32 *)sock->daddr : (volatile u32 *)sock->saddr;
	volatile u32 *to = (volatile u32 *)key->address;

	to[0] = from[0];
	if (sock->family == TX_AF_INET6) {
		to[1] = from[1];
		to[2] = from[2];
		to[3] = from[3];
	}
	key->family = bpf_htonl(sock->family);
	key->prefixlen = 64 + (sock->family == TX_AF_INET6 ? 128 : 32);
	return sock->family == TX_AF_INET || sock->family == TX_AF_INET6;
}

static __always_inline bool address__key(struct tx_scratch *s, u32 source, u32 arg)
{
	struct tx_sock *sock = arg__sock_of(s, arg__at(s, arg));

	return sock && address__fill(&s->address, sock, source);
}

/* The mask of a set for the subject; NULL: not in it. */
static __always_inline struct tx_mask *set__find(struct tx_scratch *s, u32 slot, u32 kind,
						 u32 source, u32 arg, u32 sub, u32 set)
{
	switch (kind) {
	case TX_SLOT_INT:
		if (!subject__number(slot, source, arg, sub))
			return NULL;
		s->number.set = set;
		s->number.pad = 0;
		return bpf_map_lookup_elem(&tx_ints, &s->number);
	case TX_SLOT_TEXT:
		if (!subject__text(slot, source, arg))
			return NULL;
		s->text.set = bpf_htonl(set);
		return bpf_map_lookup_elem(&tx_texts, &s->text);
	case TX_SLOT_ADDRESS:
		if (!address__key(s, source, arg))
			return NULL;
		s->address.set = bpf_htonl(set);
		return bpf_map_lookup_elem(&tx_addresses, &s->address);
	default:
		return NULL;
	}
}

#endif
