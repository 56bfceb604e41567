/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a selector that holds does: enforcement, then the event. */
#ifndef TELOVIX_POLICY_ACT_BPF_H
#define TELOVIX_POLICY_ACT_BPF_H

#define TX_ACTS_ENFORCE (TX_SEL_SIGNAL | TX_SEL_OVERRIDE | TX_SEL_MARK | TX_SEL_NOTIFY | TX_SEL_SET)

/* May this policy act on this process now? Counted where it may not, and told: when the record is
 * read, it may be otherwise. */
static __always_inline bool enforce__allowed(struct tx_scratch *s, u32 policy, u32 state)
{
	struct tx_control *control = control__get();
	u32 tgid = bpf_get_current_pid_tgid() >> 32;

	if (state != TX_POLICY_ENFORCE || !control || control->off ||
	    (control->lease_until_ns && s->now > control->lease_until_ns)) {
		TX_POLICY_COUNT(policy, monitored);
		scratch__event(s)->seen |= TX_SEEN_MONITORED;
		return false;
	}
	if (tgid == 1 || bpf_map_lookup_elem(&tx_guard, &tgid)) {
		TX_POLICY_COUNT(policy, guarded);
		scratch__event(s)->seen |= TX_SEEN_GUARDED;
		return false;
	}
	return true;
}

/* What can't be read yet decides when it can. */
static __always_inline bool gate__waits(struct tx_scratch *s, u64 address)
{
	unread__at(s, address, sizeof(address));
	return false;
}

/* May this call go through the network's own gate? What cannot is not marked. */
static __always_inline bool gate__passes(struct tx_scratch *s, u8 gate)
{
	struct sock *sk = fd__sock(s->raw[0]);
	u64 address = s->raw[gate == TX_GATE_SENDTO ? 4 : 1];
	u16 family = 0;

	/* Of what connection-oriented sockets send, nothing is asked there. */
	if (!sk || (gate != TX_GATE_CONNECT && sock__protocol(sk) != TX_IPPROTO_UDP))
		return false;
	if (gate == TX_GATE_SENDMSG) {
		u64 header = address;

		address = 0;
		/* The name stands first, as an address of the caller's ABI. */
		if (bpf_probe_read_user(&address, task__is_compat(task__current()) ? 4 : 8,
					(void *)header))
			return gate__waits(s, header);
	}
	if (bpf_probe_read_user(&family, sizeof(family), (void *)address))
		return gate__waits(s, address);
	return family == TX_AF_INET || family == TX_AF_INET6;
}

/* For the LSM hook this system call will pass (lsm__deny), or its gate. False: there is none. */
static __always_inline bool act__mark(struct tx_scratch *s, union tx_row *row,
				      struct tx_selector_action *a, u32 bit, u32 done)
{
	/* Only at the call's own hook are its arguments known. */
	if (!a->error || ((a->flags & TX_SEL_CGROUP) && s->nr && !gate__passes(s, a->gate)) ||
	    !mark__give(s, row->selector.policy, a->error, bit, done))
		return false;
	s->want |= TX_WANT_ANSWER;
	bits__set(scratch__event(s)->enforced, bit);
	return true;
}

/*
 * How an error gets back to the caller depends on the program: it looks at s->overridden and
 * s->error. Only what was really begun counts as enforced; a call that has returned can't be
 * overridden any more.
 */
__noinline int act__enforce(u32 slot, u32 index, u32 bit, u32 at_return)
{
	struct tx_scratch *s = scratch__get(slot);
	union tx_row *row = s ? row__get(s->rows, index) : NULL;
	struct tx_selector_action *a;
	struct tx_policy_event *e;
	u32 flags, done = 0;
	bool marked = false;

	if (!row)
		return 0;
	a = at_return ? &row->selector.return_action : &row->selector.action;
	flags = a->flags;
	e = scratch__event(s);
	if ((flags & TX_SEL_SIGNAL) || ((flags & TX_SEL_NOTIFY) && a->signal)) {
		if (!bpf_send_signal(a->signal)) {
			e->signal = a->signal;
			done = 1;
		}
	}
	/* Another look comes too late for an answer in the call's place. */
	if ((flags & TX_SEL_OVERRIDE) && !at_return && !(s->unread & TX_UNREAD_LATE)) {
		if (!s->overridden) {
			s->overridden = 1;
			s->error = a->error;
			e->error = a->error;
		}
		done = 1;
	}
	/* Whether the call is denied is known behind: it counts there. */
	if ((flags & (TX_SEL_MARK | TX_SEL_NOTIFY)) && !at_return)
		marked = act__mark(s, row, a, bit, done);
	if (!done) {
		if (!marked && (s->unread & TX_UNREAD_MET)) /* it holds once more then */
			bits__clear(s->matched, bit);
		return 0;
	}
	bits__set(e->enforced, bit);
	TX_POLICY_COUNT(row->selector.policy, enforced);
	return 0;
}

