// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Security hooks: as BPF LSM programs, or by the functions of the kernel that call them. */
#include <string.h>

#include "facts_lsm.h"
#include "resolve_choose.h"

static const char no_result[] = "its result means nothing to the kernel";

/* Every argument the policy reads is one of the hook's. */
static bool arguments_fit(const struct facts *facts, const struct needs *needs, const char *call,
			  const char *hook)
{
	for (unsigned i = 0; i < 8; i++)
		if ((needs->indices & (1U << i)) && facts->lsm_argument(call, hook, i) < 0)
			return false;
	return true;
}

/*
 * Hooks that take no LSM programs have functions all the same, and fmod_ret programs on them deny;
 * but where another task may come in between the kernel skips such programs.
 */
static bool can_modify(const struct facts *facts, const char *call)
{
	return facts->fmod_ret && !choose_preemptible(facts) && facts->function(call);
}

void choose_security(const struct facts *facts, const struct needs *needs, const char *call,
		     struct choice *choice)
{
	const char *hook = lsm_hook_of(call);
	enum facts_lsm_hook kind = facts->lsm_hook(hook);
	enum point_backend backend = choose_lsm_backend(facts);
	bool lsm = kind != LSM_HOOK_NONE && choose_lsm_works(facts) &&
		   (!facts->lsm || arguments_fit(facts, needs, call, hook));
	struct needs plain = *needs;

	/* An fmod_ret program sits on the function itself, whose result must be an errno. */
	if (!facts->lsm && kind == LSM_HOOK_VOID)
		lsm = false;
	if (needs->override && kind == LSM_HOOK_NONE && can_modify(facts, call)) {
		lsm = true;
		backend = POINT_FMOD_RET;
	} else if (needs->override && (!lsm || kind != LSM_HOOK_ERRNO)) {
		choice_cannot_deny(facts, needs, call,
				   kind == LSM_HOOK_VOID ? no_result
							 : "it is no LSM hook of this kernel",
				   choice);
		if (choice->status == POINT_REJECTED)
			return;
	}
	plain.override = false; /* settled */
	if (!lsm) {
		choose_function(facts, &plain, false, call, choice);
		return;
	}
	if (!needs->returns) {
		choice_add(choice, backend, hook, WANT_POST | WANT_ENFORCE)->from_function = true;
		choice_zero_error(needs, call, choice);
		return;
	}
	/* LSM programs do not see what the other modules say: the return is told by the function.
	 */
	if (needs->enforce) {
		choice_add(choice, backend, hook, WANT_ENFORCE)->from_function = true;
		plain.enforce = false;
	}
	choose_function(facts, &plain, false, call, choice);
	if (needs->enforce && choice->count == 2)
		choice->at[1].part = WANT_POST;
	choice_zero_error(needs, call, choice);
}

/* Hooks that may sleep and are given an open file, or the image about to run. */
static bool takes_hash(const char *hook)
{
	static const char *const names[] = { "bprm_check_security",
					     "bprm_creds_for_exec",
					     "bprm_creds_from_file",
					     "file_open",
					     "mmap_file",
					     "file_ioctl",
					     "kernel_read_file",
					     "kernel_post_read_file" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(hook, names[i]))
			return true;
	return false;
}

void choose_lsm(const struct facts *facts, const struct needs *needs, const char *hook,
		struct choice *choice)
{
	enum facts_lsm_hook kind = facts->lsm_hook(hook);
	const char *function = lsm_function_of(hook);
	char nearest[64];
	struct needs plain = *needs;

	if (kind == LSM_HOOK_NONE && facts->symbol(function) <= 0) {
		facts->nearest(function, nearest, sizeof(nearest));
		choice_missing(choice, "LSM hook", hook,
			       strncmp(nearest, "security_", 9) ? "" : nearest + 9);
		return;
	}
	if (kind != LSM_HOOK_NONE && choose_lsm_works(facts) &&
	    (facts->lsm || kind == LSM_HOOK_ERRNO)) {
		struct chosen *at = choice_add(choice, choose_lsm_backend(facts), hook,
					       WANT_POST | WANT_ENFORCE);

		if (needs->ima && at->backend == POINT_LSM && takes_hash(hook) && !facts->old)
			at->row_flags |= TX_HOOK_IMA;
		else if (needs->ima)
			choice_say(choice, POINT_DEGRADED, "no file's hash can be taken there");
		if (needs->override && kind == LSM_HOOK_VOID)
			choice_cannot_deny(facts, needs, hook, no_result, choice);
		choice_zero_error(needs, hook, choice);
		return;
	}
	if (needs->override) {
		choice_cannot_deny(facts, needs, hook, "no program can be attached to it", choice);
		if (choice->status == POINT_REJECTED)
			return;
	}
	plain.override = plain.returns = false;
	choose_function(facts, &plain, false, function, choice);
	if (choice->status == POINT_REJECTED)
		choice_lacks(choice, POINT_REJECTED, "%s, and no kprobes",
			     choose_lsm_works(facts) ? "the hook takes no BPF programs"
						     : "no BPF LSM on this kernel");
	else
		choice_lacks(choice, POINT_DEGRADED, "by a probe on %.60s: %s", function,
			     choose_lsm_works(facts) ? "the hook itself takes no BPF programs"
						     : "no BPF LSM here");
}
