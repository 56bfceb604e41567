/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whether a filter of a plan holds for a call, by what the plan format says; it knows nothing of
 * rows, slots or sets.
 */
#ifndef TELOVIX_BUILD_TRUTH_H
#define TELOVIX_BUILD_TRUTH_H

#include "build.h"
#include "build_truth_code.h"
#include "build_world.h"

static const struct build_facts test_facts;

struct truth {
	const struct want *want;
	const struct plan *plan;
	const struct tx_plan_filter *f;
	const struct world *w;
};

static inline uint8_t truth_index(const struct truth *t, uint8_t position)
{
	const struct want *want = t->want;

	return want->arg[position == BUILD_RETURN ? want->args - 1 : position].index;
}

static inline const struct world_arg *truth_arg(const struct truth *t, uint8_t position)
{
	return &t->w->arg[truth_index(t, position)];
}

static inline bool truth_is_auto(const struct truth *t)
{
	return t->f->arg != BUILD_RETURN &&
	       t->plan->args[t->want->hook->args.first + t->f->arg].type == TX_ARG_AUTO;
}

static inline bool truth_number(const struct truth *t, const struct tx_plan_value *v, uint64_t have)
{
	const struct tx_arg_row *row = &world_rows[truth_index(t, t->f->arg)];
	uint64_t to = t->f->kind == TX_FILTER_INT_EQUAL ? v->a : v->b;

	if (v->text.length && t->f->kind != TX_FILTER_STR_EQUAL) {
		int nr = test_facts.call_number(plan_text(t->plan, v->text), v->text.length);

		return nr == BUILD_ALL_CALLS ? have < 2 * TX_SYSCALLS
					     : nr >= 0 && have == (uint64_t)nr;
	}
	if (v->a == to) {
		/* As it was read, or as the same bits under the other sign. */
		bool narrow = row->width == 4;
		bool fits = !narrow || v->a == (uint32_t)v->a ||
			    v->a == (uint64_t)(int64_t)(int32_t)v->a;

		return fits && world_cut(v->a, row) == have;
	}
	/* Of type auto: the range was made for signed numbers. */
	if (!row->is_signed && truth_is_auto(t))
		return (int64_t)to >= 0 && ((int64_t)v->a < 0 || have >= v->a) &&
		       (to == INT64_MAX || have <= to);
	return row->is_signed ? (int64_t)have >= (int64_t)v->a && (int64_t)have <= (int64_t)to
			      : have >= v->a && have <= to;
}

static inline bool truth_text(const char *have, uint32_t len, const char *want, uint32_t want_len,
			      enum index_text how)
{
	char key[TX_TEXT_KEY];
	uint32_t n = len < TX_TEXT_KEY ? len : TX_TEXT_KEY;

	if (how == INDEX_END)
		return want_len <= len && !memcmp(have + len - want_len, want, want_len);
	memcpy(key, have, n);
	if (n < TX_TEXT_KEY)
		key[n++] = 0;
	if (how == INDEX_EXACT && (n <= want_len || key[want_len]))
		return false;
	return want_len <= n && !memcmp(key, want, want_len);
}

static inline bool truth_texts(const struct truth *t, const char *have, uint32_t len,
			       enum index_text how)
{
	for (uint32_t i = 0; i < t->f->values.count; i++) {
		const struct tx_plan_value *v = &t->plan->values[t->f->values.first + i];

		if (truth_text(have, len, plan_text(t->plan, v->text), v->text.length, how))
			return true;
	}
	return false;
}

static inline bool truth_binary(const struct truth *t, enum index_text how)
{
	const struct world_text *b =
		t->f->flags & TX_FILTER_F_PARENT ? &t->w->parent : &t->w->binary;

	return b->len && truth_texts(t, b->text, b->len, how);
}

static inline bool truth_within(const struct truth *t, bool nocase)
{
	const struct world_arg *a = truth_arg(t, t->f->arg);
	char text[WORLD_TEXT];

	for (uint32_t i = 0; i < a->len; i++)
		text[i] = nocase && a->text[i] >= 'A' && a->text[i] <= 'Z' ? a->text[i] + 32
									   : a->text[i];
	for (uint32_t i = 0; i < t->f->values.count && !a->missing; i++) {
		const struct tx_plan_value *v = &t->plan->values[t->f->values.first + i];

		if (memmem(text, a->len, plan_text(t->plan, v->text), v->text.length))
			return true;
	}
	return false;
}

static inline bool truth_address(const struct truth *t, const struct world_arg *a)
{
	const uint8_t *have = t->f->kind == TX_FILTER_SADDR ? a->sock.saddr : a->sock.daddr;

	for (uint32_t i = 0; i < t->f->values.count; i++) {
		const struct tx_plan_value *v = &t->plan->values[t->f->values.first + i];
		const uint8_t *want = (const uint8_t *)plan_text(t->plan, v->text);
		uint64_t bit = 0;

		if (a->sock.family != (v->text.length == 4 ? 2 : 10))
			continue;
		while (bit < v->a && !((have[bit / 8] ^ want[bit / 8]) & (0x80 >> bit % 8)))
			bit++;
		if (bit == v->a)
			return true;
	}
	return false;
}

static inline uint64_t truth_field(const struct truth *t, const struct tx_sock *s)
{
	switch (t->f->kind) {
	case TX_FILTER_SPORT:
		return s->sport;
	case TX_FILTER_DPORT:
		return s->dport;
	case TX_FILTER_PROTOCOL:
		return s->protocol;
	case TX_FILTER_FAMILY:
		return s->family;
	default:
		return s->state;
	}
}

