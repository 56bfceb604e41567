/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One plan with one hook, written down filter by filter, and its build. */
#ifndef TELOVIX_BUILD_SINGLE_H
#define TELOVIX_BUILD_SINGLE_H

#include "build_random_want.h"
#include "unit.h"

static struct random_plan p;
static struct point point;
static struct built built;

/* An empty plan wanted at one point: one argument of each of the given rows of the world. */
static inline void begin(enum point_backend backend, uint16_t row_flags, const uint8_t *rows,
			 uint8_t count)
{
	do
		random_plan(&p, 3, backend);
	while (p.policy.flags & (TX_PLAN_F_HOST | TX_PLAN_F_WORKLOAD | TX_PLAN_F_NAMESPACED));
	memset(&p.hook, 0, sizeof(p.hook));
	memset(p.plan.count, 0, sizeof(p.plan.count));
	p.want.args = count;
	p.want.has_return = false;
	for (uint8_t i = 0; i < count; i++) {
		p.want.arg[i] = world_rows[rows[i]];
		p.args[i] = (struct tx_plan_arg){ .type = p.want.arg[i].type, .index = i };
		p.want.has_return |= p.want.arg[i].source == TX_SOURCE_RETURN;
	}
	p.hook.args.count = count - p.want.has_return;
	p.hook.return_arg = p.want.has_return ? count - 1 : TX_PLAN_NONE;
	p.want.part = WANT_POST | WANT_ENFORCE;
	p.want.status = POINT_OK;
	point = (struct point){ .id = 1, .wants = &p.want };
	point.place.backend = backend;
	point.place.row_flags = row_flags;
	snprintf(point.place.name, sizeof(point.place.name), "a_function");
}

static inline struct tx_plan_selector *selector(void)
{
	struct tx_plan_selector *s = &p.selectors[p.hook.selectors.count++];

	memset(s, 0, sizeof(*s));
	return s;
}

static inline struct tx_plan_filter *filter(struct tx_plan_range *range, uint8_t kind)
{
	struct tx_plan_filter *f = &p.filters[p.count[TX_PLAN_FILTERS]++];

	if (!range->count++)
		range->first = f - p.filters;
	memset(f, 0, sizeof(*f));
	f->kind = kind;
	f->values.first = p.count[TX_PLAN_VALUES];
	return f;
}

static inline struct tx_plan_value *value(struct tx_plan_filter *f)
{
	f->values.count++;
	return add_value(&p);
}

static inline void action(struct tx_plan_range *range, struct tx_plan_action a)
{
	uint32_t at = p.count[TX_PLAN_ACTIONS]++;

	if (!range->count++)
		range->first = at;
	p.actions[at] = a;
}

static inline const struct tx_hook_row *build(void)
{
	build_free(&built);
	CHECK(!build_point(&point, &test_facts, &built));
	return &built.rows->hook;
}

static inline const struct tx_selector_row *row(uint32_t bit)
{
	return &built.rows[built.rows->hook.selector_row + bit].selector;
}

static inline bool refused_for(const char *word)
{
	build();
	return built.wants[0].rejected && strstr(built.wants[0].reason, word);
}

#endif
