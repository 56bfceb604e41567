/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Going on where a killed engine stopped: what was written, and what becomes of the rest. */
#ifndef TELOVIX_ADOPT_H
#define TELOVIX_ADOPT_H

#include "ring.h"
#include "segment.h"

/* Positions, losses and processes as of the last commit. Before any record is read. */
int adopt_state(struct ring rings[], struct segments *out, int iter_task_fd);

/* Records that waited are still being told. */
bool adopt_pending(void);

/* Called each turn; drained: everything older than `until` is told. Settles what is still unclear.
 */
void adopt_turn(bool drained, uint64_t until);

/* The same at once: nothing more comes. */
void adopt_settle(uint64_t now);

/*
 * The lines of the first released[] records of the last look are written: they count as told, and
 * their room is given back.
 */
void adopt_commit(struct ring rings[], const size_t released[], const struct segments *out);

#endif
