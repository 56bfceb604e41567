/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The policies at work, shared by the parts of the manager. */
#ifndef TELOVIX_POLICIES_PART_H
#define TELOVIX_POLICIES_PART_H

#include <limits.h>

#include "build.h"
#include "control.h"
#include "policies.h"
#include "points.h"

#define POLICY_WHY 320
#define POLICY_RATES 5 /* seconds a rate is taken over */

/* One content of a plan file. */
struct version {
	struct plan plan;
	uint32_t refs;     /* the policy, and views that name it */
	bool included;     /* takes part in builds */
	bool enforces;     /* some action of it does more than tell */
	uint32_t resolved; /* hooks */
	struct want *wants;
};

/* Which file it was: looked at again only when that changes. */
struct file_mark {
	uint64_t ino, size;
	int64_t mtime_s, mtime_ns;
};

struct policy {
	struct policy *next; /* by name of the file */
	char file[NAME_MAX + 1];
	char name[CONTROL_NAME]; /* NAMESPACE/NAME when it is in one */
	struct file_mark mark;
	int index;               /* in tx_policies; -1: none */
	struct version *now;     /* in force */
	struct version *coming;  /* on its way */
	struct version *refused; /* could not be put into force; kept for its reasons */
	bool found;              /* in the scan at work */
	bool leaving;
	bool rebuild;             /* what it stands for has changed */
	bool started;             /* all its points are attached: it may act */
	char problem[POLICY_WHY]; /* why the file as it is now is not in force */
	char off[POLICY_WHY];     /* why it was switched off */
	bool off_told;            /* and there is an event that says so */
	struct tx_policy_stats stats;
	struct {
		uint64_t matched, posted;
	} before[POLICY_RATES]; /* totals of the last seconds */
	uint32_t seconds;       /* of them that are filled */
};

/* Why a want has no rows though it was resolved. */
struct refusal {
	struct refusal *next;
	const struct want *want;
	char reason[BUILD_WHY];
};

enum policies_map {
	MAP_PTASKS,
	MAP_CONTROL,
	MAP_POLICIES,
	MAP_COUNTS,
	MAP_COSTS,
	MAP_GUARD,
	POLICIES_MAPS
};

struct policies {
	const char *dir;
	int dir_fd, out_fd; /* dir_fd -1: not open */
	int map[POLICIES_MAPS];
	int cpus;
	uint32_t guarded[POLICIES_GUARDED];
	uint64_t matched_per_s, posted_per_s;
	uint64_t point_ns_per_s; /* what the runs at one hook point may take of all CPUs */
	struct policy *first;
	struct refusal *refusals;
	struct control control;
	char control_problem[POLICY_WHY];
	struct tx_control kernel; /* as last written */
	bool plans_dirty;         /* files may have changed */
	bool control_dirty;
	bool told; /* policies.json says what there is */
	uint64_t next_second, next_status, next_try, second_seed, mend_until;
};

extern struct policies policies;

/* policies_version.c */
struct version *version_of(const struct plan *plan);
void version_drop(struct version *v);
void policy_problem(struct policy *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Takes the version's wants out of their points, and frees them. */
void version_leave(struct version *v);
const struct refusal *refusal_of(const struct want *want);
void refusals_free(void);

/* policies_watch.c: opens the directories; notes what has changed, in every turn. */
int watch_open(const struct policies_options *options);
void watch_look(uint64_t now);

/* policies_scan.c: reads the directory; sets coming, leaving, problem. True: there is something to
 * change. */
bool policies_scan(void);
bool scan_is_plan(const char *name);

/* policies_change.c: from begin on, steps until one says it is done. */
void change_begin(void);
bool change_step(uint64_t now); /* true: there is more */
/* Ends with nothing changed. */
void change_cancel(void);

/* policies_stage.c: rows of all points concerned. 1: more to do, 0: done, negative errno. */
int stage_begin(void);
int stage_step(uint64_t until);
/* The newest version on its way is left out, and all is built again. -ENOSPC: there is none. */
int stage_give_up(const char *why);
void stage_end(bool kept);

/* policies_state.c: what each policy may do, and the limits of all enforcement. */
void state_write(struct policy *p);
void state_write_all(void);
enum tx_policy_state state_of(const struct policy *p);
int state_take_index(struct policy *p);
void state_free_index(struct policy *p);
int state_write_control(void);
void state_read_control(bool first);
void state_renew_lease(uint64_t now);

/* policies_budget.c: figures of a second; switches off what is above its budget. */
void budget_second(void);
__attribute__((format(printf, 2, 3))) void budget_switch_off(struct policy *p, const char *format,
							     ...);

/* policies_cost.c: the same for the time that the runs at each hook point take. */
void cost_second(void);

/* policies_guard.c */
/* Puts a process into the kernel's table, or takes it out; 0, or not. */
extern int (*guard_table)(uint32_t pid, bool guards);
void guard_open(void);
void guard_look(const struct proc *p);
void guard_forget(uint32_t pid);
/* All processes there are, again: the rules or the wishes have changed. */
void guard_all(void);

#endif
