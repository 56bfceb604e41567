// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "policies.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_commit.h"
#include "build_view.h"
#include "clock.h"
#include "control_workloads.h"
#include "follow.h"
#include "index.h"
#include "log.h"
#include "loss.h"
#include "policies_part.h"
#include "status.h"

#define MATCHED_PER_S 200000
#define POSTED_PER_S 20000
#define POINT_SHARE 10 /* percent of all CPUs */
#define STATUS_EVERY_NS (5 * NS_PER_S)

struct policies policies = { .dir_fd = -1, .out_fd = -1 };

static bool busy;

static void hold_plan(const struct plan *plan)
{
	version_of(plan)->refs++;
}

static void release_plan(const struct plan *plan)
{
	version_drop(version_of(plan));
}

static bool monitors(uint32_t index)
{
	for (const struct policy *p = policies.first; p; p = p->next)
		if (p->index == (int)index)
			return policies.control.off || state_of(p) != TX_POLICY_ENFORCE;
	return false;
}

static int open_maps(const struct policies_options *o)
{
	static const struct view_facts views = { hold_plan, release_plan, monitors };
	struct commit_tables commit;
	struct index_tables index;
	int err;

	policies.map[MAP_PTASKS] = o->ptasks;
	policies.map[MAP_CONTROL] = o->control;
	policies.map[MAP_POLICIES] = points_map("tx_policies");
	policies.map[MAP_COUNTS] = points_map("tx_policy_counts");
	policies.map[MAP_COSTS] = points_map("tx_point_costs");
	policies.map[MAP_GUARD] = points_map("tx_guard");
	for (int i = 0; i < POLICIES_MAPS; i++)
		if (policies.map[i] < 0)
			return -ENOENT;
	policies.cpus = libbpf_num_possible_cpus();
	if (policies.cpus <= 0)
		return -EINVAL;
	index_kernel(&index, o->ints, o->texts, points_map("tx_addresses"));
	index_open(&index);
	view_open(&views);
	err = commit_kernel(&commit, points_map("tx_hooks"), points_map("tx_fronts"));
	return err ? err : commit_open(&commit);
}

int policies_open(const struct policies_options *o)
{
	int err = watch_open(o);

	if (err) {
		log_failure("Create it, or choose another with --plan.",
			    "%s cannot be watched for policies: %s.", o->dir, strerror(-err));
		return err;
	}
	err = open_maps(o);
	if (err) {
		log_failure(NULL, "The maps of policies are not there: %s.", strerror(-err));
		return err;
	}
	memcpy(policies.guarded, o->guarded, sizeof(policies.guarded));
	policies.matched_per_s = o->matched_per_s ? o->matched_per_s : MATCHED_PER_S;
	policies.posted_per_s = o->posted_per_s ? o->posted_per_s : POSTED_PER_S;
	policies.point_ns_per_s = o->point_ns_per_s ? o->point_ns_per_s
						    : NS_PER_S / 100 * POINT_SHARE * policies.cpus;
	state_read_control(true);
	guard_open();
	policies.plans_dirty = policies.control_dirty = true;
	return 0;
}

static bool speaks_of_workloads(const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->count[TX_PLAN_FILTERS]; i++)
		if (plan->filters[i].kind == TX_FILTER_WORKLOAD)
			return true;
	return plan->policy->flags & (TX_PLAN_F_WORKLOAD | TX_PLAN_F_NAMESPACED);
}

static void read_workloads(void)
{
	char why[POLICY_WHY] = "";
	bool changed = false;

	if (workloads_read(policies.dir_fd, &changed, why, sizeof(why)))
		log_line("%s", why);
	for (struct policy *p = policies.first; p && changed; p = p->next)
		p->rebuild |= p->now && speaks_of_workloads(&p->now->plan);
}

static bool any_rebuild(void)
{
	for (const struct policy *p = policies.first; p; p = p->next)
		if (p->rebuild)
			return true;
	return false;
}

static void look_again(void)
{
	bool plans = policies.plans_dirty;

	policies.plans_dirty = policies.control_dirty = false;
	policies.next_try = UINT64_MAX;
	state_read_control(false);
	read_workloads();
	if (!((plans && policies_scan()) || any_rebuild()))
		return;
	busy = true;
	change_begin();
}

static void every_second(uint64_t now)
{
	policies.next_second = now + NS_PER_S;
	state_renew_lease(now);
	budget_second();
	cost_second();
	view_expire(now);
	if (policies.second_seed && now >= policies.second_seed) {
		policies.second_seed = 0;
		if (policies.kernel.remember)
			follow_seed(policies.map[MAP_PTASKS]);
	}
	if (policies.told && now < policies.next_status)
		return;
	policies.next_status = now + STATUS_EVERY_NS;
	policies.told = !status_write();
}

void policies_turn(uint64_t now)
{
	if (policies.dir_fd < 0)
		return;
	watch_look(now);
	if (busy) {
		busy = change_step(now);
		if (!busy)
			policies.next_second = now;
	} else {
		policies.plans_dirty |= now >= policies.next_try;
		if (!commit_tidy() && (policies.plans_dirty || policies.control_dirty))
			look_again();
	}
	if (now >= policies.next_second)
		every_second(now);
}

bool policies_busy(void)
{
	return busy || policies.plans_dirty || policies.control_dirty;
}

/* A kprobe's work may be done by a trampoline: the record knows. */
static const char *backend_of(const struct tx_policy_event *e)
{
	return e->seen & TX_SEEN_TRAMPOLINE ? point_backend_names[POINT_FENTRY]
					    : view_backend(e->hook, e->build);
}

void policies_record(const struct tx_policy_event *e, size_t len)
{
	if (len < sizeof(*e) || !policy_event_format(e, len, view_lookup, NULL, backend_of(e)))
		loss_add(LOSS_FORMAT, LOSS_NO_CPU, 1, e->h.ktime, e->h.ktime);
}

void policies_guard(int slot, uint32_t pid)
{
	if (policies.dir_fd < 0 || slot < 0 || slot >= POLICIES_GUARDED ||
	    policies.guarded[slot] == pid)
		return;
	policies.guarded[slot] = pid;
	guard_all();
}

void policies_on_fork(const struct proc *p)
{
	if (policies.dir_fd < 0)
		return;
	guard_look(p);
	if (policies.kernel.remember)
		follow_born(policies.map[MAP_PTASKS], p);
}

void policies_on_exec(const struct proc *p)
{
	if (policies.dir_fd < 0)
		return;
	guard_look(p);
	if (policies.kernel.remember && p->ktime < policies.mend_until)
		follow_mend(policies.map[MAP_PTASKS], p);
}

void policies_on_exit(const struct proc *p)
{
	if (policies.dir_fd >= 0)
		guard_forget(p->pid);
}

static void free_policy(struct policy *p)
{
	struct version *const versions[] = { p->now, p->coming, p->refused };

	for (int i = 0; i < 3; i++)
		if (versions[i])
			version_drop(versions[i]);
	free(p);
}

void policies_close(void)
{
	if (policies.dir_fd < 0)
		return;
	stage_end(false);
	commit_close();
	view_close();
	while (policies.first) {
		struct policy *p = policies.first;

		policies.first = p->next;
		free_policy(p);
	}
	refusals_free();
	follow_close();
	index_close();
	workloads_close();
	control_free(&policies.control);
	close(policies.dir_fd);
	close(policies.out_fd);
	policies.dir_fd = policies.out_fd = -1;
	busy = false;
}
