// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* System calls: a kprobe on the call's function, or one program at all calls and a table. */
#include <stdio.h>
#include <string.h>

#include "calls_table.h"
#include "facts_lsm.h"
#include "nearest.h"
#include "resolve_choose.h"

static bool never_returns(const char *bare)
{
	static const char *const names[] = { "execve",     "execveat",     "exit",
					     "exit_group", "rt_sigreturn", "sigreturn" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], bare))
			return true;
	return false;
}

/* The function behind the call, or false where the kernel has none of a name we know. */
static bool function_of(const struct facts *facts, const char *bare, bool compat, char *name,
			size_t size)
{
	static const char *const prefixes[2][2] = { { CALLS_PREFIX, NULL },
						    { "__ia32_compat_", "__ia32_" } };

	for (int i = 0; i < 2 && prefixes[compat][i]; i++) {
		snprintf(name, size, "%ssys_%s", prefixes[compat][i], bare);
		if (facts->symbol(name) > 0)
			return true;
	}
	return false;
}

static int nearer(const char *name, int number, void *arg)
{
	(void)number;
	nearest_try(arg, name);
	return 0;
}

void choose_nearest_call(const char *bare, bool compat, char *buf, size_t size)
{
	struct nearest n = nearest_to(bare);

	calls_each(compat, nearer, &n);
	snprintf(buf, size, "%s%.40s", n.text[0] ? "sys_" : "", n.text);
}

static bool find(const char *call, bool compat, struct choice *choice)
{
	const char *bare = call_bare(call);
	char nearest[NEAREST_TEXT + 1];
	int number;

	if (strchr(call, '/')) {
		choice_say(choice, POINT_REJECTED, "a system call of another machine: %.60s", call);
		choice->missing = true;
		return false;
	}
	number = call_number(bare, strlen(bare), compat);
	if (number >= 0 && number < TX_SYSCALLS)
		return true;
	choose_nearest_call(bare, compat, nearest, sizeof(nearest));
	choice_missing(choice, "system call", call, nearest);
	return false;
}

#define EPERM_ALWAYS "denied with EPERM, whatever error is asked for"

static void deny(const struct facts *facts, const struct needs *needs, const char *call,
		 struct choice *choice)
{
	struct chosen *at = &choice->at[0];

	if (!needs->zero_error && choose_deny(facts, call, choice)) {
		at->part |= WANT_MARK;
		if (choice->deny[0][0] == POINT_DENY_CGROUP && needs->other_error && facts->old)
			choice_lacks(choice, POINT_DEGRADED, EPERM_ALWAYS);
		if (choice->deny[0][0] == POINT_DENY_CGROUP)
			choice_lacks(
				choice, POINT_DEGRADED,
				strcmp(choice->deny[0], "@connect")
					? "only UDP datagrams that bear an address are denied, "
					  "by the root cgroup's gate"
					: "only connections by TCP, UDP and ping are denied, "
					  "by the root cgroup's gate");
		else if (!strcmp(choice->deny[0], "capable") && needs->other_error)
			choice_lacks(choice, POINT_DEGRADED, EPERM_ALWAYS);
	} else if (facts->override_return && choice->count && at->backend == POINT_KPROBE) {
		at->override = true;
	} else if (needs->zero_error) {
		choice_zero_error(needs, call, choice);
	} else {
		choice_cannot_deny(facts, needs, call, "it passes no LSM hook that could", choice);
	}
}

void choose_call(const struct facts *facts, const struct needs *needs, bool compat,
		 const char *call, struct choice *choice)
{
	const char *bare = call_bare(call);
	bool leaves, probe;
	char function[128];
	struct chosen *at;

	if (!find(call, compat, choice))
		return;
	leaves = needs->returns && !never_returns(bare);
	probe = facts->kprobe && !needs->many &&
		function_of(facts, bare, compat, function, sizeof(function));
	if (!probe && !facts->raw_tp) {
		choice_lacks(choice, POINT_REJECTED,
			     "neither kprobes nor raw tracepoints on this kernel");
		return;
	}
	/* The arguments still stand in the registers when the call returns: one record, at the end.
	 * What acts on the call must do so before. */
	if (!leaves || needs->enforce) {
		at = choice_add(choice, probe ? POINT_KPROBE : POINT_SYS_ENTER,
				probe ? function : bare,
				leaves ? WANT_ENFORCE : WANT_POST | WANT_ENFORCE);
		at->compat = compat;
		at->trampoline = probe && !compat && choose_spares_probe(facts, needs, function);
		if (probe)
			at->row_flags = TX_HOOK_SYSCALL_REGS | (compat ? TX_HOOK_COMPAT_REGS : 0);
	}
	if (leaves) {
		at = choice_add(choice, POINT_SYS_EXIT, bare, WANT_POST);
		at->compat = compat;
	} else if (needs->returns) {
		choice_say(choice, POINT_DEGRADED,
			   "no return value of %s is there to tell: it is reported where it begins",
			   bare);
	}
	if (needs->override)
		deny(facts, needs, call, choice);
}

void choose_enforcer(const struct facts *facts, const struct needs *needs, bool is_call,
		     const char *call, struct choice *choice)
{
	const char *hook = lsm_hook_of(call);

	if (is_call && !find(call, false, choice))
		return;
	if (!needs->override) {
		choice_say(choice, POINT_OK, "signals are sent where the decision is made");
		return;
	}
	if (is_call) {
		if (choose_deny(facts, call, choice))
			return;
	} else if (hook && strlen(hook) < POINT_DENY_NAME && choose_lsm_works(facts) &&
		   facts->lsm_hook(hook) == LSM_HOOK_ERRNO) {
		strcpy(choice->deny[0], hook);
		return;
	}
	choice_cannot_deny(facts, needs, call, "it passes no LSM hook that could", choice);
}
