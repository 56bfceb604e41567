// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A hook whose runs take too much of the machine: of the policies there the newest is switched off,
 * and so on until the rest is cheap enough. Policies that only tell go before those that enforce.
 */
#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cost.h"
#include "policies_part.h"

static struct policy *policy_of(const struct want *want)
{
	for (struct policy *p = policies.first; p; p = p->next)
		if (p->now && &p->now->plan == want->plan)
			return p;
	return NULL;
}

static bool goes_before(const struct policy *p, const struct policy *other)
{
	bool acts = state_of(p) == TX_POLICY_ENFORCE,
	     other_acts = state_of(other) == TX_POLICY_ENFORCE;

	return acts == other_acts ? p->index > other->index : other_acts;
}

static struct policy *first_to_go(const struct point *point)
{
	struct policy *found = NULL;

	for (const struct want *w = point->wants; w; w = w->next) {
		struct policy *p = policy_of(w);

		if (p && !p->off[0] && p->started && (!found || goes_before(p, found)))
			found = p;
	}
	return found;
}

static void judge(struct point *point, void *arg)
{
	struct tx_point_cost *cpus = arg, total = {};
	uint32_t key = point->id;
	struct policy *p;
	uint64_t ns;

	if (!point->id || !point->attached ||
	    bpf_map_lookup_elem(policies.map[MAP_COSTS], &key, cpus))
		return;
	for (int i = 0; i < policies.cpus; i++) {
		total.runs += cpus[i].runs;
		total.measured += cpus[i].measured;
		total.ns += cpus[i].ns;
		total.unread += cpus[i].unread;
		total.late += cpus[i].late;
	}
	ns = cost_add(&point->cost, &total);
	if (ns <= policies.point_ns_per_s)
		return;
	p = first_to_go(point);
	if (!p)
		return;
	cost_restart(&point->cost);
	budget_switch_off(
		p,
		"Switched off: the runs at %s took %llu ms of each second for %d seconds; "
		"%llu ms is the most a hook may take.",
		point->place.name, (unsigned long long)(ns / NS_PER_MS), POINT_SECONDS,
		(unsigned long long)(policies.point_ns_per_s / NS_PER_MS));
}

void cost_second(void)
{
	struct tx_point_cost *cpus = calloc(policies.cpus, sizeof(*cpus));

	if (cpus)
		points_each(judge, cpus);
	free(cpus);
}
