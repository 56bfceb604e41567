// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Versions of policies, and what is to be said of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build_commit.h"
#include "follow.h"
#include "log.h"
#include "policies_part.h"
#include "resolve.h"

struct version *version_of(const struct plan *plan)
{
	return (struct version *)((char *)plan - offsetof(struct version, plan));
}

void version_drop(struct version *v)
{
	if (--v->refs)
		return;
	follow_unuse(&v->plan);
	wants_free(v->wants);
	plan_free(&v->plan);
	free(v);
}

void policy_problem(struct policy *p, const char *format, ...)
{
	char why[POLICY_WHY];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	if (!strcmp(why, p->problem))
		return;
	snprintf(p->problem, sizeof(p->problem), "%s", why);
	log_line("Policy %s: %s", p->name, p->problem);
	policies.told = false;
}

static void forget_refusal(const struct want *want)
{
	struct refusal **at = &policies.refusals;

	while (*at) {
		struct refusal *r = *at;

		if (r->want != want) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		free(r);
	}
}

void version_leave(struct version *v)
{
	for (struct want *w = v->wants; w; w = w->next_of_policy) {
		uint32_t id = w->point ? w->point->id : 0;
		bool last = id && w->point->users == 1;

		forget_refusal(w);
		want_leave(w);
		if (last)
			commit_forget(id);
	}
}

const struct refusal *refusal_of(const struct want *want)
{
	for (const struct refusal *r = policies.refusals; r; r = r->next)
		if (r->want == want)
			return r;
	return NULL;
}

void refusals_free(void)
{
	while (policies.refusals) {
		struct refusal *r = policies.refusals;

		policies.refusals = r->next;
		free(r);
	}
}
