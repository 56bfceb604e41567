// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "resolve.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "btf_kernel.h"
#include "calls_table.h"
#include "facts_lsm.h"
#include "resolve_job.h"

struct want *job_want(struct resolve_job *job)
{
	struct want *want = calloc(1, sizeof(*want));

	if (!want) {
		job->err = -ENOMEM;
		return NULL;
	}
	want->plan = job->plan;
	want->hook = job->hook;
	want->policy = job->policy;
	*job->last = want;
	job->last = &want->next_of_policy;
	job->count++;
	return want;
}

void job_arguments(struct resolve_job *job, struct want *want, struct arg_source *source)
{
	source->facts = job->facts;
	resolve_arguments(source, want);
	if (want->status == POINT_REJECTED) {
		want->placed = false;
		memset(want->deny_hook, 0, sizeof(want->deny_hook));
	}
}

/* What the kernel knows of the arguments there. */
static void find_source(const struct facts *facts, const struct want *want, struct arg_source *s)
{
	const struct chosen *at = s->at;
	char text[160], bare[CALL_NAME];
	int err;

	s->btf = btf_kernel();
	switch (at->backend) {
	case POINT_LSM:
		snprintf(text, sizeof(text), "bpf_lsm_%s", at->name);
		s->proto = btf_kernel_prototype(text);
		break;
	case POINT_FMOD_RET:
		s->proto = btf_kernel_prototype(lsm_function_of(at->name));
		break;
	case POINT_RAW_TP:
		s->proto = btf_kernel_raw_tracepoint(at->name);
		s->skip = 1;
		break;
	case POINT_TRACEPOINT:
		s->format = facts->format(want->place.group, at->name, &err);
		break;
	case POINT_KPROBE:
	case POINT_KRETPROBE:
	case POINT_FENTRY:
	case POINT_FEXIT:
	case POINT_SYS_ENTER:
	case POINT_SYS_EXIT:
		if (at->backend != POINT_SYS_ENTER && at->backend != POINT_SYS_EXIT &&
		    !(at->row_flags & TX_HOOK_SYSCALL_REGS)) {
			s->proto = btf_kernel_prototype(at->name);
			break;
		}
		/* Of a system call the formats know more than BTF does. */
		snprintf(bare, sizeof(bare), "%s", call_bare(at->name));
		snprintf(text, sizeof(text), "sys_enter_%s", bare);
		if (facts->tracepoint && !at->compat)
			s->format = facts->format("syscalls", text, &err);
		break;
	default:
		break;
	}
}

/* A trampoline has none. */
static bool reads_registers(const struct want *want)
{
	const struct tx_plan_range args = want->hook->args;

	for (uint32_t i = 0; i < args.count; i++)
		if (want->plan->args[args.first + i].source == TX_SOURCE_PT_REGS)
			return true;
	return false;
}

static struct want *take_one(struct resolve_job *job, const struct choice *choice, int index,
			     const char *call)
{
	const struct chosen *at = &choice->at[index];
	struct arg_source source = { .at = at };
	struct want *want = job_want(job);

	if (!want)
		return NULL;
	want->status = choice->status;
	want->feature = choice->feature;
	strcpy(want->reason, choice->reason);
	want->part = at->part | (choice->watch ? WANT_WATCH : 0);
	want->placed = true;
	want->place.backend = at->backend;
	want->place.row_flags = at->row_flags;
	want->place.compat = at->compat;
	want->place.override = at->override;
	want->place.trampoline = at->trampoline && !reads_registers(want);
	strcpy(want->place.name, at->name);
	if (at->backend == POINT_TRACEPOINT)
		strcpy(want->place.group, job->group);
	if (at->part & WANT_MARK)
		memcpy(want->deny_hook, choice->deny, sizeof(want->deny_hook));
	snprintf(source.call, sizeof(source.call), "%s", call);
	find_source(job->facts, want, &source);
	job_arguments(job, want, &source);
	return want;
}

void job_take(struct resolve_job *job, const struct choice *choice, const char *call)
{
	struct want *want = NULL;

	for (int i = 0; i < choice->count; i++) {
		const struct want *acts = want;

		want = take_one(job, choice, i, call);
		if (want && acts && acts->placed && !(want->part & WANT_ENFORCE))
			want->part |= WANT_COUNTED;
	}
	if (choice->count)
		return;
	want = job_want(job);
	if (!want)
		return;
	want->status = choice->status;
	want->feature = choice->feature;
	strcpy(want->reason, choice->reason);
	if (choice->missing && (job->hook->flags & TX_HOOK_F_IGNORE_MISSING)) {
		want->status = POINT_DEGRADED;
		snprintf(want->reason, sizeof(want->reason),
			 "left out, as the policy allows: %.100s", choice->reason);
	} else if (choice->status != POINT_REJECTED) {
		want->part = WANT_MARK;
		memcpy(want->deny_hook, choice->deny, sizeof(want->deny_hook));
	}
}

