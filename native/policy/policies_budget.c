// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A policy that fires without measure costs the host more than it protects: it is switched off. */
#include <bpf/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"
#include "log.h"
#include "policies_part.h"

static bool read_counts(const struct policy *p, struct tx_policy_stats *cpus,
			struct tx_policy_stats *sum)
{
	uint32_t key = p->index;

	memset(sum, 0, sizeof(*sum));
	if (bpf_map_lookup_elem(policies.map[MAP_COUNTS], &key, cpus))
		return false;
	for (int i = 0; i < policies.cpus; i++) {
		sum->matched += cpus[i].matched;
		sum->posted += cpus[i].posted;
		sum->lost += cpus[i].lost;
		sum->rate_limited += cpus[i].rate_limited;
		sum->enforced += cpus[i].enforced;
		sum->guarded += cpus[i].guarded;
		sum->monitored += cpus[i].monitored;
		sum->truncated += cpus[i].truncated;
	}
	return true;
}

/* A host that is watched less than somebody asked for is an event, not only a state. */
static void tell_off(struct policy *p)
{
	struct line line;

	if (!p->off[0] || p->off_told || !line_begin(&line, "engine_policy_off"))
		return; /* without room in this second's segment: in the next */
	json_key_string(line.j, "policy_name", p->name);
	json_key_string(line.j, "reason", p->off);
	line_envelope(&line, NULL, 0, NULL);
	p->off_told = line_end(&line);
}

void budget_switch_off(struct policy *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->off, sizeof(p->off), format, args);
	va_end(args);
	log_line("Policy %s: %s", p->name, p->off);
	state_write(p);
	/* What it asked of its hooks goes with the next change. */
	p->rebuild = true;
	policies.control_dirty = true;
	policies.told = false;
}

static void switch_off(struct policy *p, const char *what, uint64_t rate, uint64_t most)
{
	budget_switch_off(
		p,
		"Switched off: it %s %llu times a second for %d seconds; %llu is the most it may.",
		what, (unsigned long long)rate, POLICY_RATES, (unsigned long long)most);
}

static void judge(struct policy *p)
{
	uint32_t at = p->seconds % POLICY_RATES;
	uint64_t matched = p->stats.matched - p->before[at].matched;
	uint64_t posted = p->stats.posted - p->before[at].posted;
	bool whole = p->seconds >= POLICY_RATES;

	p->before[at].matched = p->stats.matched;
	p->before[at].posted = p->stats.posted;
	p->seconds++;
	if (!whole || p->off[0])
		return;
	if (posted > POLICY_RATES * policies.posted_per_s)
		switch_off(p, "told of events", posted / POLICY_RATES, policies.posted_per_s);
	else if (matched > POLICY_RATES * policies.matched_per_s)
		switch_off(p, "matched", matched / POLICY_RATES, policies.matched_per_s);
}

void budget_second(void)
{
	struct tx_policy_stats *cpus = calloc(policies.cpus, sizeof(*cpus));

	for (struct policy *p = policies.first; p && cpus; p = p->next)
		if (p->index >= 0 && read_counts(p, cpus, &p->stats))
			judge(p);
	/* Those too that were switched off for the time their hooks take. */
	for (struct policy *p = policies.first; p; p = p->next)
		tell_off(p);
	free(cpus);
}
