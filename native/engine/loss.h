/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The ledger of what was lost: every cause is counted and becomes an engine_loss line. */
#ifndef TELOVIX_LOSS_H
#define TELOVIX_LOSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "events.h"

enum loss_cause {
	LOSS_RING_EXEC, /* no room in the ring, counted by the program */
	LOSS_RING_MAIN,
	LOSS_REORDER,   /* a number is missing and no counter explains it */
	LOSS_FORMAT,    /* the line would have been too long, or the record made no sense */
	LOSS_DISK,      /* no room on disk or segments deleted at the cap */
	LOSS_RECURSION, /* the kernel skipped a program that was already running on that CPU */
	LOSS_WORKSPACE, /* a policy's program found all its work spaces taken */
	LOSS_RETURN, /* a call that a policy tells at its return, which never came or was in vain */
	LOSS_UNREAD, /* memory a policy looks at was not in, and the call is not looked at again */
	LOSS_PINS,   /* records left by another build of the engine, which we cannot read */
	LOSS_CAUSES
};

#define LOSS_NO_CPU UINT32_MAX

struct loss_row {
	uint64_t count, from, to;
	uint64_t written_at;
	uint64_t total;
	uint64_t credit; /* told by a predecessor that was killed before it could note it */
};

int loss_open(uint32_t cpus);
void loss_close(void);

/* Every record passes here in stream order, to see gaps in its CPU's numbering. */
void loss_see(const struct tx_header *h);

/* Per-CPU counters of the programs, as read now. */
void loss_counters(const struct tx_stats *per_cpu, uint64_t now);

void loss_add(enum loss_cause cause, uint32_t cpu, uint64_t count, uint64_t from, uint64_t to);

/* The next row due to be written (at most one per second per cause and CPU), or NULL. */
struct loss_row *loss_due(uint64_t now, bool all, enum loss_cause *cause, uint32_t *cpu);
void loss_written(struct loss_row *row, uint64_t now);

/* The whole ledger as bytes, for the state that outlives the engine. Good before loss_open. */
size_t loss_size(void);
void loss_save(void *to);
void loss_restore(const void *from);

/* A line of this loss is written already. */
void loss_credit(const char *name, uint32_t cpu, uint64_t count);

uint64_t loss_total(void);
const char *loss_name(enum loss_cause cause);

#endif
