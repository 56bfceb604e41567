/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Follow sets: groups of processes that followForks and followChildren speak of, by whom they
 * descend from. A set is one bit of every process; the kernel gives it at fork by process id, at
 * exec by image, and hands all bits on to children. Filters of equal content share a set, whichever
 * policies and hooks they stand in.
 */
#ifndef TELOVIX_FOLLOW_H
#define TELOVIX_FOLLOW_H

#include <stdbool.h>

#include "plans.h"
#include "policy.h"
#include "proc.h"

#define FOLLOW_SETS (64 * TX_FOLLOW_WORDS)

/* The plan's filters need their sets from now on. 0 or -ENOMEM; sets beyond FOLLOW_SETS get no bit.
 */
int follow_use(const struct plan *plan);
void follow_unuse(const struct plan *plan);

/* The set of a filter of a plan in use, or -ENOSPC. */
int follow_bit(const struct plan *plan, const struct tx_plan_filter *filter);

/*
 * Writes the sets there are into the index, and their numbers into control; nothing there uses them
 * until control is in the kernel. Then follow_settle(true) lets go of the sets before; false takes
 * everything back. 0, -ENOSPC when a table has no room, or another negative errno.
 */
int follow_write(struct tx_control *control);
void follow_settle(bool kept);

/* Bits of a process: its own and those of all it descends from, as far as the table knows. */
void follow_of(const struct proc *p, __u64 bits[TX_FOLLOW_WORDS]);

/* The sets of that id as the process itself sees it. False: none. */
bool follow_own_pid(uint32_t pid, __u64 bits[TX_FOLLOW_WORDS]);

/* Sets given out since this was last asked: what processes bear of them is another's. */
void follow_fresh(__u64 bits[TX_FOLLOW_WORDS]);

void follow_close(void);

/*
 * follow_seed.c: what the kernel remembers of processes that are older than the policies, in
 * tx_ptasks. Done twice, the second time a moment later: forks go on meanwhile.
 */
void follow_seed(int ptasks_fd);

/* A fork's record: ids as processes see themselves are followed from here. */
void follow_born(int ptasks_fd, const struct proc *p);

/* An exec's record: a process seeded while it ran exec may have got its old image back. */
void follow_mend(int ptasks_fd, const struct proc *p);

/* Nothing is remembered any more. */
void follow_forget(int ptasks_fd);

#endif
