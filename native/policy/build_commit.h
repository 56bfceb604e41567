/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Builds on their way into force. Every hook point has two places for rows, one of which is in
 * force. A change is staged: the index's new entries are written, the new rows go into the free
 * place of every point concerned, a few in each turn of the engine. Nothing of it is looked at yet.
 * Then all points are switched, and only when no program can still be at work on the old rows do
 * the old entries go. Until the switch a failure leaves everything as it was.
 */
#ifndef TELOVIX_BUILD_COMMIT_H
#define TELOVIX_BUILD_COMMIT_H

#include <stdbool.h>

#include "build.h"

/* The kernel's side. 0 or a negative errno, if nothing else is said. */
struct commit_tables {
	/* A map with these rows: its descriptor. */
	int (*make)(const union tx_row *rows, uint32_t count);
	void (*drop)(int fd);
	/* Puts maps into places. May wait until programs at work have ended, for each. */
	int (*put)(const uint32_t *places, const int *fds, uint32_t count);
	int (*clear)(uint32_t place);
	/* What is looked at before the place's rows. No program is at work on it. */
	int (*quick)(uint32_t place, const struct tx_quick *quick);
	int (*activate)(uint32_t point, uint32_t which);
	/* Waits until programs at work have ended. */
	int (*grace)(void);
	uint64_t (*bytes)(int fd); /* of kernel memory a map takes */
	uint64_t (*now)(void);     /* nanoseconds */
};

/* Descriptors of tx_hooks and tx_fronts. */
int commit_kernel(struct commit_tables *tables, int hooks, int fronts);

int commit_open(const struct commit_tables *tables);
void commit_close(void);

/* Takes the build over, whatever comes of it. */
int commit_stage(struct point *point, struct built *built);

/* Something of what is staged. 1: there is more to do; 0: all is ready; negative errno: give up. */
int commit_step(void);

/* Switches all points that are ready. A negative errno: none was switched. */
int commit_switch(void);

/* Forgets what is staged. */
void commit_abort(void);

/* Deletes what is no longer used, a little at a time. True when there is more. */
bool commit_tidy(void);

/* The point has been forgotten: its rows and entries go. */
void commit_forget(uint32_t point);

/* What is in force at a point. */
struct commit_figures {
	uint32_t build; /* 0: nothing */
	uint32_t rows, selectors;
	uint64_t bytes;                        /* of its rows */
	uint32_t entries[TX_SLOT_ADDRESS + 1]; /* of its sets, shared ones included */
};
void commit_figures(uint32_t point, struct commit_figures *figures);

#endif
