/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What most hooks are about, without the calls that serve everything: numbers, texts and sockets as
 * they were given, a selector that only tells. */
#ifndef TELOVIX_POLICY_PLAIN_BPF_H
#define TELOVIX_POLICY_PLAIN_BPF_H

/* False: it could not be read. */
static __always_inline bool plain__string(struct tx_policy_event *e, struct tx_parg *p, u32 off,
					  u32 max)
{
	long n;

	TX_BOUND(max, TX_ARG_DATA_MAX);
	TX_BOUND(off, TX_EVENT_DATA);
	n = bpf_probe_read_user_str(e->data + off, max, (void *)p->value);
	if (n < 0)
		return false;
	if (n == max)
		p->flags = TX_PARG_CUT;
	/* Before 6.13 an empty text is of no bytes, not of one. */
	data__end(e, p, off, n ? n - 1 : 0);
	return true;
}

static __always_inline void plain__sock(struct tx_policy_event *e, struct tx_parg *p, u32 off)
{
	TX_BOUND(off, TX_EVENT_DATA);
	sock__fill(__builtin_assume_aligned(e->data + (off & ~7U), 8), (struct sock *)p->value);
	data__end(e, p, off, sizeof(struct tx_sock));
}

/* Reads a plain argument. False: arg__read has to. */
static __always_inline bool plain__read(struct tx_scratch *s, u32 i, struct tx_plain_arg *row)
{
	struct tx_policy_event *e = scratch__event(s);
	struct tx_parg *p = arg__at(s, i);
	u64 v = s->raw[row->index & 7];
	u32 off = e->data_len;

	if (row->plain == TX_PLAIN_NUMBER) {
		arg__clear(p, row->type);
		p->value = number__extend(v, row->width, row->is_signed);
		return true;
	}
	if (!row->plain || off > TX_EVENT_DATA - 8 || !v)
		return false;
	arg__clear(p, row->type);
	p->value = v;
	p->offset = off;
	if (row->plain == TX_PLAIN_STRING)
		return plain__string(e, p, off, row->max);
	plain__sock(e, p, off);
	return true;
}

/*
 * The key of a string that stands first in the record: what is before it is made its head, and
 * nothing is copied. NULL: the text is no such.
 */
static __always_inline struct tx_text_key *plain__key(struct tx_scratch *s, u32 arg)
{
	struct tx_policy_event *e = scratch__event(s);
	struct tx_parg *p = arg__at(s, arg);
	struct tx_text_key *key = (struct tx_text_key *)&e->key;
	u32 len = p->len;

	if (p->type != TX_ARG_STRING || p->offset || (p->flags & ~TX_PARG_CUT) || !len)
		return NULL;
	key->prefixlen = 32 + 8 * (len < TX_TEXT_KEY ? len + 1 : TX_TEXT_KEY);
	return key;
}

/* Which selectors a slot speaks for: see struct tx_slot_row. */
static __always_inline struct tx_mask *slot__find(struct tx_scratch *s, u32 slot, u32 kind,
						  u32 source, u32 arg, u32 sub, u32 set)
{
	struct tx_text_key *key;

	if (kind == TX_SLOT_TEXT && source == TX_SRC_TEXT) {
		key = plain__key(s, arg);
		if (key) {
			key->set = bpf_htonl(set);
			return bpf_map_lookup_elem(&tx_texts, key);
		}
	}
	return set__find(s, slot, kind, source, arg, sub, set);
}

/* False: the policy is switched off. */
static __always_inline bool plain__count(u32 id)
{
	struct tx_policy_row *policy = bpf_map_lookup_elem(&tx_policies, &id);
	struct tx_policy_stats *counts;

	if (!policy || policy->state == TX_POLICY_OFF)
		return false;
	counts = bpf_map_lookup_elem(&tx_policy_counts, &id);
	if (counts) {
		__sync_fetch_and_add(&counts->matched, 1);
		__sync_fetch_and_add(&counts->posted, 1);
	}
	return true;
}

/* A selector that holds and only wants to be told. False: act__selector has to. */
static __always_inline bool plain__act(struct tx_scratch *s, struct tx_selector_row *row, u32 bit)
{
	struct tx_selector_action *a = &row->action;
	u32 id = row->policy;

	if (a->flags & ~(TX_SEL_POST | TX_SEL_KERNEL_STACK | TX_SEL_USER_STACK | TX_SEL_IMA) ||
	    !(a->flags & TX_SEL_POST) || a->rate_ns)
		return false;
	if (!plain__count(id))
		return true;
	s->want |= a->flags;
	s->first_policy = id;
	bits__set(scratch__event(s)->posted, bit);
	return true;
}

#endif
