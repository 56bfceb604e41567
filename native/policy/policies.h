/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The policies of a directory of plans, kept in force. A change of files becomes one change in the
 * kernel: resolved, built, staged and switched over as many turns as it takes, so that no turn is
 * long; a policy that can't be served is rejected with a reason, and the rest loads.
 */
#ifndef TELOVIX_POLICIES_H
#define TELOVIX_POLICIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"
#include "proc.h"

#define POLICIES_GUARDED 4

struct policies_options {
	const char *dir;                      /* NAME.plan, control.json, workloads.json, lease */
	const char *out;                      /* policies.json is written there */
	uint32_t guarded[POLICIES_GUARDED];   /* process ids never enforced against; 0: none */
	uint64_t matched_per_s, posted_per_s; /* a policy above is switched off; 0: the default */
	uint64_t point_ns_per_s; /* so are those at a hook that takes more; 0: the default */
	/* Maps of the base object; the others are points.c's, which is open already. */
	int ints, texts, ptasks, control;
};

/* 0, or a negative errno after a message. Nothing is loaded yet: turns do that. */
int policies_open(const struct policies_options *options);

/* A turn: what has changed, and, once a second, what is due. now: boot time. */
void policies_turn(uint64_t now);

/* Whether a change is still on its way. */
bool policies_busy(void);

/* A record of ours: its lines are written. Counted as a loss when it makes no sense. */
void policies_record(const struct tx_policy_event *e, size_t len);

/* One of the guarded processes is another now; 0: none. */
void policies_guard(int slot, uint32_t pid);

/* Processes as the table learns of them. */
void policies_on_fork(const struct proc *p);
void policies_on_exec(const struct proc *p);
void policies_on_exit(const struct proc *p);

/*
 * Lets go of everything in memory. What is in the kernel ends with points_close, which may come
 * before: points are not touched here.
 */
void policies_close(void);

#endif
