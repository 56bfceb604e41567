// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Hooks that name many places at once: every system call, every function that matches. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls_table.h"
#include "facts_symbols.h"
#include "pattern.h"
#include "resolve_job.h"

#define PLACES_MAX (TX_HOOK_POINTS - 1)

static int take_call(const char *name, int number, void *arg)
{
	struct resolve_job *job = arg;
	struct choice choice = { .status = POINT_OK };

	(void)number;
	choose_call(job->facts, &job->needs, job->hook->flags & TX_HOOK_F_I386, name, &choice);
	job_take(job, &choice, name);
	return job->err;
}

void job_all_calls(struct resolve_job *job)
{
	job->needs.many = true;
	calls_each(job->hook->flags & TX_HOOK_F_I386, take_call, job);
}

struct matching {
	struct resolve_job *job;
	regex_t regex;
	const char *prefix; /* of every match */
	size_t prefix_length;
	uint32_t matches;
};

/* The list names functions of the same name one by one. */
static bool is_taken(const struct resolve_job *job, const char *name)
{
	for (const struct want *want = job->first; want; want = want->next_of_policy)
		if (!strcmp(want->place.name, name))
			return true;
	return false;
}

static int take_function(const char *name, void *arg)
{
	struct matching *m = arg;
	struct choice choice = { .status = POINT_OK };

	if (strncmp(name, m->prefix, m->prefix_length) || regexec(&m->regex, name, 0, NULL, 0) ||
	    strlen(name) >= sizeof(choice.at[0].name) || is_taken(m->job, name))
		return 0;
	if (m->matches < PLACES_MAX) {
		choose_function(m->job->facts, &m->job->needs, m->job->hook->kind == TX_HOOK_FENTRY,
				name, &choice);
		if (choice.missing) /* older kernels list what was removed after boot */
			return 0;
	}
	if (m->matches++ >= PLACES_MAX)
		return 0;
	job_take(m->job, &choice, name);
	return m->job->err;
}

/* Sixty thousand names: comparing the beginning is a hundred times faster than matching. */
static void find_prefix(const char *pattern, struct matching *m)
{
	if (*pattern != '^' || strchr(pattern, '|'))
		return;
	m->prefix = pattern + 1;
	while (isalnum((unsigned char)m->prefix[m->prefix_length]) ||
	       m->prefix[m->prefix_length] == '_')
		m->prefix_length++;
	/* What may be repeated may be absent. */
	if (m->prefix_length && m->prefix[m->prefix_length] &&
	    strchr("*?{", m->prefix[m->prefix_length]))
		m->prefix_length--;
}

static void say_alone(struct resolve_job *job, enum point_status status, const char *text)
{
	struct want *want = job_want(job);

	if (want)
		want_say(want, status, "%s", text);
}

void job_all_functions(struct resolve_job *job)
{
	struct matching m = { .job = job, .prefix = "" };
	char text[160];

	if (!pattern_compile(job->call, &m.regex)) {
		say_alone(job, POINT_REJECTED, "the pattern is no regular expression we can use");
		return;
	}
	find_prefix(job->call, &m);
	job->needs.many = true;
	symbols_each_traceable(take_function, &m);
	regfree(&m.regex);
	if (!m.matches) {
		snprintf(text, sizeof(text), "no function of this kernel matches %.96s", job->call);
		say_alone(job, POINT_REJECTED, text);
	} else if (m.matches > PLACES_MAX) {
		snprintf(
			text, sizeof(text),
			"%u functions match, of which %d are hooked: there are no more hook points",
			m.matches, PLACES_MAX);
		say_alone(job, POINT_REJECTED, text);
	}
}
