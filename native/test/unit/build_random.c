// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Rows and index against the plan itself: random plans at one point, random calls; what the kernel
 * would make of the rows must be what the plans say.
 */
#include "unit.h"

#include "build_eval.h"
#include "build_random_want.h"
#include "build_truth.h"

#define PLANS 90
#define CASES 4000

static struct random_plan plans[PLANS];
static uint64_t compared, held, rejected, slots, operations;

struct verdict {
	bool matched, posted, enforced;
};

/* Filters that can be looked at when the call returns only. */
static bool waits(const struct want *want, const struct tx_plan_filter *f, bool pair)
{
	bool of_argument = f->kind <= TX_FILTER_CAPS_GAINED || f->kind == TX_FILTER_EXPRESSION;
	bool waits = false;

	if (!pair || !of_argument)
		return false;
	if (f->arg != BUILD_RETURN)
		waits = want->arg[f->arg].flags & TX_ARGROW_AT_RETURN;
	if (f->kind == TX_FILTER_CAPS_GAINED && f->sub != BUILD_RETURN)
		waits |= want->arg[f->sub].flags & TX_ARGROW_AT_RETURN;
	for (uint32_t i = 0; i < f->code.count; i++) {
		const struct tx_plan_code *c = &want->plan->code[f->code.first + i];

		if (c->op == TX_CODE_ARG && c->arg != BUILD_RETURN)
			waits |= want->arg[c->arg].flags & TX_ARGROW_AT_RETURN;
	}
	return waits;
}

/* late: the call has returned, and nothing is its result any more. */
static void apply(const struct plan *plan, struct tx_plan_range range, bool late, bool *post,
		  bool *enforce)
{
	for (uint32_t i = 0; i < range.count; i++) {
		uint8_t kind = plan->actions[range.first + i].kind;

		if (kind == TX_ACTION_POST || kind == TX_ACTION_NO_POST)
			*post = kind == TX_ACTION_POST;
		else if (!late || kind != TX_ACTION_OVERRIDE)
			*enforce = true;
	}
}

static bool scope_holds(const struct plan *plan, const struct world *w)
{
	uint32_t flags = plan->policy->flags;

	if ((flags & TX_PLAN_F_NAMESPACED) && w->cgroup != random_cgroups[0])
		return false;
	if ((flags & TX_PLAN_F_WORKLOAD) && (!w->cgroup || w->cgroup > 3))
		return false;
	return !(flags & TX_PLAN_F_HOST) || truth_host(w);
}

/* What a selector of a plan does about a call, if it is the first that holds. */
static struct verdict judge(const struct want *want, const struct tx_plan_selector *s,
			    const struct world *w, enum point_backend backend)
{
	bool pair = backend == POINT_KRETPROBE, once = backend == POINT_FEXIT;
	bool at_call = scope_holds(want->plan, w), at_return = true, enforce = false, post = true;
	struct verdict v = { 0 };

	for (uint32_t i = 0; i < s->filters.count; i++) {
		const struct tx_plan_filter *f = &want->plan->filters[s->filters.first + i];
		bool holds = truth_filter(want, f, w);

		if (waits(want, f, pair))
			at_return &= holds;
		else
			at_call &= holds;
	}
	for (uint32_t i = 0; i < s->return_filters.count && (pair || once); i++)
		at_return &=
			truth_filter(want, &want->plan->filters[s->return_filters.first + i], w);
	apply(want->plan, s->actions, false, &post, &enforce);
	v.matched = at_call && (!once || at_return);
	v.enforced = v.matched && enforce;
	enforce = false;
	if (pair || once)
		apply(want->plan, s->return_actions, true, &post, &enforce);
	v.posted = v.matched && at_return && post;
	v.posted &= !!(want->part & WANT_POST);
	v.enforced &= !!(want->part & WANT_ENFORCE);
	/* Whoever acts at the call: the return is seen here. */
	v.enforced |= v.matched && at_return && enforce;
	return v;
}

