// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * One change of policies, over as many turns as it takes: resolve the hooks of what is new, stage
 * rows, switch, attach, let the new ones act, let go of the old.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "build_commit.h"
#include "clock.h"
#include "follow.h"
#include "log.h"
#include "policies_part.h"
#include "resolve.h"

#define STEP_NS (10 * NS_PER_MS)
#define MEND_NS (2 * NS_PER_S)
#define RETRY_NS (30 * NS_PER_S)

enum step { STEP_RESOLVE, STEP_STAGE, STEP_SWITCH, STEP_ATTACH, STEP_DONE };

static enum step step = STEP_DONE;

void change_begin(void)
{
	step = STEP_RESOLVE;
}

static void append_wants(struct version *v, struct want *wants)
{
	struct want **end = &v->wants;

	while (*end)
		end = &(*end)->next_of_policy;
	*end = wants;
}

/* One more hook. -ENOMEM, or 0. */
static int resolve_one(struct policy *p)
{
	struct version *v = p->coming;
	struct want *wants = NULL;
	int err = resolve_hook(&v->plan, &v->plan.hooks[v->resolved++], p->index, &wants);

	append_wants(v, wants);
	for (struct want *w = wants; w; w = w->next_of_policy)
		want_join(w); /* what has no room says so itself */
	return err;
}

/* Of all its hooks none can be served: there is nothing to load. */
static bool is_hopeless(const struct version *v)
{
	for (const struct want *w = v->wants; w; w = w->next_of_policy)
		if (w->status != POINT_REJECTED)
			return false;
	return v->wants;
}

static void refuse(struct policy *p, const char *why)
{
	policy_problem(p, "%s%s", why, p->now ? " What was loaded before stays." : "");
	version_leave(p->coming);
	p->refused = p->coming;
	p->coming = NULL;
}

/* What is said of the first hook is mostly what is to be said of all. */
static void refuse_all(struct policy *p)
{
	char why[POLICY_WHY];
	const struct want *w = p->coming->wants;

	snprintf(why, sizeof(why), "None of its hooks can be served here: %s (line %u, column %u).",
		 w->reason, w->hook->line, w->hook->column);
	refuse(p, why);
}

/* True when all is resolved. */
static bool resolve_some(uint64_t until)
{
	for (struct policy *p = policies.first; p; p = p->next) {
		while (p->coming && p->coming->resolved < p->coming->plan.count[TX_PLAN_HOOKS]) {
			if (resolve_one(p)) {
				refuse(p, "Memory is out.");
				break;
			}
			if (clock_boot_ns() >= until)
				return false;
		}
		if (p->coming && is_hopeless(p->coming))
			refuse_all(p);
	}
	return true;
}

/* Versions that did not get into force leave their points. */
static void leave_refused(void)
{
	for (struct policy *p = policies.first; p; p = p->next)
		if (p->refused)
			version_leave(p->refused);
}

static void remove_policy(struct policy *p)
{
	struct policy **at = &policies.first;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	state_free_index(p);
	if (p->refused)
		version_drop(p->refused);
	free(p);
}

/* What was on its way is in force; what was before goes. */
static void settle_policies(void)
{
	struct policy *next;

	for (struct policy *p = policies.first; p; p = next) {
		next = p->next;
		p->rebuild = false;
		if (p->now && (p->coming || p->leaving)) {
			version_leave(p->now);
			version_drop(p->now);
			p->now = NULL;
		}
		if (p->coming) {
			p->now = p->coming;
			p->coming = NULL;
			p->problem[0] = p->off[0] = 0;
			p->off_told = false;
			p->seconds = 0;
		}
		/* It is kept for what is to be said of it. */
		if (p->now && p->off[0])
			version_leave(p->now);
		if (p->leaving)
			remove_policy(p);
	}
}

static bool any_included(void)
{
	for (const struct policy *p = policies.first; p; p = p->next)
		if (p->coming || (p->now && !p->leaving))
			return true;
	return false;
}

/* Before a program looks for it: what is followed, and the processes there are. */
static int prepare_processes(void)
{
	struct tx_control before = policies.kernel;
	int err;

	policies.kernel.remember = any_included();
	err = follow_write(&policies.kernel);
	if (!err)
		err = state_write_control();
	if (err) {
		follow_settle(false);
		policies.kernel = before;
		return err;
	}
	follow_settle(true);
	if (policies.kernel.remember) {
		follow_seed(policies.map[MAP_PTASKS]);
		policies.second_seed = clock_boot_ns() + NS_PER_S;
		policies.mend_until = clock_boot_ns() + MEND_NS;
	}
	return 0;
}

void change_cancel(void)
{
	stage_end(false);
	for (struct policy *p = policies.first; p; p = p->next)
		if (p->coming)
			refuse(p, "It could not be put into the kernel.");
	leave_refused();
	resolve_release();
	step = STEP_DONE;
	/* What was to go has no power any more, but its rows are still there. */
	policies.next_try = clock_boot_ns() + RETRY_NS;
	policies.told = false;
}

static void fail(const char *what, int err)
{
	log_line("Policies stay as they were: %s: %s.", what, strerror(-err));
	change_cancel();
}

static void stage_some(uint64_t until)
{
	int err = stage_step(until);

	if (err < 0)
		fail("rows could not be written", err);
	else if (!err)
		step = STEP_SWITCH;
}

static void switch_all(void)
{
	int err = prepare_processes();

	if (err == -ENOSPC) {
		err = stage_give_up("The processes it follows find no room in the tables.");
		step = STEP_STAGE;
		if (!err)
			return;
	}
	if (!err)
		err = commit_switch();
	if (err) {
		fail("they could not be switched", err);
		return;
	}
	stage_end(true);
	settle_policies();
	leave_refused();
	points_attach_begin();
	step = STEP_ATTACH;
}

static void count_failed(struct point *point, void *arg)
{
	*(int *)arg += point->users && point->error[0];
}

/* One program a turn: the verifier takes its time, and the rings are read in between. */
static void attach_some(void)
{
	int failed = 0;

	if (points_attach_step(1))
		return;
	points_each(count_failed, &failed);
	if (failed)
		log_line("%d places could not be hooked.", failed);
	for (struct policy *p = policies.first; p; p = p->next)
		p->started |= p->now != NULL;
	if (!any_included())
		follow_forget(policies.map[MAP_PTASKS]);
	state_write_all();
	resolve_release();
	malloc_trim(0);
	step = STEP_DONE;
}

bool change_step(uint64_t now)
{
	switch (step) {
	case STEP_RESOLVE:
		if (resolve_some(now + STEP_NS)) {
			int err = stage_begin();

			step = STEP_STAGE;
			if (err)
				fail("rows could not be made", err);
		}
		break;
	case STEP_STAGE:
		stage_some(now + STEP_NS);
		break;
	case STEP_SWITCH:
		switch_all();
		break;
	case STEP_ATTACH:
		attach_some();
		break;
	case STEP_DONE:
		break;
	}
	policies.told &= step == STEP_DONE;
	return step != STEP_DONE;
}
