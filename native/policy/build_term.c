// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What each filter of a plan asks, and whether a lookup can answer it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build_part.h"

#define HOST_TEXT "{\"hostSelector\":{}}"

/*
 * Outside containers: in the process and control group namespaces of process 1. A container that
 * shares one of the two with the host has the other of its own.
 */
static const struct tx_plan_value host_value = { .b = 1 };
static const struct plan host_plan = { .values = &host_value };
static const struct tx_plan_filter host_filters[] = {
	{ .kind = TX_FILTER_NAMESPACE, .sub = TX_NS_PID, .values = { 0, 1 } },
	{ .kind = TX_FILTER_NAMESPACE, .sub = TX_NS_CGROUP, .values = { 0, 1 } },
};
const struct tx_plan_filter build_policy_scope = { .kind = TX_FILTER_WORKLOAD, .values = { 0, 1 } };

static const struct tx_plan_selector everything;

const struct tx_plan_selector *build_selector(const struct want *want, uint32_t selector)
{
	if (!want->hook->selectors.count)
		return &everything;
	return &want->plan->selectors[want->hook->selectors.first + selector];
}

static bool is_text(uint8_t type)
{
	switch (type) {
	case TX_ARG_CHAR_BUF ... TX_ARG_LINUX_BINPRM:
	case TX_ARG_SOCKADDR_UN:
	case TX_ARG_NET_DEVICE:
	case TX_ARG_DATA_LOC:
		return true;
	default:
		return false;
	}
}

struct subject_row {
	uint8_t kind, source; /* of the filter's values as they are */
	bool of_argument;
	bool numbers;
};

static const struct subject_row subjects[] = {
	[TX_FILTER_INT_EQUAL] = { TX_SLOT_INT, TX_SRC_VALUE, true, true },
	[TX_FILTER_INT_RANGE] = { TX_SLOT_INT, TX_SRC_VALUE, true, true },
	[TX_FILTER_INT_MASK] = { 0, TX_SRC_VALUE, true, true },
	[TX_FILTER_STR_EQUAL] = { TX_SLOT_TEXT, TX_SRC_TEXT, true, false },
	[TX_FILTER_STR_PREFIX] = { TX_SLOT_TEXT, TX_SRC_TEXT, true, false },
	[TX_FILTER_STR_POSTFIX] = { TX_SLOT_TEXT, TX_SRC_END, true, false },
	[TX_FILTER_STR_SUBSTRING] = { 0, TX_SRC_TEXT, true, false },
	[TX_FILTER_STR_SUBSTRING_NOCASE] = { 0, TX_SRC_TEXT, true, false },
	[TX_FILTER_SADDR] = { TX_SLOT_ADDRESS, TX_SRC_SADDR, true, false },
	[TX_FILTER_DADDR] = { TX_SLOT_ADDRESS, TX_SRC_DADDR, true, false },
	[TX_FILTER_SPORT] = { TX_SLOT_INT, TX_SRC_SPORT, true, true },
	[TX_FILTER_DPORT] = { TX_SLOT_INT, TX_SRC_DPORT, true, true },
	[TX_FILTER_PROTOCOL] = { TX_SLOT_INT, TX_SRC_PROTOCOL, true, true },
	[TX_FILTER_FAMILY] = { TX_SLOT_INT, TX_SRC_FAMILY, true, true },
	[TX_FILTER_STATE] = { TX_SLOT_INT, TX_SRC_STATE, true, true },
	[TX_FILTER_FILE_TYPE] = { TX_SLOT_INT, TX_SRC_MODE, true, true },
	[TX_FILTER_CAPS_GAINED] = { 0, TX_SRC_VALUE, true, true },
	[TX_FILTER_PID] = { TX_SLOT_INT, TX_SRC_PID, false, true },
	[TX_FILTER_BINARY_EQUAL] = { TX_SLOT_TEXT, TX_SRC_BINARY, false, false },
	[TX_FILTER_BINARY_PREFIX] = { TX_SLOT_TEXT, TX_SRC_BINARY, false, false },
	[TX_FILTER_BINARY_POSTFIX] = { TX_SLOT_TEXT, TX_SRC_BINARY_END, false, false },
	[TX_FILTER_NAMESPACE] = { TX_SLOT_INT, TX_SRC_NAMESPACE, false, true },
	[TX_FILTER_NAMESPACE_CHANGE] = { 0, 0, false, false },
	[TX_FILTER_CAPABILITY] = { 0, 0, false, false },
	[TX_FILTER_CAPABILITY_CHANGE] = { 0, 0, false, false },
	[TX_FILTER_EXPRESSION] = { 0, 0, false, false },
	[TX_FILTER_WORKLOAD] = { TX_SLOT_INT, TX_SRC_CGROUP, false, true },
};

