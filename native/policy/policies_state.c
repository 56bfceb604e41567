// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What each policy may do now: from its plan, the sensor's wishes, and what was found out. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "policies_part.h"

static int last_index = -1;
static bool index_taken[TX_POLICIES];

enum tx_policy_state state_of(const struct policy *p)
{
	const struct version *v = p->now ? p->now : p->coming;
	enum tx_plan_mode mode = control_mode(&policies.control, p->name);

	if (!v || p->leaving || !p->started || p->off[0])
		return TX_POLICY_OFF;
	if (mode == TX_MODE_DEFAULT)
		mode = v->plan.policy->mode;
	if (mode == TX_MODE_DEFAULT)
		mode = v->enforces ? TX_MODE_ENFORCE : TX_MODE_MONITOR;
	return mode == TX_MODE_ENFORCE ? TX_POLICY_ENFORCE : TX_POLICY_MONITOR;
}

void state_write(struct policy *p)
{
	struct tx_policy_row row = { .state = state_of(p) };
	uint32_t key = p->index;

	if (p->index < 0)
		return;
	if (bpf_map_update_elem(policies.map[MAP_POLICIES], &key, &row, 0))
		log_line("The state of policy %s could not be set: %s.", p->name, strerror(errno));
}

void state_write_all(void)
{
	for (struct policy *p = policies.first; p; p = p->next)
		state_write(p);
	policies.told = false;
}

/* Figures of whoever had the number before are not this one's. */
static void clear_counts(uint32_t key)
{
	struct tx_policy_stats *none = calloc(policies.cpus, sizeof(*none));

	if (none)
		bpf_map_update_elem(policies.map[MAP_COUNTS], &key, none, 0);
	free(none);
}

/* In turn: a new policy comes behind the others, whose bits and sets then stay as they are. */
int state_take_index(struct policy *p)
{
	for (int i = 1; i <= TX_POLICIES && p->index < 0; i++) {
		int at = (last_index + i) % TX_POLICIES;

		if (index_taken[at])
			continue;
		index_taken[at] = true;
		last_index = p->index = at;
		p->started = false;
		clear_counts(at);
		state_write(p);
	}
	return p->index < 0 ? -ENOSPC : 0;
}

void state_free_index(struct policy *p)
{
	struct tx_policy_row off = { .state = TX_POLICY_OFF };
	uint32_t key = p->index;

	if (p->index < 0)
		return;
	bpf_map_update_elem(policies.map[MAP_POLICIES], &key, &off, 0);
	index_taken[p->index] = false;
	p->index = -1;
}

int state_write_control(void)
{
	const uint32_t zero = 0;

	if (!bpf_map_update_elem(policies.map[MAP_CONTROL], &zero, &policies.kernel, 0))
		return 0;
	log_line("The control of policies could not be written: %s.", strerror(errno));
	return -errno;
}

void state_read_control(bool first)
{
	char why[POLICY_WHY] = "";
	bool guards = policies.control.allow_sshd;

	control_read(&policies.control, policies.dir_fd, first, why, sizeof(why));
	if (strcmp(why, policies.control_problem)) {
		if (why[0])
			log_line("%s", why);
		snprintf(policies.control_problem, sizeof(policies.control_problem), "%s", why);
		policies.told = false;
	}
	policies.kernel.off = policies.control.off;
	state_renew_lease(clock_boot_ns());
	state_write_all();
	if (guards != policies.control.allow_sshd)
		guard_all();
}

void state_renew_lease(uint64_t now)
{
	static struct lease_seen seen;
	struct timespec wall;
	uint64_t until;

	clock_gettime(CLOCK_REALTIME, &wall);
	until = control_lease_look(&seen, &policies.control, now,
				   wall.tv_sec * NS_PER_S + wall.tv_nsec,
				   control_lease_written(policies.dir_fd));
	if (until != policies.kernel.lease_until_ns)
		policies.told &= (until > 1) == (policies.kernel.lease_until_ns > 1);
	policies.kernel.lease_until_ns = until;
	state_write_control();
}
