/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The process table's copy in the state that outlives the engine. Each entry says in which turn it
 * came and in which it went; only turns that were committed count, so that a successor begins with
 * the table as it was at the last record written, and goes on with the first that was not.
 */
#ifndef TELOVIX_KEEP_H
#define TELOVIX_KEEP_H

#include "proc.h"

#define KEEP_SLOT_BYTES 768u

/* Begins to copy; what is in the slots already (an adopted state) goes into the process table. */
int keep_open(void);

void keep_add(struct proc *p);
void keep_drop(struct proc *p);

/* The turn is committed: what went in it is free. */
void keep_committed(void);

/*
 * After an adoption, once all records that waited are told. First, which processes are gone; then,
 * when records of before that moment are told as well, those whose end did not come are dropped: it
 * was lost. Those whose birth was lost are told.
 */
void keep_suspect(void);
void keep_settle(uint64_t now);

/* Processes that found no room. */
uint64_t keep_refused(void);

#endif
