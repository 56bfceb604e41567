// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The numbers a filter compares with, as the kernel side will see the argument. */
#include "build_part.h"

static uint64_t extend(uint64_t v, uint8_t width, bool is_signed)
{
	uint32_t shift = 64 - 8 * width;

	if (!width || width >= 8)
		return v;
	v <<= shift;
	return is_signed ? (uint64_t)((int64_t)v >> shift) : v >> shift;
}

/* A value that is the argument's under either sign; one that is too wide is left, and never equal.
 */
static uint64_t single(const struct tx_arg_row *arg, uint64_t v)
{
	bool fits = v == extend(v, arg->width, true) || v == extend(v, arg->width, false);

	return fits ? extend(v, arg->width, arg->is_signed) : v;
}

static bool is_empty(const struct build_range *r, bool is_signed)
{
	return is_signed ? (int64_t)r->from > (int64_t)r->to : r->from > r->to;
}

/* An argument of type auto was taken for a signed one of 64 bits when its ranges were made. */
static bool fit_auto(struct build_range *r)
{
	if ((int64_t)r->to < 0)
		return false;
	if ((int64_t)r->from < 0)
		r->from = 0;
	if (r->to == INT64_MAX)
		r->to = UINT64_MAX;
	return true;
}

static bool is_auto(const struct build_term *term)
{
	const struct want *want = term->want->want;
	uint8_t arg = term->filter->arg;

	if (arg == BUILD_RETURN)
		return want->hook->return_arg != TX_PLAN_NONE &&
		       want->plan->args[want->hook->return_arg].type == TX_ARG_AUTO;
	return arg < want->hook->args.count &&
	       want->plan->args[want->hook->args.first + arg].type == TX_ARG_AUTO;
}

/* Numbers of an argument; false when there is none left of them. */
static bool fit_argument(const struct build_numbers *n, struct build_range *r)
{
	const struct tx_arg_row *arg = build_arg(n->b, n->term->subject.arg);

	if (r->from == r->to) {
		r->from = r->to = single(arg, r->from);
		return true;
	}
	if (!arg->is_signed && is_auto(n->term) && !fit_auto(r))
		return false;
	return !is_empty(r, arg->is_signed);
}

static bool call_number(const struct build_numbers *n, const struct tx_plan_value *v,
			struct build_range *r)
{
	int number = n->b->facts->call_number(plan_text(n->term->plan, v->text), v->text.length);

	if (number == BUILD_ALL_CALLS) {
		*r = (struct build_range){ 0, 2 * TX_SYSCALLS - 1 };
		return true;
	}
	/* Only this type tells the two ABIs apart. */
	if (build_arg(n->b, n->term->subject.arg)->type != TX_ARG_SYSCALL64)
		number %= TX_SYSCALLS;
	r->from = r->to = number;
	return number >= 0;
}

/* One value as a range. False: it stands for nothing. */
static bool read_value(const struct build_numbers *n, const struct tx_plan_value *v,
		       struct build_range *r)
{
	r->from = r->to = v->a;
	switch (n->term->filter->kind) {
	case TX_FILTER_INT_EQUAL:
		return v->text.length ? call_number(n, v, r) : fit_argument(n, r);
	case TX_FILTER_INT_RANGE:
		r->to = v->b;
		return v->text.length ? call_number(n, v, r) : fit_argument(n, r);
	case TX_FILTER_STR_EQUAL: /* of an argument that turned out to be a number */
		r->to = v->b;
		return fit_argument(n, r);
	case TX_FILTER_SPORT:
	case TX_FILTER_DPORT:
		r->to = v->b;
		return r->from <= r->to;
	case TX_FILTER_NAMESPACE:
		if (v->b)
			r->from = r->to = n->b->facts->host_ns[n->term->filter->sub];
		return true;
	default:
		return true;
	}
}

/* The cgroups a workload stands for, one after the other. */
static bool next_cgroup(struct build_numbers *n, struct build_range *r)
{
	const struct build_term *t = n->term;
	bool whole = t->filter == &build_policy_scope;
	struct tx_plan_text selector =
		whole ? t->plan->policy->workload
		      : t->plan->values[t->filter->values.first + n->at].text;
	struct build_scope scope = { .selector = plan_text(t->plan, selector),
				     .selector_len = selector.length };
	uint32_t count = 0;
	const uint64_t *ids;

	if (whole && (t->plan->policy->flags & TX_PLAN_F_NAMESPACED)) {
		scope.namespace = plan_text(t->plan, t->plan->policy->namespace);
		scope.namespace_len = t->plan->policy->namespace.length;
	}
	ids = n->b->facts->workload(&scope, &count);
	if (!ids || n->inner >= count)
		return false;
	r->from = r->to = ids[n->inner++];
	return true;
}

bool build_next_number(struct build_numbers *n, struct build_range *range)
{
	const struct tx_plan_filter *f = n->term->filter;

	while (n->at < f->values.count) {
		bool workload = f->kind == TX_FILTER_WORKLOAD;

		if (workload && next_cgroup(n, range))
			return true;
		n->inner = 0;
		n->at++;
		if (!workload &&
		    read_value(n, &n->term->plan->values[f->values.first + n->at - 1], range))
			return true;
	}
	return false;
}

bool build_few_numbers(const struct build *b, const struct build_term *term)
{
	struct build_numbers n = { .b = b, .term = term };
	struct build_range r;
	uint64_t expanded = 0;

	while (build_next_number(&n, &r)) {
		if (r.from == r.to)
			continue;
		if (r.to - r.from >= BUILD_EXPANDED)
			return false;
		expanded += r.to - r.from + 1;
		if (expanded > BUILD_EXPANDED)
			return false;
	}
	return true;
}