static void choose_once(struct resolve_job *job, struct choice *choice)
{
	const struct facts *facts = job->facts;
	const struct tx_plan_hook *hook = job->hook;
	bool is_call = hook->flags & TX_HOOK_F_SYSCALL;

	if (hook->flags & TX_HOOK_F_ENFORCER) {
		needs_of_notify(job->plan, &job->needs);
		choose_enforcer(facts, &job->needs, is_call, job->call, choice);
	} else if (is_call) {
		choose_call(facts, &job->needs, hook->flags & TX_HOOK_F_I386, job->call, choice);
	} else if (hook->kind == TX_HOOK_LSM) {
		choose_lsm(facts, &job->needs, job->call, choice);
	} else if (hook->kind == TX_HOOK_KPROBE && !strncmp(job->call, "security_", 9)) {
		choose_security(facts, &job->needs, job->call, choice);
	} else if (hook->kind == TX_HOOK_TRACEPOINT || hook->kind == TX_HOOK_RAW_TRACEPOINT) {
		choose_tracepoint(facts, &job->needs, hook->kind == TX_HOOK_RAW_TRACEPOINT,
				  job->group, job->call, choice);
	} else {
		choose_function(facts, &job->needs, hook->kind == TX_HOOK_FENTRY, job->call,
				choice);
	}
}

static void choose(struct resolve_job *job)
{
	struct choice choice = { .status = POINT_OK };

	choose_once(job, &choice);
	/* A policy that is only to watch does so where nothing could deny. */
	if (choice.status == POINT_REJECTED && job->needs.override &&
	    job->plan->policy->mode == TX_MODE_MONITOR) {
		struct choice watch = { .status = POINT_OK };

		job->needs.override = false;
		choose_once(job, &watch);
		if (watch.status != POINT_REJECTED) {
			choice_lacks(&watch, POINT_DEGRADED, "it can only be watched here");
			for (int i = 0; i < watch.count; i++)
				watch.at[i].part |= WANT_WATCH;
			choice = watch;
		}
	}
	if (job->needs.canary && choice.status != POINT_REJECTED)
		choice_say(
			&choice, POINT_DEGRADED,
			"GetUrl and DnsLookup are told but not carried out: a node calls nobody");
	job_take(job, &choice, job->call);
}

/* Names that do not fit are no names of this kernel's. */
static bool take_text(struct resolve_job *job)
{
	const struct tx_plan_hook *h = job->hook;
	size_t limit = h->flags & TX_HOOK_F_GENERATED_FTRACE ? sizeof(job->call) : 128;

	plan_copy(job->plan, h->call, job->call, sizeof(job->call));
	plan_copy(job->plan, h->group, job->group, sizeof(job->group));
	plan_copy(job->plan, h->path, job->path, sizeof(job->path));
	return h->call.length < limit && h->group.length < sizeof(job->group) &&
	       h->path.length < sizeof(job->path);
}

int resolve_hook(const struct plan *plan, const struct tx_plan_hook *hook, uint32_t policy,
		 struct want **wants)
{
	return resolve_hook_on(facts_get(), plan, hook, policy, wants);
}

int resolve_hook_on(const struct facts *facts, const struct plan *plan,
		    const struct tx_plan_hook *hook, uint32_t policy, struct want **wants)
{
	struct resolve_job job = { .facts = facts, .plan = plan, .hook = hook, .policy = policy };
	struct want *want;

	job.last = &job.first;
	needs_of(plan, hook, &job.needs);
	if (!take_text(&job)) {
		want = job_want(&job);
		if (want)
			want_say(want, POINT_REJECTED, "a name or a path in it is too long");
	} else if (hook->flags & TX_HOOK_F_GENERATED_SYSCALLS) {
		job_all_calls(&job);
	} else if (hook->flags & TX_HOOK_F_GENERATED_FTRACE) {
		job_all_functions(&job);
	} else if (hook->kind == TX_HOOK_UPROBE) {
		job_uprobe(&job);
	} else if (hook->kind == TX_HOOK_USDT) {
		job_usdt(&job);
	} else {
		choose(&job);
	}
	job_settle_actions(&job);
	job_check_values(&job);
	*wants = job.first;
	if (job.err) {
		wants_free(job.first);
		*wants = NULL;
	}
	return job.err;
}

void wants_free(struct want *wants)
{
	while (wants) {
		struct want *next = wants->next_of_policy;

		free(wants);
		wants = next;
	}
}

void resolve_release(void)
{
	facts_release();
	malloc_trim(0); /* what BTF and symbols took goes back to the host */
}
