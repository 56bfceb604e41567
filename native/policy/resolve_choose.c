// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "resolve_choose.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "calls_table.h"
#include "nearest.h"

void reason_add(char *reason, size_t size, const char *text)
{
	size_t used = strlen(reason);

	if (!strstr(reason, text))
		snprintf(reason + used, size - used, "%s%s", used ? "; " : "", text);
}

static void say(struct choice *choice, enum point_status status, bool feature, const char *format,
		va_list args)
{
	char text[sizeof(choice->reason)];

	vsnprintf(text, sizeof(text), format, args);
	/* What is rejected needs no other reason. */
	if (status == POINT_REJECTED) {
		choice->count = 0;
		choice->feature = feature;
		snprintf(choice->reason, sizeof(choice->reason), "%s", text);
	} else if (choice->status != POINT_REJECTED) {
		choice->feature |= feature && status != POINT_OK;
		reason_add(choice->reason, sizeof(choice->reason), text);
	}
	if (status > choice->status)
		choice->status = status;
}

void choice_say(struct choice *choice, enum point_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(choice, status, false, format, args);
	va_end(args);
}

void choice_lacks(struct choice *choice, enum point_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(choice, status, true, format, args);
	va_end(args);
}

void choice_missing_text(char *text, size_t size, const char *what, const char *name,
			 const char *nearest)
{
	snprintf(text, size, "no such %s on this kernel: %.60s%s%.48s%s", what, name,
		 *nearest ? NEAREST : "", nearest, *nearest ? ")" : "");
}

void choice_missing(struct choice *choice, const char *what, const char *name, const char *nearest)
{
	char text[sizeof(choice->reason)];

	choice_missing_text(text, sizeof(text), what, name, nearest);
	choice_say(choice, POINT_REJECTED, "%s", text);
	choice->missing = true;
}

struct chosen *choice_add(struct choice *choice, enum point_backend backend, const char *name,
			  uint32_t part)
{
	struct chosen *at = &choice->at[choice->count++];

	memset(at, 0, sizeof(*at));
	at->backend = backend;
	at->part = part;
	snprintf(at->name, sizeof(at->name), "%s", name);
	return at;
}

bool choose_preemptible(const struct facts *facts)
{
	return facts->preempt != PREEMPT_NONE && facts->preempt != PREEMPT_VOLUNTARY;
}

bool choose_spares_probe(const struct facts *facts, const struct needs *needs, const char *function)
{
	return facts->fentry && !needs->enforce && !choose_preemptible(facts) &&
	       facts->symbol(function) == 1 && facts->function(function);
}

bool choose_lsm_works(const struct facts *facts)
{
	return facts->lsm || (facts->fmod_ret && !choose_preemptible(facts));
}

enum point_backend choose_lsm_backend(const struct facts *facts)
{
	return facts->lsm ? POINT_LSM : POINT_FMOD_RET;
}

void choice_cannot_deny(const struct facts *facts, const struct needs *needs, const char *what,
			const char *why, struct choice *choice)
{
	if (!choose_lsm_works(facts))
		why = "BPF LSM programs do not run here (lsm= without bpf, or not permitted)";
	choice->watch = true;
	if (needs->kills_too)
		choice_lacks(choice, POINT_DEGRADED,
			     "the process is killed, but %.48s itself is not denied: %s", what,
			     why);
	else
		choice_lacks(choice, POINT_REJECTED, "nothing here can deny %.48s: %s", what, why);
}

void choice_zero_error(const struct needs *needs, const char *what, struct choice *choice)
{
	if (!needs->override || !needs->zero_error || choice->watch ||
	    choice->status == POINT_REJECTED || (choice->count && choice->at[0].override))
		return;
	choice->watch = true;
	memset(choice->deny, 0, sizeof(choice->deny));
	for (int i = 0; i < choice->count; i++)
		choice->at[i].part &= ~WANT_MARK;
	choice_lacks(choice, needs->kills_too ? POINT_DEGRADED : POINT_REJECTED,
		     "error 0 does not stop %.40s: only where errors can be injected is a call "
		     "answered with 0%s",
		     what, needs->kills_too ? "; the process is killed" : "");
}

/* What is lost where only a trampoline reaches the function. */
static void say_trampoline(const struct facts *facts, const struct needs *needs,
			   struct choice *choice)
{
	if (needs->enforce)
		choice_lacks(choice, POINT_DEGRADED,
			     "only reported: nothing is enforced from fentry and fexit programs");
	if (choose_preemptible(facts))
		choice_lacks(choice, POINT_DEGRADED,
			     "on this preemptible kernel runs may be skipped (they are counted)");
}

struct reach {
	int symbols;
	bool probe, trampoline, prefers_trampoline;
};

static void entry(const struct facts *facts, const struct needs *needs, const struct reach *reach,
		  const char *call, struct choice *choice)
{
	if (reach->probe && !reach->prefers_trampoline) {
		choice_add(choice, POINT_KPROBE, call, WANT_POST | WANT_ENFORCE)->trampoline =
			choose_spares_probe(facts, needs, call);
	} else {
		choice_add(choice, POINT_FENTRY, call, WANT_POST);
		say_trampoline(facts, needs, choice);
	}
}

