/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which mechanism serves a hook: pure, so that the verdicts for every kind of kernel can be tested
 * on one. Names are looked up through the facts.
 */
#ifndef TELOVIX_RESOLVE_CHOOSE_H
#define TELOVIX_RESOLVE_CHOOSE_H

#include "facts.h"
#include "points.h"

/* What a hook's selectors ask for. */
struct needs {
	bool post;          /* some event may be told */
	bool enforce;       /* anything that acts on the process, at the call itself */
	bool signal;        /* a signal is sent */
	bool override;      /* an error is to be returned instead of the call */
	bool other_error;   /* and not EPERM */
	bool zero_error;    /* 0 is to be returned: the call is answered for, not denied */
	bool kills_too;     /* each selector that overrides also sends a signal */
	bool late_enforce;  /* at the return something is done: a signal, a socket tracked */
	bool late_override; /* an error is asked for when the call has returned */
	bool late_kills;    /* each selector that does so sends a signal, too */
	bool notify_error;  /* an enforcer is asked to return an error */
	bool canary;        /* GetUrl, DnsLookup */
	bool sets;          /* an argument of a static probe is to be changed */
	bool ima;           /* the hash of a file */
	bool stacks;        /* stack traces */
	bool kernel_stacks; /* among them the kernel's */
	bool returns;       /* the return value, or something read when the call returns */
	bool many; /* one of so many that a table beats a probe for each, and a probe a trampoline
		    */
	uint32_t indices; /* bit per argument of the call that is read */
};

void needs_of(const struct plan *plan, const struct tx_plan_hook *hook, struct needs *needs);

/* Of all NotifyEnforcer actions of the plan. */
void needs_of_notify(const struct plan *plan, struct needs *needs);

/* One place, before the arguments are looked at. */
struct chosen {
	enum point_backend backend;
	char name[128];
	uint16_t row_flags;
	bool compat, override;
	bool trampoline; /* a kprobe whose work one may do, see choose_spares_probe */
	uint32_t part;
	bool from_function; /* LSM hook in place of a function: its arguments are to be mapped */
};

struct choice {
	enum point_status status;
	char reason[160];
	bool missing; /* rejected because this kernel has no such thing */
	bool feature; /* status is for want of a feature of the kernel, not of a name */
	bool watch;   /* what Override asks for can't be done: WANT_WATCH */
	int count;
	struct chosen at[2];
	char deny[POINT_DENY_HOOKS][POINT_DENY_NAME];
};

/* kprobes and fentries; call as in the plan. */
void choose_function(const struct facts *facts, const struct needs *needs, bool fentry,
		     const char *call, struct choice *choice);
void choose_call(const struct facts *facts, const struct needs *needs, bool compat,
		 const char *call, struct choice *choice);
void choose_security(const struct facts *facts, const struct needs *needs, const char *call,
		     struct choice *choice);
void choose_lsm(const struct facts *facts, const struct needs *needs, const char *hook,
		struct choice *choice);
void choose_tracepoint(const struct facts *facts, const struct needs *needs, bool raw,
		       const char *group, const char *event, struct choice *choice);

/* Where what NotifyEnforcer decided elsewhere is carried out; needs: those of such actions. */
void choose_enforcer(const struct facts *facts, const struct needs *needs, bool is_call,
		     const char *call, struct choice *choice);

/* The LSM hooks that a system call passes and that can deny it here. How many. */
int choose_deny(const struct facts *facts, const char *call, struct choice *choice);

/* --- for the choosers themselves --- */

struct chosen *choice_add(struct choice *choice, enum point_backend backend, const char *name,
			  uint32_t part);

/* The worse status stays; reasons are put one behind the other as far as there is room. */
__attribute__((format(printf, 3, 4))) void
choice_say(struct choice *choice, enum point_status status, const char *format, ...);

/* The same, for want of a feature of this kernel. */
__attribute__((format(printf, 3, 4))) void
choice_lacks(struct choice *choice, enum point_status status, const char *format, ...);

/* As choice_say, for what is already text. */
void reason_add(char *reason, size_t size, const char *text);

/* Nothing can return the error the policy asks for: rejected, unless the process is killed anyway.
 */
void choice_cannot_deny(const struct facts *facts, const struct needs *needs, const char *what,
			const char *why, struct choice *choice);

/*
 * An LSM hook's 0 means that it agrees, and so does a mark's: 0 is returned instead of a call only
 * where it can be answered for (override_return).
 */
void choice_zero_error(const struct needs *needs, const char *what, struct choice *choice);

/* No such thing here; what: "system call", "function". nearest: a name, or empty. */
void choice_missing(struct choice *choice, const char *what, const char *name, const char *nearest);
void choice_missing_text(char *text, size_t size, const char *what, const char *name,
			 const char *nearest);

/* "sys_NAME", or nothing. */
void choose_nearest_call(const char *bare, bool compat, char *buf, size_t size);

/* LSM programs run here, or fmod_ret ones may stand in for them. */
bool choose_lsm_works(const struct facts *facts);
enum point_backend choose_lsm_backend(const struct facts *facts);

/*
 * A trampoline enters a program with a quarter of the instructions a kprobe takes, and is as good
 * where runs are not skipped and nothing is enforced.
 */
bool choose_spares_probe(const struct facts *facts, const struct needs *needs,
			 const char *function);

/* Another task may enter a program while it runs on this CPU; fentry then skips runs. */
bool choose_preemptible(const struct facts *facts);

#endif