/* The first 40 bytes of each argument, as the format says. */
static __always_inline u64 args__hash(struct tx_scratch *s)
{
	struct tx_policy_event *e = scratch__event(s);
	u64 hash = 0xcbf29ce484222325ULL;

	for (u32 i = 0; i < TX_HOOK_ARGS; i++) {
		struct tx_parg *p = &e->arg[i];
		u32 off = p->offset;
		u64 words[5] = {};
		u32 len = p->len < 40 ? p->len : 40;

		if (i >= s->head.args)
			break;
		if (p->len) {
			TX_BOUND(off, TX_EVENT_DATA);
			TX_BOUND(len, 40);
			bpf_probe_read_kernel(words, len, e->data + off);
		} else {
			words[0] = p->value;
		}
#pragma unroll
		for (u32 w = 0; w < 5; w++)
			hash = (hash ^ words[w]) * 0x100000001b3ULL;
	}
	return hash;
}

__noinline int rate__limited(u32 slot, u32 index, u32 at_return)
{
	struct tx_scratch *s = scratch__get(slot);
	union tx_row *row = s ? row__get(s->rows, index) : NULL;
	u64 id = bpf_get_current_pid_tgid(), *last;
	struct tx_selector_action *a;

	if (!row)
		return 0;
	a = at_return ? &row->selector.return_action : &row->selector.action;
	s->rate.selector = row->selector.id;
	s->rate.who = a->rate_scope == TX_RATE_THREAD    ? (u32)id
		      : a->rate_scope == TX_RATE_PROCESS ? id >> 32
							 : 0;
	s->rate.args = args__hash(s);
	last = bpf_map_lookup_elem(&tx_rates, &s->rate);
	if (last && s->now - *last < a->rate_ns)
		return 1;
	bpf_map_update_elem(&tx_rates, &s->rate, &s->now, BPF_ANY);
	return 0;
}

static __always_inline void act__track(struct tx_scratch *s, struct tx_selector_action *a)
{
	struct tx_parg *p = arg__at(s, a->sock_arg);
	u64 key = p->value;
	struct tx_owner owner;

	if (a->sock_arg >= TX_HOOK_ARGS || !key)
		return;
	if (a->flags & TX_SEL_UNTRACK) {
		bpf_map_delete_elem(&tx_tracked, &key);
		return;
	}
	owner__current(&owner, bpf_ktime_get_boot_ns());
	bpf_map_update_elem(&tx_tracked, &key, &owner, BPF_ANY);
}

/* Selector of row index holds. */
__noinline int act__selector(u32 slot, u32 index, u32 bit, u32 at_return)
{
	struct tx_scratch *s = scratch__get(slot);
	union tx_row *row = s ? row__get(s->rows, index) : NULL;
	struct tx_selector_action *a;
	struct tx_policy_row *policy;
	struct tx_policy_event *e;
	u32 id;

	if (!row)
		return 0;
	id = row->selector.policy;
	policy = bpf_map_lookup_elem(&tx_policies, &id);
	if (!policy || policy->state == TX_POLICY_OFF)
		return 0;
	if (!at_return && !(row->selector.action.flags & TX_SEL_COUNTED))
		TX_POLICY_COUNT(id, matched);
	a = at_return ? &row->selector.return_action : &row->selector.action;
	e = scratch__event(s);
	if ((a->flags & TX_ACTS_ENFORCE) && enforce__allowed(s, id, policy->state))
		act__enforce(slot, index, bit, at_return);
	if (a->flags & TX_SEL_CLEANUP)
		marks__take_back(s, id);
	if (a->flags & (TX_SEL_TRACK | TX_SEL_UNTRACK))
		act__track(s, a);
	if (a->flags & TX_SEL_KEEP) { /* see pending__keep */
		s->first_policy = id;
		bits__set(e->posted, bit);
	}
	if (!(a->flags & TX_SEL_POST))
		return 0;
	if (a->rate_ns && rate__limited(slot, index, at_return)) {
		TX_POLICY_COUNT(id, rate_limited);
		return 0;
	}
	s->want |= a->flags;
	s->first_policy = id;
	bits__set(e->posted, bit);
	TX_POLICY_COUNT(id, posted);
	return 0;
}

int marks__await(u32 slot); /* policy_pending.bpf.h */

/* The record into its ring. Enforcement goes where floods can't starve it. */
__noinline int event__emit(u32 slot)
{
	struct tx_scratch *s = scratch__get(slot);
	struct tx_policy_event *e;
	u64 any = 0, acted = 0;
	u32 size;
	long err;

	if (!s)
		return 0;
	e = scratch__event(s);
#pragma unroll
	for (u32 w = 0; w < TX_MASK_WORDS; w++) {
		any |= e->posted[w];
		acted |= e->enforced[w];
	}
	if (!(any | acted))
		return 0;
	e->stacks_end = e->data_len + e->kernel_stack + e->user_stack;
	if (s->want & (TX_SEL_KERNEL_STACK | TX_SEL_USER_STACK))
		emit__stacks(s, e);
	if ((s->want & TX_WANT_ANSWER) && marks__await(slot))
		return 0;
	size = e->stacks_end;
	TX_BOUND(size, TX_EVENT_DATA + TX_ARG_DATA_MAX);
	err = acted ? record__output_exec(&e->h, sizeof(*e) + size)
		    : record__output_main(&e->h, sizeof(*e) + size);
	if (err)
		TX_POLICY_COUNT(s->first_policy, lost);
	return 0;
}

#endif
