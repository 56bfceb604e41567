/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What must outlive a killed engine and is not in the kernel's own maps: which records are written,
 * what was counted as lost, which processes are known. It lies in a pinned BPF map that no program
 * uses and the engine maps into its memory: plain stores, and a kill leaves each of them in place.
 *
 * Writing lines and letting go of their records are two steps. The state is kept twice, and a
 * commit is the change of one number that says which of the two holds: with it the records count as
 * written and their losses as told, whatever moment the process dies at.
 */
#ifndef TELOVIX_STATE_H
#define TELOVIX_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend.h"
#include "events.h"
#include "kernel.h"
#include "skipped.h"

#define STATE_SLOTS_MAX 16384u
#define STATE_RUN_ID 17

struct state_hook {
	char mechanism[8];
	char reason[160];
};

struct state_bank {
	uint64_t turn;
	uint64_t consumed[TX_RINGS]; /* positions in the rings */
	/* Lines before this place belong to records before those positions; later ones may not. */
	uint64_t segment, offset;
	uint64_t unwritten; /* lines that a full disk still kept in memory */
	uint32_t credited;  /* losses told behind that place are taken off already */
	char run_id[STATE_RUN_ID];
	struct skipped skipped;
	char loss[] __attribute__((aligned(8)));
};

struct state_slot; /* keep.c */

/* Makes the map (shape: hash of what must be the same to adopt it) or maps an adopted one. */
int state_create(uint64_t shape);
int state_adopt(int fd, uint64_t shape);
void state_close(void);
int state_fd(void); /* -1: there is none */

uint64_t state_pin_id(void);

/* Marks the state as good to adopt; the first commit must have been made. */
void state_ready(void);

/* The backends chosen at load, for engines that load nothing. */
void state_save_backends(void);
void state_load_backends(void);

/* The bank that holds, and the other to be filled in; NULL when there is no state. */
const struct state_bank *state_now(void);
struct state_bank *state_next(void);
void state_commit(void);

struct state_slot *state_slots(void);

/* Room for processes: it grows with the machine. */
uint32_t state_slot_count(void);

/* How many, from the first, were ever used: the pages of the others are never touched. */
uint32_t *state_slots_used(void);

#endif
