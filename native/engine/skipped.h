/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Runs of programs that the kernel has skipped (recursion_misses): because the program was already
 * running on that CPU, or, of kprobes, because a bpf(2) call was under way there. Each is a loss.
 */
#ifndef TELOVIX_SKIPPED_H
#define TELOVIX_SKIPPED_H

#include <stdint.h>

#define SKIPPED_PROGRAMS 384

/* What was told of each program, by its id; it goes on in the engine that takes it over. */
struct skipped {
	struct {
		uint32_t id;   /* 0: nobody's */
		uint32_t turn; /* at which it was looked at last; 0: not since it was restored */
		uint64_t told;
	} of[SKIPPED_PROGRAMS];
	uint64_t looked_at;
};

void skipped_open(uint64_t now);

/* Counts what is not told yet of a program: in turn, and once more before it is let go of. */
void skipped_look(int fd, uint64_t now);

/* All programs were looked at: what is not among them is gone. */
void skipped_turn(uint64_t now);

/* All of a predecessor's that are still at work were looked at: the others are gone. */
void skipped_settle(void);

void skipped_save(struct skipped *to);
void skipped_restore(const struct skipped *from);

#endif
