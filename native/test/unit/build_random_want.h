/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The hook of a random plan, and what it wants. */
#ifndef TELOVIX_BUILD_RANDOM_WANT_H
#define TELOVIX_BUILD_RANDOM_WANT_H

#include "build_random.h"

/* Numbers may be met by expressions and by one another: one of them, or the given one. */
static inline uint8_t other_number(const struct want *want, uint8_t arg)
{
	for (uint8_t i = 0; i < want->args; i++)
		if (want->arg[i].type <= TX_ARG_INT64 && one_in(2))
			return i == want->args - 1 && want->has_return ? BUILD_RETURN : i;
	return arg;
}

static inline struct tx_plan_range some_filters(struct random_plan *p, bool of_return, bool pair)
{
	struct tx_plan_range range = { p->count[TX_PLAN_FILTERS], below(one_in(4) ? 6 : 3) };
	const struct want *want = &p->want;
	uint8_t args = want->args - want->has_return;

	if (!args || (of_return && !want->has_return && p->hook.return_arg == TX_PLAN_NONE))
		return (struct tx_plan_range){ 0 };
	for (uint32_t i = 0; i < range.count; i++) {
		uint8_t arg = of_return ? BUILD_RETURN : below(args);
		uint8_t other = other_number(want, arg);

		/* The return value is not there at the call. */
		if (!of_return && pair && other == BUILD_RETURN)
			other = arg;
		add_filter(p, arg,
			   want->arg[arg == BUILD_RETURN ? want->args - 1 : arg].type <=
					   TX_ARG_INT64
				   ? other
				   : arg);
	}
	return range.count ? range : (struct tx_plan_range){ 0 };
}

static inline struct tx_plan_range some_actions(struct random_plan *p)
{
	struct tx_plan_range range = { p->count[TX_PLAN_ACTIONS], below(3) };

	for (uint32_t i = 0; i < range.count; i++) {
		static const uint8_t kinds[] = { TX_ACTION_POST, TX_ACTION_NO_POST,
						 TX_ACTION_SIGKILL, TX_ACTION_OVERRIDE };
		struct tx_plan_action *a = &p->actions[p->count[TX_PLAN_ACTIONS]++];

		*a = (struct tx_plan_action){ .kind = kinds[below(4)], .error = -1 };
	}
	return range.count ? range : (struct tx_plan_range){ 0 };
}

static inline void some_arguments(struct random_plan *p, bool sees_return, bool pair)
{
	struct want *want = &p->want;
	uint8_t first = below(7);

	want->args = 1 + below(4);
	for (uint8_t i = 0; i < want->args; i++) {
		struct tx_plan_arg *a = &p->args[p->count[TX_PLAN_ARGS]++];

		want->arg[i] = world_rows[(first + i * 3) % 7];
		/* Now and then one that is read otherwise, so that not all wants fit. */
		if (one_in(40))
			want->arg[i].max = 100 + below(4);
		if (pair && one_in(10))
			want->arg[i].flags = TX_ARGROW_AT_RETURN;
		*a = (struct tx_plan_arg){ .type = want->arg[i].type, .index = i };
		if (a->type <= TX_ARG_INT64 && one_in(4))
			a->type = TX_ARG_AUTO;
	}
	p->hook.args.count = want->args;
	p->hook.return_arg = TX_PLAN_NONE;
	if (!one_in(3)) {
		p->hook.return_arg = p->count[TX_PLAN_ARGS];
		p->args[p->count[TX_PLAN_ARGS]++] =
			(struct tx_plan_arg){ .type = TX_ARG_INT32, .source = TX_SOURCE_RETURN };
		want->has_return = sees_return;
		if (sees_return)
			want->arg[want->args++] = world_rows[7];
	}
}

static inline void random_plan(struct random_plan *p, uint32_t policy, enum point_backend backend)
{
	bool pair = backend == POINT_KRETPROBE, sees_return = pair || backend == POINT_FEXIT;
	char name[16];

	memset(p, 0, sizeof(*p));
	p->count = p->plan.count;
	p->plan.policy = &p->policy;
	p->plan.hooks = &p->hook;
	p->plan.args = p->args;
	p->plan.selectors = p->selectors;
	p->plan.filters = p->filters;
	p->plan.values = p->values;
	p->plan.actions = p->actions;
	p->plan.code = p->code;
	p->plan.text = p->text;
	p->policy.name = add_text(p, name, snprintf(name, sizeof(name), "p%u", policy));
	p->policy.flags = (one_in(10) ? TX_PLAN_F_HOST : 0) |
			  (one_in(10) ? TX_PLAN_F_WORKLOAD : 0) |
			  (one_in(20) ? TX_PLAN_F_NAMESPACED : 0);
	p->policy.namespace = add_text(p, "ns", 2);
	p->policy.workload = add_text(p, "w", 1);
	p->want.plan = &p->plan;
	p->want.hook = &p->hook;
	p->want.policy = policy;
	p->want.part = one_in(4) ? WANT_POST : one_in(4) ? WANT_ENFORCE : WANT_POST | WANT_ENFORCE;
	some_arguments(p, sees_return, pair);
	p->hook.selectors.count = below(6);
	for (uint32_t i = 0; i < p->hook.selectors.count; i++) {
		struct tx_plan_selector *s = &p->selectors[i];

		s->filters = some_filters(p, false, pair);
		s->return_filters = some_filters(p, true, pair);
		s->actions = some_actions(p);
		s->return_actions = some_actions(p);
	}
}

#endif
