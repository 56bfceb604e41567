// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* System calls that filters name as values: one that is none would never be matched, nor left out.
 */
#include <string.h>

#include "calls_table.h"
#include "nearest.h"
#include "resolve_job.h"

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

/* Names of another machine's calls, so marked or not, stand in lists that serve several. */
static bool is_call(const struct plan *plan, struct tx_plan_text text)
{
	const char *name = plan_text(plan, text);
	bool compat;

	return (text.length == 1 && *name == '*') || call_parse(name, text.length, &compat) != -1 ||
	       call_elsewhere(name, text.length);
}

static bool look_at(struct resolve_job *job, struct tx_plan_range filters)
{
	const struct plan *plan = job->plan;

	for (uint32_t i = 0; i < filters.count; i++) {
		const struct tx_plan_filter *f = &plan->filters[filters.first + i];

		if (f->kind != TX_FILTER_INT_EQUAL && f->kind != TX_FILTER_INT_RANGE)
			continue;
		for (uint32_t v = 0; v < f->values.count; v++) {
			struct tx_plan_text text = plan->values[f->values.first + v].text;
			char name[128];

			if (!text.length || is_call(plan, text))
				continue;
			reject(job, plan_copy(plan, text, name, sizeof(name)));
			return false;
		}
	}
	return true;
}

void job_check_values(struct resolve_job *job)
{
	for (uint32_t i = 0; i < job->hook->selectors.count; i++) {
		const struct tx_plan_selector *s =
			&job->plan->selectors[job->hook->selectors.first + i];

		if (!look_at(job, s->filters) || !look_at(job, s->return_filters))
			return;
	}
}