static inline bool truth_sock(const struct truth *t)
{
	const struct world_arg *a = truth_arg(t, t->f->arg);
	bool port = t->f->kind == TX_FILTER_SPORT || t->f->kind == TX_FILTER_DPORT;

	if (!a->has_sock)
		return false;
	if (t->f->kind == TX_FILTER_SADDR || t->f->kind == TX_FILTER_DADDR)
		return truth_address(t, a);
	for (uint32_t i = 0; i < t->f->values.count; i++) {
		const struct tx_plan_value *v = &t->plan->values[t->f->values.first + i];
		uint64_t have = truth_field(t, &a->sock);

		if (have >= v->a && have <= (port ? v->b : v->a))
			return true;
	}
	return false;
}

static inline bool truth_cgroup(const struct truth *t, const struct tx_plan_value *v)
{
	uint32_t count = 0;
	struct build_scope scope = { .selector = plan_text(t->plan, v->text),
				     .selector_len = v->text.length };
	const uint64_t *ids = test_facts.workload(&scope, &count);

	for (uint32_t i = 0; ids && i < count; i++)
		if (ids[i] == t->w->cgroup)
			return true;
	return false;
}

static inline bool truth_host(const struct world *w)
{
	return w->ns[TX_NS_PID] == test_facts.host_ns[TX_NS_PID] &&
	       w->ns[TX_NS_CGROUP] == test_facts.host_ns[TX_NS_CGROUP];
}

/* Filters that hold when one of their values does. */
static inline bool truth_value(const struct truth *t, const struct tx_plan_value *v)
{
	const struct world *w = t->w;
	const struct tx_plan_filter *f = t->f;
	uint64_t old;

	switch (f->kind) {
	case TX_FILTER_INT_EQUAL:
	case TX_FILTER_INT_RANGE:
	case TX_FILTER_STR_EQUAL:
		return truth_number(t, v, truth_arg(t, f->arg)->value);
	case TX_FILTER_INT_MASK:
		return v->a & truth_arg(t, f->arg)->value;
	case TX_FILTER_FILE_TYPE:
		return v->a == (truth_arg(t, f->arg)->mode & 0xf000);
	case TX_FILTER_CAPS_GAINED:
		old = truth_arg(t, f->sub)->value;
		return truth_arg(t, f->arg)->value & ~old & v->a;
	case TX_FILTER_PID:
		return v->a == (f->flags & TX_FILTER_F_NAMESPACE_PID ? w->own_pid : w->pid);
	case TX_FILTER_NAMESPACE:
		return w->ns[f->sub] == (v->b ? test_facts.host_ns[f->sub] : v->a);
	case TX_FILTER_NAMESPACE_CHANGE:
		return w->known && w->ns[v->a] != w->ns_then[v->a];
	case TX_FILTER_CAPABILITY:
		if ((f->flags & TX_FILTER_F_IN_NAMESPACE) && !w->own_user_ns)
			return false;
		return w->caps[f->sub] & v->a;
	case TX_FILTER_CAPABILITY_CHANGE:
		return w->known && ((w->caps[f->sub] ^ w->caps_then[f->sub]) & v->a);
	case TX_FILTER_WORKLOAD:
		return v->text.length > 10 ? truth_host(w) : truth_cgroup(t, v);
	default:
		return false;
	}
}

static inline bool truth_plain(const struct truth *t)
{
	const struct world_arg *a;
	bool text = truth_index(t, t->f->arg) == 4 || truth_index(t, t->f->arg) == 5;

	switch (t->f->kind) {
	case TX_FILTER_STR_EQUAL:
	case TX_FILTER_STR_PREFIX:
	case TX_FILTER_STR_POSTFIX:
		if (!text)
			break;
		a = truth_arg(t, t->f->arg);
		if (a->missing || (t->f->kind == TX_FILTER_STR_POSTFIX && a->cut))
			return false;
		return truth_texts(t, a->text, a->len, t->f->kind - TX_FILTER_STR_EQUAL);
	case TX_FILTER_STR_SUBSTRING:
	case TX_FILTER_STR_SUBSTRING_NOCASE:
		return truth_within(t, t->f->kind == TX_FILTER_STR_SUBSTRING_NOCASE);
	case TX_FILTER_SADDR ... TX_FILTER_STATE:
		return truth_sock(t);
	case TX_FILTER_BINARY_EQUAL ... TX_FILTER_BINARY_POSTFIX:
		return truth_binary(t, t->f->kind - TX_FILTER_BINARY_EQUAL);
	case TX_FILTER_EXPRESSION:
		return truth_code(t->plan, t->f->code, t->want, t->w);
	}
	for (uint32_t i = 0; i < t->f->values.count; i++)
		if (truth_value(t, &t->plan->values[t->f->values.first + i]))
			return true;
	return false;
}

static inline bool truth_filter(const struct want *want, const struct tx_plan_filter *f,
				const struct world *w)
{
	struct truth t = { want, want->plan, f, w };
	bool holds = truth_plain(&t);

	if (f->flags & TX_FILTER_F_FOLLOW) {
		int set = test_facts.follow(want->plan, f);

		holds |= w->follow[set / 64] >> set % 64 & 1;
	}
	return holds != !!(f->flags & TX_FILTER_F_NOT);
}

#endif
