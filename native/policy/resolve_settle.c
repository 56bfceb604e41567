// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What actions come to that other hooks of the policy carry out, or that come too late. */
#include <string.h>

#include "resolve_job.h"

static bool same_text(const struct plan *plan, struct tx_plan_text a, struct tx_plan_text b)
{
	return a.length == b.length && !memcmp(plan_text(plan, a), plan_text(plan, b), a.length);
}

/* Who carries out what the hook asks enforcers for: WANT_NOTIFY*, or 0. */
static uint32_t notified(const struct resolve_job *job)
{
	const struct plan *plan = job->plan;
	bool is_call = job->hook->flags & TX_HOOK_F_SYSCALL;
	struct needs needs;
	char call[256];

	needs_of_notify(plan, &needs);
	for (uint32_t i = 0; i < plan->count[TX_PLAN_HOOKS]; i++) {
		const struct tx_plan_hook *h = &plan->hooks[i];
		struct choice choice = { .status = POINT_OK };

		/* What is marked in one system call is void in the next. */
		if (!(h->flags & TX_HOOK_F_ENFORCER) || h->call.length >= sizeof(call) ||
		    (is_call && (h->flags & TX_HOOK_F_SYSCALL) &&
		     !same_text(plan, h->call, job->hook->call)))
			continue;
		plan_copy(plan, h->call, call, sizeof(call));
		choose_enforcer(job->facts, &needs, h->flags & TX_HOOK_F_SYSCALL, call, &choice);
		if (choice.status != POINT_REJECTED && choice.deny[0][0])
			return choice.deny[0][0] == POINT_DENY_CGROUP
				       ? WANT_NOTIFY | WANT_NOTIFY_GATE
				       : WANT_NOTIFY;
	}
	return 0;
}

/* What happened in the process: an old kernel tells programs there of its stack alone. */
static bool shows_process_only(const struct want *want)
{
	switch (want->place.backend) {
	case POINT_UPROBE:
	case POINT_URETPROBE:
	case POINT_USDT:
		return true;
	case POINT_TRACEPOINT:
		return !strcmp(want->place.group, "syscalls");
	default:
		return false;
	}
}

static void settle_stacks(const struct resolve_job *job, struct want *want)
{
	if (!job->needs.stacks || !job->facts->old)
		return;
	if (want->place.row_flags & TX_HOOK_RETURN_PAIR)
		want_say(want, POINT_DEGRADED, "without stack traces where the return is awaited");
	else if (job->needs.kernel_stacks && shows_process_only(want))
		want_lacks(want, POINT_DEGRADED,
			   "without kernelStackTrace: this kernel tells programs here of the "
			   "process's stack alone");
}

void job_settle_actions(struct resolve_job *job)
{
	bool watches = job->plan->policy->mode == TX_MODE_MONITOR || job->needs.late_kills;
	uint32_t part = job->needs.notify_error ? notified(job) : 0;

	for (struct want *want = job->first; want; want = want->next_of_policy) {
		if (want->status == POINT_REJECTED || job->hook->flags & TX_HOOK_F_ENFORCER)
			continue;
		want->part |= part;
		settle_stacks(job, want);
		if (job->needs.notify_error && !part)
			want_lacks(want, POINT_DEGRADED,
				   "no enforcer here returns what NotifyEnforcer asks for");
		if (!job->needs.late_override)
			continue;
		want_say(want, watches ? POINT_DEGRADED : POINT_REJECTED,
			 "an error in matchReturnActions comes too late: the call has returned");
		want->placed &= watches;
		if (!watches)
			memset(want->deny_hook, 0, sizeof(want->deny_hook));
	}
}
