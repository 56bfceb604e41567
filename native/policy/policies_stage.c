// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rows for all points that a change concerns. A policy that does not fit is taken out of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build_commit.h"
#include "calls_table.h"
#include "clock.h"
#include "control_workloads.h"
#include "follow.h"
#include "format.h"
#include "index.h"
#include "policies_part.h"

static struct point **points;
static uint32_t point_count, next_point;
static struct refusal *refusals; /* of the builds that are staged */
static bool built_all;

static int number_of_call(const char *name, size_t len)
{
	bool compat = false;
	int number;

	if (len == 1 && *name == '*')
		return BUILD_ALL_CALLS;
	number = call_parse(name, len, &compat);
	return number < 0 || number >= TX_SYSCALLS ? -1 : number + (compat ? TX_SYSCALLS : 0);
}

static bool includes(const struct want *want)
{
	return version_of(want->plan)->included;
}

static struct build_facts facts = { .includes = includes,
				    .call_number = number_of_call,
				    .follow = follow_bit,
				    .workload = workloads_find };

static void free_refusals(struct refusal **list)
{
	while (*list) {
		struct refusal *r = *list;

		*list = r->next;
		free(r);
	}
}

/* Who takes part: of each policy the version on its way, or the one in force. */
static void set_included(void)
{
	for (struct policy *p = policies.first; p; p = p->next) {
		if (p->now)
			p->now->included = !p->coming && !p->leaving && !p->off[0];
		if (p->coming)
			p->coming->included = true;
	}
}

static void add_points(const struct version *v)
{
	for (const struct want *w = v ? v->wants : NULL; w; w = w->next_of_policy) {
		uint32_t at = 0;

		if (!w->point || !w->point->id)
			continue;
		while (at < point_count && points[at] != w->point)
			at++;
		if (at == point_count)
			points[point_count++] = w->point;
	}
}

static int collect(void)
{
	free(points);
	points = calloc(TX_HOOK_POINTS, sizeof(*points));
	point_count = next_point = 0;
	if (!points)
		return -ENOMEM;
	for (struct policy *p = policies.first; p; p = p->next) {
		if (p->coming || p->leaving || p->rebuild)
			add_points(p->now);
		add_points(p->coming);
		/* What was taken out of this change may stand in rows of an earlier attempt. */
		add_points(p->refused);
	}
	return 0;
}

static int restart(void)
{
	commit_abort();
	free_refusals(&refusals);
	built_all = false;
	set_included();
	return collect();
}

int stage_begin(void)
{
	memcpy(facts.host_ns, format_host_namespaces(), sizeof(facts.host_ns));
	return restart();
}

static int keep_refusals(const struct built *built)
{
	for (uint32_t i = 0; i < built->want_count; i++) {
		struct refusal *r;

		if (!built->wants[i].rejected)
			continue;
		r = malloc(sizeof(*r));
		if (!r)
			return -ENOMEM;
		r->want = built->wants[i].want;
		snprintf(r->reason, sizeof(r->reason), "%s", built->wants[i].reason);
		r->next = refusals;
		refusals = r;
	}
	return 0;
}

/* The table that is too small, or 0. */
static enum tx_slot_kind full_table(void)
{
	for (int kind = TX_SLOT_INT; kind < INDEX_KINDS; kind++)
		if (index_over(kind))
			return kind;
	return 0;
}

/* The newest goes first: what was loaded before it has the older right. */
static struct policy *newest(void)
{
	struct policy *found = NULL;

	for (struct policy *p = policies.first; p; p = p->next)
		if (p->coming && (!found || !p->now > !found->now ||
				  (!p->now == !found->now && p->index > found->index)))
			found = p;
	return found;
}

int stage_give_up(const char *why)
{
	struct policy *p = newest();

	if (!p)
		return -ENOSPC;
	policy_problem(p, "%s%s", why, p->now ? " What was loaded before stays." : "");
	p->refused = p->coming;
	p->coming = NULL;
	p->refused->included = false;
	return restart();
}

static int give_up(enum tx_slot_kind full)
{
	char why[POLICY_WHY];

	snprintf(why, sizeof(why), "The policy needs %u more entries than the table of %s has.",
		 index_over(full), index_table_names[full]);
	return stage_give_up(why);
}

static int build_one(struct point *point)
{
	struct built built;
	int err = build_point(point, &facts, &built);

	if (err)
		return err;
	err = keep_refusals(&built);
	if (err) {
		build_free(&built);
		return err;
	}
	return commit_stage(point, &built);
}

static int build_some(uint64_t until)
{
	while (next_point < point_count) {
		enum tx_slot_kind full;
		int err = build_one(points[next_point++]);

		if (err)
			return err;
		full = full_table();
		if (full && index_clean(UINT32_MAX))
			full = full_table();
		if (full)
			return give_up(full);
		if (clock_boot_ns() >= until)
			return 0;
	}
	built_all = true;
	return 0;
}

int stage_step(uint64_t until)
{
	int err;

	if (!built_all) {
		err = build_some(until);
		return err ? err : 1;
	}
	return commit_step();
}

/* What was said of the wants of these points before no longer holds. */
static void forget_old(void)
{
	struct refusal **at = &policies.refusals;

	while (*at) {
		struct refusal *r = *at;
		uint32_t i = 0;

		while (i < point_count && points[i] != r->want->point)
			i++;
		if (i == point_count) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		free(r);
	}
}

void stage_end(bool kept)
{
	struct refusal **end = &policies.refusals;

	if (kept) {
		forget_old();
		while (*end)
			end = &(*end)->next;
		*end = refusals;
		refusals = NULL;
	} else {
		commit_abort();
		free_refusals(&refusals);
	}
	free(points);
	points = NULL;
	point_count = 0;
}
