// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "build_part.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int build_refuse(struct build *b, struct built_want *want, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(want->reason, sizeof(want->reason), format, args);
	va_end(args);
	b->failed = want;
	return -EINVAL;
}

static enum build_timing timing_of(const struct point_place *place)
{
	if (place->row_flags & TX_HOOK_RETURN_PAIR)
		return BUILD_PAIR;
	return place->backend == POINT_FEXIT || place->backend == POINT_SYS_EXIT ? BUILD_AT_ONCE
										 : BUILD_ENTRY;
}

/* Policies in their order, the hooks of each in the plan's. */
static int by_place(const void *a, const void *b)
{
	const struct want *x = ((const struct built_want *)a)->want;
	const struct want *y = ((const struct built_want *)b)->want;

	if (x->policy != y->policy)
		return x->policy < y->policy ? -1 : 1;
	return (x->hook > y->hook) - (x->hook < y->hook);
}

static int list_wants(const struct point *point, const struct build_facts *facts, struct built *out)
{
	uint32_t count = 0;

	for (const struct want *w = point->wants; w; w = w->next)
		count++;
	out->wants = calloc(count ? count : 1, sizeof(*out->wants));
	if (!out->wants)
		return -ENOMEM;
	for (const struct want *w = point->wants; w; w = w->next)
		if (w->status != POINT_REJECTED && facts->includes(w))
			out->wants[out->want_count++].want = w;
	qsort(out->wants, out->want_count, sizeof(*out->wants), by_place);
	return 0;
}

static int add_want(struct build *b, struct built_want *want)
{
	uint32_t count = build_selector_count(want->want);
	int err;

	want->first = b->selectors;
	want->count = count;
	if (b->selectors + count > TX_HOOK_SELECTORS)
		return build_refuse(b, want,
				    "All policies together have more than %d selectors at %s.",
				    TX_HOOK_SELECTORS, b->point->place.name);
	err = build_args(b, want);
	for (uint32_t i = 0; i < count && !err; i++) {
		uint32_t bit = b->selectors;

		err = build_terms(b, want, i, bit);
		if (!err)
			err = build_actions(b, want, i, &b->selector[bit]);
		if (!err)
			b->selectors++;
	}
	return err;
}

static void drop_sets(struct built *out)
{
	for (uint32_t i = 0; i < out->set_count; i++)
		index_set_free(out->sets[i]);
	free(out->sets);
	out->sets = NULL;
	out->set_count = 0;
}

/* All wants not yet rejected. -EINVAL when one of them, b->failed, doesn't fit. */
static int attempt(struct build *b)
{
	int err = 0;

	b->args = b->slots = b->selectors = b->ops = b->term_count = 0;
	b->failed = NULL;
	drop_sets(b->out);
	for (uint32_t i = 0; i < b->out->want_count && !err; i++)
		if (!b->out->wants[i].rejected)
			err = add_want(b, &b->out->wants[i]);
	if (!err)
		err = build_slots(b);
	return err ? err : build_ops(b);
}

static uint16_t flags_of(const struct build *b)
{
	uint16_t flags = b->point->place.row_flags |
			 (point_is_late(b->point->place.backend) ? TX_HOOK_LATE : 0);

	for (uint32_t i = 0; i < b->selectors; i++)
		if (b->selector[i].action.flags & (TX_SEL_MARK | TX_SEL_NOTIFY) &&
		    b->selector[i].action.error)
			return flags | TX_HOOK_MARKS;
	return flags;
}

static uint8_t return_position(const struct build *b)
{
	for (uint32_t i = 0; i < b->args; i++)
		if (b->arg[i].source == TX_SOURCE_RETURN)
			return i;
	return TX_NO_POSITION;
}

/* What the slots look at, and the lengths of that: the rest is only read for who passes them. */
static uint8_t first_arguments(const struct build *b)
{
	uint8_t first = 0;

	for (uint32_t i = 0; i < b->slots; i++)
		if (b->slot[i].source < TX_SRC_PID || b->slot[i].source == TX_SRC_MODE)
			first |= 1 << b->slot[i].arg;
	/* A tracepoint's lengths are arguments of their own, found by the order of reading. */
	for (uint32_t i = 0; i < b->args; i++)
		if (b->arg[i].flags & TX_ARGROW_FIELD)
			return 0xff;
	return first;
}

static int write_rows(struct build *b)
{
	uint32_t count = 1 + b->args + b->slots + b->selectors + b->ops;
	union tx_row *rows = calloc(count, sizeof(*rows));
	struct tx_hook_row *head;

	if (!rows)
		return -ENOMEM;
	b->out->rows = rows;
	b->out->count = count;
	b->out->selectors = b->selectors;
	head = &rows->hook;
	head->args = b->args;
	head->slots = b->slots;
	head->selectors = b->selectors;
	head->ops = b->ops;
	head->arg_row = 1;
	head->slot_row = head->arg_row + b->args;
	head->selector_row = head->slot_row + b->slots;
	head->op_row = head->selector_row + b->selectors;
	head->flags = flags_of(b);
	head->return_position = return_position(b);
	head->first = first_arguments(b);
	build_quick(b, head);
	build_lean(b, head);
	for (uint32_t i = 0; i < b->args; i++) {
		rows[head->arg_row + i].arg = b->arg[i];
		rows[head->arg_row + i].arg.plain = build_plain_arg(&b->arg[i]);
	}
	for (uint32_t i = 0; i < b->slots; i++)
		rows[head->slot_row + i].slot = b->slot[i];
	for (uint32_t i = 0; i < b->selectors; i++) {
		struct tx_selector_row *row = &rows[head->selector_row + i].selector;

		*row = b->selector[i];
		row->op += head->op_row;
		row->return_op += head->op_row;
		head->all[i / 64] |= 1ULL << i % 64;
	}
	for (uint32_t i = 0; i < b->ops; i++)
		rows[head->op_row + i].op = b->op[i];
	return 0;
}

/* By hundreds of policies at one place, too: each attempt that fails has one want less. */
static int build_with(struct build *b)
{
	int err;

	do {
		err = attempt(b);
		if (err == -EINVAL && b->failed)
			b->failed->rejected = true;
	} while (err == -EINVAL && b->failed);
	return err ? err : write_rows(b);
}

int build_point(const struct point *point, const struct build_facts *facts, struct built *built)
{
	struct build *b = calloc(1, sizeof(*b));
	int err;

	memset(built, 0, sizeof(*built));
	if (!b)
		return -ENOMEM;
	b->point = point;
	b->facts = facts;
	b->timing = timing_of(&point->place);
	b->out = built;
	err = list_wants(point, facts, built);
	b->op = malloc(TX_HOOK_OPS * sizeof(*b->op));
	if (!err)
		err = b->op ? build_with(b) : -ENOMEM;
	free(b->op);
	free(b->terms);
	free(b);
	if (err)
		build_free(built);
	return err;
}

void build_free(struct built *built)
{
	drop_sets(built);
	free(built->rows);
	free(built->wants);
	memset(built, 0, sizeof(*built));
}

void build_settle(struct built *built, uint32_t build)
{
	struct tx_hook_row *head = &built->rows->hook;

	head->build = build;
	for (uint32_t i = 0; i < head->slots; i++) {
		struct tx_slot_row *row = &built->rows[head->slot_row + i].slot;

		row->set = built->sets[row->set]->number;
		head->lean.set = row->set;
	}
	for (uint32_t i = 0; i < head->ops; i++) {
		struct tx_op_row *row = &built->rows[head->op_row + i].op;

		if (row->op == TX_OP_IN_SET)
			row->set = built->sets[row->set]->number;
	}
}
