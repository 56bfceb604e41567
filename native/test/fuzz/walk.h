/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Goes everywhere an accepted plan leads, as whoever builds rows from it does, and aborts where a
 * promise of plan_check is not kept. What it reads it adds up, so that reads are not left out.
 */
#ifndef TELOVIX_WALK_H
#define TELOVIX_WALK_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "plans.h"
#include "policy.h"

#define WALK_HOLDS(condition)     \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static inline uint64_t walk_text(const struct plan *plan, struct tx_plan_text text)
{
	const char *at = plan_text(plan, text);
	char copy[64];
	uint64_t sum = 0;

	for (uint32_t i = 0; i < text.length; i++)
		sum += (unsigned char)at[i];
	return sum + strlen(plan_copy(plan, text, copy, sizeof(copy)));
}

/* The argument at a position of the hook. */
static inline const struct tx_plan_arg *walk_arg(const struct plan *plan,
						 const struct tx_plan_hook *h, uint8_t position)
{
	if (position == 255) {
		WALK_HOLDS(h->return_arg < plan->count[TX_PLAN_ARGS]);
		return &plan->args[h->return_arg];
	}
	WALK_HOLDS(position < h->args.count);
	return &plan->args[h->args.first + position];
}

static inline uint64_t walk_code(const struct plan *plan, const struct tx_plan_hook *h,
				 struct tx_plan_range range)
{
	uint64_t stack[64], sum = 0;
	int depth = 0;

	for (uint32_t i = 0; i < range.count; i++) {
		const struct tx_plan_code *c = &plan->code[range.first + i];

		switch (c->op) {
		case TX_CODE_ARG:
			sum += walk_arg(plan, h, c->arg)->type;
			/* fall through */
		case TX_CODE_CONST:
			WALK_HOLDS(depth < 64);
			stack[depth++] = c->value;
			break;
		case TX_CODE_NOT:
		case TX_CODE_LOGIC_NOT:
		case TX_CODE_INT32:
		case TX_CODE_UINT32:
			WALK_HOLDS(depth >= 1);
			stack[depth - 1] = ~stack[depth - 1];
			break;
		default:
			WALK_HOLDS(depth >= 2);
			depth--;
			stack[depth - 1] += stack[depth];
		}
	}
	WALK_HOLDS(depth == 1);
	return sum + stack[0];
}

static inline uint64_t walk_filter(const struct plan *plan, const struct tx_plan_hook *h,
				   const struct tx_plan_filter *f, bool at_return)
{
	uint64_t sum = f->flags;

	WALK_HOLDS(f->kind >= TX_FILTER_INT_EQUAL && f->kind <= TX_FILTER_WORKLOAD);
	if (f->kind <= TX_FILTER_CAPS_GAINED) {
		WALK_HOLDS(at_return || f->arg != 255);
		sum += walk_arg(plan, h, f->arg)->type;
	}
	if (f->kind == TX_FILTER_CAPS_GAINED)
		sum += walk_arg(plan, h, f->sub)->type + plan->values[f->values.first].a;
	for (uint32_t i = 0; i < f->values.count; i++) {
		const struct tx_plan_value *v = &plan->values[f->values.first + i];

		sum += v->a + v->b + walk_text(plan, v->text);
	}
	return f->kind == TX_FILTER_EXPRESSION ? sum + walk_code(plan, h, f->code) : sum;
}

static inline uint64_t walk_actions(const struct plan *plan, const struct tx_plan_hook *h,
				    struct tx_plan_range range)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < range.count; i++) {
		const struct tx_plan_action *a = &plan->actions[range.first + i];

		WALK_HOLDS(a->signal <= 64 && a->scope <= TX_RATE_GLOBAL);
		if (a->kind == TX_ACTION_SET || a->kind == TX_ACTION_TRACK_SOCK ||
		    a->kind == TX_ACTION_UNTRACK_SOCK)
			sum += walk_arg(plan, h, a->arg)->type;
		sum += a->error + walk_text(plan, a->text);
	}
	return sum;
}

static inline uint64_t walk_selector(const struct plan *plan, const struct tx_plan_hook *h,
				     const struct tx_plan_selector *s)
{
	uint64_t sum = walk_text(plan, s->label);

	for (uint32_t i = 0; i < s->filters.count; i++)
		sum += walk_filter(plan, h, &plan->filters[s->filters.first + i], false);
	for (uint32_t i = 0; i < s->return_filters.count; i++)
		sum += walk_filter(plan, h, &plan->filters[s->return_filters.first + i], true);
	return sum + walk_actions(plan, h, s->actions) + walk_actions(plan, h, s->return_actions);
}

static inline uint64_t walk_hook(const struct plan *plan, const struct tx_plan_hook *h)
{
	uint64_t sum = h->offset + h->ref_ctr + walk_text(plan, h->call) +
		       walk_text(plan, h->group) + walk_text(plan, h->path) +
		       walk_text(plan, h->btf) + walk_text(plan, h->digest) +
		       walk_text(plan, h->message) + walk_text(plan, h->tags);

	WALK_HOLDS(h->args.count + (h->return_arg != TX_PLAN_NONE) <= TX_HOOK_ARGS);
	for (uint32_t i = 0; i < h->args.count; i++) {
		const struct tx_plan_arg *a = walk_arg(plan, h, i);

		WALK_HOLDS(a->type < TX_ARG_TYPES);
		sum += walk_text(plan, a->resolve) + walk_text(plan, a->btf_type) +
		       walk_text(plan, a->btf_module) + walk_text(plan, a->label);
	}
	for (uint32_t i = 0; i < h->selectors.count; i++)
		sum += walk_selector(plan, h, &plan->selectors[h->selectors.first + i]);
	return sum;
}

static inline uint64_t walk_plan(const struct plan *plan)
{
	uint64_t sum = walk_text(plan, plan->policy->name) +
		       walk_text(plan, plan->policy->namespace) +
		       walk_text(plan, plan->policy->workload);

	for (uint32_t i = 0; i < plan->count[TX_PLAN_HOOKS]; i++)
		sum += walk_hook(plan, &plan->hooks[i]);
	return sum;
}

#endif
