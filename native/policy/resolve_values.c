// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* System calls that filters name as values: one that is none would never be matched, nor left out.
 */
#include <string.h>

#include "calls_table.h"
#include "nearest.h"
#include "resolve_job.h"

/* Names of another machine's calls, so marked or not, stand in lists that serve several. */
static bool is_call(const struct plan *plan, struct tx_plan_text text)
{
	const char *name = plan_text(plan, text);
	bool compat;

	return (text.length == 1 && *name == '*') || call_parse(name, text.length, &compat) != -1 ||
	       call_elsewhere(name, text.length);
}

/* The value in filters that names no call; NULL: all do. */
static const struct tx_plan_value *find_among(const struct plan *plan, struct tx_plan_range filters)
{
	for (uint32_t i = 0; i < filters.count; i++) {
		const struct tx_plan_filter *f = &plan->filters[filters.first + i];

		if (f->kind != TX_FILTER_INT_EQUAL && f->kind != TX_FILTER_INT_RANGE)
			continue;
		for (uint32_t v = 0; v < f->values.count; v++) {
			const struct tx_plan_value *value = &plan->values[f->values.first + v];

			if (value->text.length && !is_call(plan, value->text))
				return value;
		}
	}
	return NULL;
}

static const struct tx_plan_value *find(const struct plan *plan, struct tx_plan_range selectors)
{
	const struct tx_plan_value *found = NULL;

	for (uint32_t i = 0; !found && i < selectors.count; i++) {
		const struct tx_plan_selector *s = &plan->selectors[selectors.first + i];

		found = find_among(plan, s->filters);
		if (!found)
			found = find_among(plan, s->return_filters);
	}
	return found;
}

static void reject(struct resolve_job *job, const char *name)
{
	char why[160], nearest[NEAREST_TEXT + 1];

	choose_nearest_call(call_bare(name), false, nearest, sizeof(nearest));
	choice_missing_text(why, sizeof(why), "system call", name, nearest);
	for (struct want *want = job->first; want; want = want->next_of_policy) {
		want_say(want, POINT_REJECTED, "%s", why);
		want->placed = false;
		memset(want->deny_hook, 0, sizeof(want->deny_hook));
	}
}

void job_check_values(struct resolve_job *job)
{
	/* The hooks of a list, thousands perhaps, share what may be thousands of values. */
	static struct {
		uint64_t plan;
		struct tx_plan_range selectors;
		uint32_t bad; /* value */
	} last;
	const struct plan *plan = job->plan;
	const struct tx_plan_range *selectors = &job->hook->selectors;
	char name[128];

	if (last.plan != plan->hash || memcmp(&last.selectors, selectors, sizeof(*selectors))) {
		const struct tx_plan_value *bad = find(plan, *selectors);

		last.plan = plan->hash;
		last.selectors = *selectors;
		last.bad = bad ? bad - plan->values : TX_PLAN_NONE;
	}
	if (selectors->count && last.bad != TX_PLAN_NONE)
		reject(job, plan_copy(plan, plan->values[last.bad].text, name, sizeof(name)));
}
