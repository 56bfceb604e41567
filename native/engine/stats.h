/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The engine's own figures: the lines engine_start, engine_stats and engine_loss. */
#ifndef TELOVIX_STATS_H
#define TELOVIX_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"

struct kernel;

int stats_open(const struct kernel *k);
void stats_close(void);

/*
 * The kernel's run time statistics of BPF programs. They read the clock twice per run, on every
 * system call: so they are on for one second in fifteen, and the figures are of those seconds.
 */
void stats_measure(bool on);

/* Reads the programs' counters, and what the kernel skipped of the base's. */
void stats_poll(uint64_t now);

void stats_write_start(const char *kernel);
void stats_write(const struct ring rings[], uint64_t max_turn_ns);

/* Writes the losses that are due; all: also those written less than a second ago. */
void stats_write_losses(uint64_t now, bool all);

/* `telovix-engine stats DIR`: prints the last engine_stats line. Exit code. */
int stats_print_last(const char *dir);

#endif