/* Where a filter's argument lies, and when it is there. */
static int find_argument(struct build *b, struct built_want *want, uint8_t arg,
			 struct build_term *term, uint8_t *position)
{
	*position = build_position(want, arg);
	if (*position == TX_NO_POSITION)
		return build_refuse(b, want,
				    arg == BUILD_RETURN ? "The return value is not seen here."
							: "A filter's argument is not read here.");
	if (b->timing == BUILD_PAIR && (build_arg(b, *position)->flags & TX_ARGROW_AT_RETURN))
		term->at_return = true;
	return 0;
}

/* Text against a number can only be meant where the policy left the type open. */
static int fit_type(struct build *b, struct built_want *want, struct build_term *term)
{
	const struct tx_plan_filter *f = term->filter;
	bool text = is_text(build_arg(b, term->subject.arg)->type);

	if (f->kind >= TX_FILTER_INT_EQUAL && f->kind <= TX_FILTER_INT_MASK && text)
		return build_refuse(b, want, "A number is compared with an argument that is text.");
	if (f->kind < TX_FILTER_STR_EQUAL || f->kind > TX_FILTER_STR_SUBSTRING_NOCASE || text)
		return 0;
	if (f->kind != TX_FILTER_STR_EQUAL || !f->sub)
		return build_refuse(b, want, "Text is compared with an argument that is none.");
	term->subject.kind = TX_SLOT_INT;
	term->subject.source = TX_SRC_VALUE;
	term->numbers = true;
	return 0;
}

static int look_at_code(struct build *b, struct built_want *want, struct build_term *term)
{
	const struct tx_plan_range code = term->filter->code;
	uint8_t position;

	for (uint32_t i = 0; i < code.count; i++) {
		const struct tx_plan_code *step = &term->plan->code[code.first + i];

		if (step->op == TX_CODE_ARG && find_argument(b, want, step->arg, term, &position))
			return -EINVAL;
	}
	return 0;
}

static int look_at_argument(struct build *b, struct built_want *want, struct build_term *term)
{
	uint8_t other;
	int err = find_argument(b, want, term->filter->arg, term, &term->subject.arg);

	if (!err && term->filter->kind == TX_FILTER_CAPS_GAINED)
		err = find_argument(b, want, term->filter->sub, term, &other);
	return err ? err : fit_type(b, want, term);
}

static int look_at(struct build *b, struct built_want *want, struct build_term *term)
{
	const struct tx_plan_filter *f = term->filter;
	const struct subject_row *row = &subjects[f->kind];

	term->subject.kind = row->kind;
	term->subject.source = row->source;
	term->numbers = row->numbers;
	term->inverted = f->flags & TX_FILTER_F_NOT;
	term->slot = TX_NO_POSITION;
	/* One whose cgroups are not known yet would hold for all. */
	if (f->kind == TX_FILTER_WORKLOAD && term->inverted)
		return build_refuse(b, want, "A workload can't be excluded.");
	if (f->kind == TX_FILTER_EXPRESSION)
		return look_at_code(b, want, term);
	if (row->of_argument)
		return look_at_argument(b, want, term);
	if (f->kind == TX_FILTER_NAMESPACE)
		term->subject.sub = f->sub;
	if (f->kind == TX_FILTER_PID && (f->flags & TX_FILTER_F_NAMESPACE_PID))
		term->subject.source = TX_SRC_OWN_PID;
	if (f->kind >= TX_FILTER_BINARY_EQUAL && f->kind <= TX_FILTER_BINARY_POSTFIX &&
	    (f->flags & TX_FILTER_F_PARENT))
		term->subject.source += TX_SRC_PARENT - TX_SRC_BINARY;
	return 0;
}

