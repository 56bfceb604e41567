// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What a hook's selectors ask for, before anything is known of the kernel. */
#include <errno.h>
#include <string.h>

#include "resolve_choose.h"

/* In one policy: from here on a table looked at on every call beats a probe on each. */
#define MANY_CALLS 32
#define MANY_TRAMPOLINES 8

struct acts {
	bool post, enforce, signal, override, zero, notify_error;
};

static struct acts acts_of(const struct plan *plan, struct tx_plan_range range, struct needs *needs)
{
	struct acts acts = { .post = !range.count };

	for (uint32_t i = 0; i < range.count; i++) {
		const struct tx_plan_action *a = &plan->actions[range.first + i];

		switch (a->kind) {
		case TX_ACTION_POST:
			acts.post = true;
			needs->ima |= a->flags & TX_ACTION_F_IMA_HASH;
			needs->stacks |=
				a->flags & (TX_ACTION_F_KERNEL_STACK | TX_ACTION_F_USER_STACK);
			needs->kernel_stacks |= a->flags & TX_ACTION_F_KERNEL_STACK;
			break;
		case TX_ACTION_SIGKILL:
		case TX_ACTION_SIGNAL:
			acts.enforce = acts.signal = true;
			break;
		case TX_ACTION_OVERRIDE:
			acts.enforce = acts.override = true;
			acts.zero |= !a->error;
			needs->other_error |= a->error != -EPERM;
			break;
		case TX_ACTION_GET_URL:
		case TX_ACTION_DNS_LOOKUP:
			needs->canary = true;
			break;
		case TX_ACTION_SET:
			needs->sets = true;
			acts.enforce = true;
			break;
		case TX_ACTION_NOTIFY_ENFORCER:
			acts.enforce = true;
			acts.notify_error |= a->error != 0;
			break;
		case TX_ACTION_CLEANUP_ENFORCER:
		case TX_ACTION_TRACK_SOCK:
		case TX_ACTION_UNTRACK_SOCK:
			acts.enforce = true;
			break;
		}
	}
	return acts;
}

static void look_at_arguments(const struct plan *plan, const struct tx_plan_hook *hook,
			      struct needs *needs)
{
	for (uint32_t i = 0; i < hook->args.count; i++) {
		const struct tx_plan_arg *a = &plan->args[hook->args.first + i];

		if (a->source == TX_SOURCE_ARG && a->index < 32)
			needs->indices |= 1U << a->index;
		if (a->size_index < 32)
			needs->indices |= 1U << a->size_index;
		needs->returns |= a->flags & TX_ARG_F_RETURN_COPY;
	}
}

/* A trampoline takes a program of its own for each function, a kprobe one for all. */
static bool wants_trampoline(const struct tx_plan_hook *hook)
{
	return !(hook->flags & TX_HOOK_F_SYSCALL) &&
	       (hook->kind == TX_HOOK_FENTRY ||
		(hook->kind == TX_HOOK_KPROBE && (hook->flags & TX_HOOK_F_RETURN)));
}

static bool has_many(const struct plan *plan)
{
	uint32_t calls = 0, trampolines = 0;

	for (uint32_t i = 0; i < plan->count[TX_PLAN_HOOKS]; i++) {
		const struct tx_plan_hook *hook = &plan->hooks[i];

		calls += (hook->flags & (TX_HOOK_F_SYSCALL | TX_HOOK_F_ENFORCER)) ==
			 TX_HOOK_F_SYSCALL;
		trampolines += wants_trampoline(hook);
		if (calls > MANY_CALLS || trampolines > MANY_TRAMPOLINES)
			return true;
	}
	return false;
}

void needs_of(const struct plan *plan, const struct tx_plan_hook *hook, struct needs *needs)
{
	memset(needs, 0, sizeof(*needs));
	needs->post = !hook->selectors.count;
	needs->kills_too = needs->late_kills = true;
	needs->returns = hook->flags & (TX_HOOK_F_RETURN | TX_HOOK_F_URETPROBE);
	for (uint32_t i = 0; i < hook->selectors.count; i++) {
		const struct tx_plan_selector *s = &plan->selectors[hook->selectors.first + i];
		struct acts acts = acts_of(plan, s->actions, needs);
		struct acts late = acts_of(plan, s->return_actions, needs);

		needs->post |= acts.post;
		needs->enforce |= acts.enforce;
		needs->signal |= acts.signal;
		needs->override |= acts.override;
		needs->kills_too &= !acts.override || acts.signal;
		needs->zero_error |= acts.zero;
		needs->notify_error |= acts.notify_error;
		needs->late_enforce |= late.enforce;
		needs->late_override |= late.override || late.notify_error;
		needs->late_kills &= !(late.override || late.notify_error) || late.signal;
		needs->returns |= s->return_filters.count || s->return_actions.count;
	}
	look_at_arguments(plan, hook, needs);
	needs->many = has_many(plan);
}

void needs_of_notify(const struct plan *plan, struct needs *needs)
{
	memset(needs, 0, sizeof(*needs));
	needs->enforce = needs->kills_too = true;
	for (uint32_t i = 0; i < plan->count[TX_PLAN_ACTIONS]; i++) {
		const struct tx_plan_action *a = &plan->actions[i];

		if (a->kind != TX_ACTION_NOTIFY_ENFORCER)
			continue;
		needs->signal |= a->signal != 0;
		needs->override |= a->error != 0;
		needs->other_error |= a->error && a->error != -EPERM;
		needs->kills_too &= !a->error || a->signal;
	}
}