static void entry_and_return(const struct facts *facts, const struct needs *needs,
			     const struct reach *reach, const char *call, struct choice *choice)
{
	bool safe = !needs->enforce && !needs->late_enforce && !needs->many &&
		    !choose_preemptible(facts);

	if (reach->trampoline && (safe || !reach->probe || reach->prefers_trampoline)) {
		choice_add(choice, POINT_FEXIT, call, WANT_POST);
		say_trampoline(facts, needs, choice);
	} else {
		choice_add(choice, POINT_KRETPROBE, call, WANT_POST | WANT_ENFORCE)->row_flags =
			TX_HOOK_RETURN_PAIR;
	}
}

static void override(const struct facts *facts, const struct needs *needs, const char *call,
		     struct choice *choice)
{
	struct chosen *at = &choice->at[0];

	if (facts->override_return &&
	    (at->backend == POINT_KPROBE || at->backend == POINT_KRETPROBE))
		at->override = true;
	else
		choice_cannot_deny(facts, needs, call, "it is no LSM hook and no system call",
				   choice);
}

void choose_function(const struct facts *facts, const struct needs *needs, bool fentry,
		     const char *call, struct choice *choice)
{
	struct reach reach = { .symbols = facts->symbol(call) };
	bool known = facts->function(call);
	char nearest[64];

	if (!reach.symbols && !known) {
		facts->nearest(call, nearest, sizeof(nearest));
		choice_missing(choice, "function", call, nearest);
		return;
	}
	reach.probe = facts->kprobe && reach.symbols;
	reach.trampoline = facts->fentry && known;
	/* Where another task may come in between, fentry misses what it calls meanwhile. */
	reach.prefers_trampoline = fentry && reach.trampoline && !needs->enforce &&
				   ((!choose_preemptible(facts) && !needs->many) || !reach.probe);
	if (!reach.probe && !reach.trampoline) {
		choice_lacks(choice, POINT_REJECTED, "%s",
			     facts->fentry ? "no kprobes on this kernel, and its BTF does not know "
					     "the function"
					   : "neither kprobes nor BPF trampolines on this kernel");
		return;
	}
	if (needs->returns)
		entry_and_return(facts, needs, &reach, call, choice);
	else
		entry(facts, needs, &reach, call, choice);
	if (fentry && choice->at[0].backend != POINT_FENTRY && choice->at[0].backend != POINT_FEXIT)
		choice_lacks(choice, reach.trampoline ? POINT_OK : POINT_DEGRADED,
			     reach.trampoline ? "by kprobe: it misses less on a preemptible "
						"kernel, and serves many functions at once"
					      : "by kprobe: no trampoline can be built here");
	if (reach.symbols > 1 && choice->at[0].backend != POINT_FENTRY)
		choice_say(choice, POINT_DEGRADED, "%d functions have this name: one is seen",
			   reach.symbols);
	if (needs->override)
		override(facts, needs, call, choice);
	choice_zero_error(needs, call, choice);
}

/* Names of the tracepoints of system calls that differ from the call's. */
static const struct {
	const char *event, *call;
} renamed[] = {
	{ "newstat", "stat" },   { "newlstat", "lstat" }, { "newfstat", "fstat" },
	{ "newuname", "uname" }, { "umount", "umount2" }, { "sendfile64", "sendfile" },
};

/* Without formats: those of system calls are served by the call itself. */
static bool call_tracepoint(const struct facts *facts, const char *group, const char *event,
			    struct choice *choice)
{
	bool leaves = !strncmp(event, "sys_exit_", 9);
	const char *name = event + (leaves ? 9 : 10);

	if (strcmp(group, "syscalls") || (!leaves && strncmp(event, "sys_enter_", 10)) ||
	    !facts->raw_tp)
		return false;
	for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++)
		if (!strcmp(renamed[i].event, name))
			name = renamed[i].call;
	if (call_number(name, strlen(name), false) < 0)
		return false;
	choice_add(choice, leaves ? POINT_SYS_EXIT : POINT_SYS_ENTER, name,
		   WANT_POST | WANT_ENFORCE);
	return true;
}

static void no_tracepoint(const struct facts *facts, const char *group, const char *event,
			  struct choice *choice)
{
	char name[256], nearest[NEAREST_TEXT + 1];

	snprintf(name, sizeof(name), "%.127s/%.127s", group, event);
	facts->nearest_event(group, event, nearest, sizeof(nearest));
	choice_missing(choice, "tracepoint", name, nearest);
}

void choose_tracepoint(const struct facts *facts, const struct needs *needs, bool raw,
		       const char *group, const char *event, struct choice *choice)
{
	int err = 0;

	if (raw) {
		if (!facts->raw_tracepoint(event))
			no_tracepoint(facts, group, event, choice);
		else
			choice_add(choice, POINT_RAW_TP, event, WANT_POST | WANT_ENFORCE);
	} else if (facts->tracepoint && facts->format(group, event, &err)) {
		choice_add(choice, POINT_TRACEPOINT, event, WANT_POST | WANT_ENFORCE);
	} else if (err == -ENOENT) {
		no_tracepoint(facts, group, event, choice);
	} else if (call_tracepoint(facts, group, event, choice)) {
		;
	} else if (!needs->indices && facts->raw_tracepoint(event) > 0) {
		choice_add(choice, POINT_RAW_TP, event, WANT_POST | WANT_ENFORCE);
	} else {
		choice_lacks(choice, POINT_REJECTED,
			     "the formats of tracepoints cannot be read (no tracefs)");
	}
	if (needs->override)
		choice_cannot_deny(facts, needs, event, "a tracepoint cannot", choice);
}
