// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What each kind of filter becomes when no slot answers it. */
#include <errno.h>
#include <string.h>

#include "build_op.h"

#define EQUAL_MAX 15 /* numbers in one operation */
#define RANGE_MAX 7

/* A set of its own: to be in it is the answer, so all selectors may share one of equal keys. */
void group_in_set(struct group *g)
{
	struct index_set *set = index_set_new(g->term->subject.kind);
	struct tx_op_row *row;
	int place;

	if (!set) {
		g->err = -ENOMEM;
		return;
	}
	g->err = build_fill(g->b, g->term, set, 0);
	row = group_add(g, TX_OP_IN_SET);
	if (!row) {
		index_set_free(set);
		return;
	}
	place = build_add_set(g->b, set);
	if (place < 0) {
		g->err = place;
		return;
	}
	row->count = row->sub;
	row->sub = set->kind;
	row->set = place;
}

/* Room for one more number in an operation, or a new operation. */
static struct tx_op_row *number_op(struct group *g, struct tx_op_row *row, enum tx_op op,
				   uint32_t most)
{
	return row && row->count < most ? row : group_add(g, op);
}

static void equal_numbers(struct group *g, bool few)
{
	struct build_numbers n = { .b = g->b, .term = g->term };
	struct tx_op_row *row = NULL;
	struct build_range r;

	while (!g->err && build_next_number(&n, &r)) {
		if (r.from != r.to && !few)
			continue;
		for (uint64_t v = r.from; !g->err; v++) {
			row = number_op(g, row, TX_OP_EQUAL, EQUAL_MAX);
			if (row)
				row->v[row->count++] = v;
			if (v == r.to)
				break;
		}
	}
}

static void ranges(struct group *g)
{
	bool is_signed = g->term->subject.source == TX_SRC_VALUE &&
			 build_arg(g->b, g->term->subject.arg)->is_signed;
	struct build_numbers n = { .b = g->b, .term = g->term };
	struct tx_op_row *row = NULL;
	struct build_range r;

	while (!g->err && build_next_number(&n, &r)) {
		if (r.from == r.to)
			continue;
		row = number_op(g, row, is_signed ? TX_OP_RANGE_SIGNED : TX_OP_RANGE, RANGE_MAX);
		if (!row)
			return;
		row->v[2 * row->count] = r.from;
		row->v[2 * row->count + 1] = r.to;
		row->count++;
	}
}

static uint64_t count_singles(const struct group *g, bool few)
{
	struct build_numbers n = { .b = g->b, .term = g->term };
	struct build_range r;
	uint64_t count = 0;

	while (build_next_number(&n, &r))
		if (r.from == r.to || few)
			count += r.to - r.from + 1;
	return count;
}

void group_numbers(struct group *g)
{
	bool few = build_few_numbers(g->b, g->term);

	if (count_singles(g, few) > EQUAL_MAX)
		group_in_set(g);
	else
		equal_numbers(g, few);
	if (!few)
		ranges(g);
}

/* Some of the bits: of all values together. */
void group_bits(struct group *g, enum tx_op op)
{
	const struct tx_plan_filter *f = g->term->filter;
	struct tx_op_row *row = f->values.count ? group_add(g, op) : NULL;

	if (!row)
		return;
	for (uint32_t i = 0; i < f->values.count; i++) {
		uint64_t a = g->term->plan->values[f->values.first + i].a;

		row->v[0] |= op != TX_OP_NAMESPACE_CHANGED ? a : a < 64 ? 1ULL << a : 0;
	}
	if (f->kind == TX_FILTER_CAPABILITY || f->kind == TX_FILTER_CAPABILITY_CHANGE)
		row->sub = f->sub;
	if (f->kind == TX_FILTER_CAPS_GAINED)
		row->sub = build_position(g->want, f->sub);
	if (f->flags & TX_FILTER_F_IN_NAMESPACE)
		row->flags |= TX_OPROW_IN_NAMESPACE;
}

void group_substrings(struct group *g)
{
	const struct tx_plan_filter *f = g->term->filter;

	for (uint32_t i = 0; i < f->values.count; i++) {
		const struct tx_plan_value *v = &g->term->plan->values[f->values.first + i];
		struct tx_op_row *row;

		if (v->text.length > sizeof(row->text)) {
			g->err = build_refuse(g->b, g->want,
					      "A text to look for is longer than %zu bytes.",
					      sizeof(row->text));
			return;
		}
		row = group_add(g, f->kind == TX_FILTER_STR_SUBSTRING ? TX_OP_SUBSTRING
								      : TX_OP_SUBSTRING_NOCASE);
		if (!row)
			return;
		row->count = v->text.length;
		memcpy(row->text, plan_text(g->term->plan, v->text), v->text.length);
	}
}

void group_code(struct group *g)
{
	const struct tx_plan_range range = g->term->filter->code;

	for (uint32_t i = 0; i < range.count; i++) {
		const struct tx_plan_code *step = &g->term->plan->code[range.first + i];
		struct tx_op_row *row = group_add(g, TX_OP_CODE);

		if (!row)
			return;
		row->sub = step->op;
		row->arg = step->op == TX_CODE_ARG ? build_position(g->want, step->arg) : 0;
		row->v[0] = step->value;
	}
	if (range.count)
		group_add(g, TX_OP_TRUTH);
}

void group_follow(struct group *g)
{
	int set = g->b->facts->follow(g->term->plan, g->term->filter);
	struct tx_op_row *row;

	if (set < 0) {
		g->err = build_refuse(
			g->b, g->want,
			"All policies together follow more than %d groups of processes.",
			64 * TX_FOLLOW_WORDS);
		return;
	}
	row = group_add(g, TX_OP_FOLLOW);
	if (!row)
		return;
	row->count = set;
	if (g->term->filter->flags & TX_FILTER_F_PARENT)
		row->source = TX_SRC_PARENT;
}