/* Filters of one selector on the same subject can't share a slot: each must hold. */
static uint8_t ordinal_of(const struct build *b, const struct build_term *term)
{
	uint8_t ordinal = 0;

	for (const struct build_term *t = term; t-- > b->terms && t->bit == term->bit;)
		if (t->lookup && !memcmp(&t->subject, &term->subject, sizeof(t->subject)))
			ordinal++;
	return ordinal;
}

static int add_term(struct build *b, struct built_want *want, const struct plan *plan,
		    const struct tx_plan_filter *filter, uint16_t bit, bool at_return)
{
	struct build_term *term;
	int err;

	if (b->term_count == b->term_room) {
		uint32_t room = b->term_room ? 2 * b->term_room : 64;

		term = realloc(b->terms, room * sizeof(*term));
		if (!term)
			return -ENOMEM;
		b->terms = term;
		b->term_room = room;
	}
	term = &b->terms[b->term_count];
	*term = (struct build_term){
		.want = want, .plan = plan, .filter = filter, .bit = bit, .at_return = at_return
	};
	err = look_at(b, want, term);
	if (err)
		return err;
	term->lookup = term->subject.kind && !term->at_return &&
		       !(filter->flags & TX_FILTER_F_FOLLOW) &&
		       (!term->numbers || build_few_numbers(b, term));
	if (term->lookup)
		term->ordinal = ordinal_of(b, term);
	b->term_count++;
	return 0;
}

static int add_host(struct build *b, struct built_want *want, uint16_t bit, bool at_return)
{
	int err = add_term(b, want, &host_plan, &host_filters[0], bit, at_return);

	return err ? err : add_term(b, want, &host_plan, &host_filters[1], bit, at_return);
}

static bool is_host(const struct plan *plan, const struct tx_plan_filter *f)
{
	const struct tx_plan_value *v = &plan->values[f->values.first];

	return f->kind == TX_FILTER_WORKLOAD && f->values.count == 1 &&
	       v->text.length == strlen(HOST_TEXT) &&
	       !memcmp(plan_text(plan, v->text), HOST_TEXT, strlen(HOST_TEXT));
}

static int add_filters(struct build *b, struct built_want *want, struct tx_plan_range filters,
		       uint16_t bit, bool at_return)
{
	const struct plan *plan = want->want->plan;

	for (uint32_t i = 0; i < filters.count; i++) {
		const struct tx_plan_filter *f = &plan->filters[filters.first + i];
		int err = is_host(plan, f) ? add_host(b, want, bit, at_return)
					   : add_term(b, want, plan, f, bit, at_return);

		if (err)
			return err;
	}
	return 0;
}

/* Filters that the whole policy stands under. */
static int add_scope(struct build *b, struct built_want *want, uint16_t bit)
{
	const struct plan *plan = want->want->plan;
	int err = 0;

	if (plan->policy->flags & TX_PLAN_F_HOST)
		err = add_host(b, want, bit, false);
	if (!err && (plan->policy->flags & (TX_PLAN_F_WORKLOAD | TX_PLAN_F_NAMESPACED)))
		err = add_term(b, want, plan, &build_policy_scope, bit, false);
	return err;
}

int build_terms(struct build *b, struct built_want *want, uint32_t selector, uint16_t bit)
{
	const struct tx_plan_selector *s = build_selector(want->want, selector);
	int err;

	if (s->filters.count + s->return_filters.count > BUILD_FILTERS)
		return build_refuse(b, want, "A selector has more than %d filters.", BUILD_FILTERS);
	err = add_scope(b, want, bit);
	if (!err)
		err = add_filters(b, want, s->filters, bit, false);
	if (err || !s->return_filters.count)
		return err;
	/* What is done at the call itself is done before anything is known of its return. */
	if (b->timing == BUILD_ENTRY)
		return want->want->part & WANT_POST
			       ? build_refuse(b, want, "The return value is not seen here.")
			       : 0;
	return add_filters(b, want, s->return_filters, bit, b->timing == BUILD_PAIR);
}
