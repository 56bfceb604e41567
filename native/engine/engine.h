/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The engine's own state, shared by its start and its turns. */
#ifndef TELOVIX_ENGINE_H
#define TELOVIX_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel.h"
#include "options.h"
#include "reorder.h"
#include "ring.h"
#include "segment.h"

#define BATCH 2048 /* records per ring and turn: one turn stays short whatever comes in */
/* A record is stamped before it is copied into its ring; this long may lie between. */
#define HORIZON_NS (1 * NS_PER_MS)

struct engine {
	struct kernel kernel;
	struct segments out;
	struct ring rings[TX_RINGS];
	struct reorder_item items[TX_RINGS][BATCH];
	struct reorder_item ordered[TX_RINGS * BATCH];
	size_t released[TX_RINGS]; /* of the last look: told, not yet let go */
	bool program_times;
	uint64_t next_second, next_stats, next_trim, max_turn;
	bool adopted;
};

extern struct engine engine;

/* 0, or a negative errno after a message. */
int engine_start(const struct options *o);

/* Writes the lines of what was looked at, and lets go of it. */
void engine_write_out(uint64_t now);

#endif