static struct verdict seen(struct eval *e, const struct tx_mask *matched, uint32_t bit)
{
	const struct tx_hook_row *head = &e->built->rows->hook;
	const struct tx_selector_row *s = &e->built->rows[head->selector_row + bit].selector;
	struct verdict v = { .matched = matched->word[bit / 64] >> bit % 64 & 1 };
	bool back = false;

	if (!v.matched)
		return v;
	if (head->flags & TX_HOOK_RETURN_PAIR)
		back = eval_ops(e, s->return_op, s->return_ops);
	v.posted =
		(s->action.flags & TX_SEL_POST) || (back && (s->return_action.flags & TX_SEL_POST));
	v.enforced = (s->action.flags & (TX_SEL_SIGNAL | TX_SEL_OVERRIDE)) ||
		     (back && (s->return_action.flags & (TX_SEL_SIGNAL | TX_SEL_OVERRIDE)));
	return v;
}

static void compare(const struct built *built, enum point_backend backend, int number)
{
	struct eval e = { .built = built };
	struct tx_mask matched;
	struct world w;

	some_world(&w);
	e.w = &w;
	eval_run(&e, &matched);
	for (uint32_t i = 0; i < built->want_count; i++) {
		const struct built_want *bw = &built->wants[i];
		bool done = false;

		for (uint32_t k = 0; k < bw->count && !bw->rejected; k++) {
			struct verdict want =
				judge(bw->want, build_selector(bw->want, k), &w, backend);
			struct verdict got = seen(&e, &matched, bw->first + k);

			if (done)
				memset(&want, 0, sizeof(want));
			done |= want.matched;
			compared++;
			held += want.matched;
			if (memcmp(&want, &got, sizeof(want))) {
				printf("case %d, policy %u, selector %u: wanted %d%d%d, got "
				       "%d%d%d\n",
				       number, bw->want->policy, k, want.matched, want.posted,
				       want.enforced, got.matched, got.posted, got.enforced);
				unit_failed = 1;
			}
		}
	}
}

/* Every want that was left out says why, and could not have been kept. */
static void look_at_wants(const struct built *built, const struct point *point)
{
	for (uint32_t i = 0; i < built->want_count; i++) {
		const struct built_want *w = &built->wants[i];

		rejected += w->rejected;
		CHECK(!w->rejected == !w->reason[0]);
		if (w->rejected && point->place.backend == POINT_KPROBE &&
		    strstr(w->reason, "return value"))
			CHECK(w->want->part & WANT_POST);
	}
}

static void one_case(int number)
{
	static const enum point_backend backends[] = { POINT_KPROBE, POINT_KRETPROBE, POINT_FEXIT,
						       POINT_LSM };
	struct point point = { .place = { .backend = backends[below(4)], .name = "a_function" } };
	bool pair = point.place.backend == POINT_KRETPROBE;
	uint32_t count = one_in(10) ? PLANS : 1 + below(8);
	struct built built;

	point.place.row_flags = pair ? TX_HOOK_RETURN_PAIR : 0;
	for (uint32_t i = 0; i < count; i++) {
		random_plan(&plans[i], i, point.place.backend);
		plans[i].want.next = point.wants;
		point.wants = &plans[i].want;
	}
	CHECK(!build_point(&point, &test_facts, &built));
	CHECK(built.want_count == count && built.count <= TX_HOOK_ROWS);
	look_at_wants(&built, &point);
	slots += built.rows->hook.slots;
	operations += built.rows->hook.ops;
	for (int i = 0; i < 20 && !unit_failed; i++)
		compare(&built, point.place.backend, number);
	build_free(&built);
}

int main(void)
{
	for (int i = 0; i < CASES && !unit_failed; i++)
		one_case(i);
	/* The test itself must have met all there is. */
	CHECK(compared > 100000 && held > 1000 && rejected > 10 && slots > 1000 &&
	      operations > 1000);
	return unit_end("build_random");
}
