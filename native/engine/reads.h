/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The way in which programs read the kernel's memory (bpf/read.bpf.h): directly where the kernel
 * lets them, or by its helper, which makes each program twice as long on its way. Decided at the
 * first load: all objects of a run read alike, but where a verifier refuses it.
 */
#ifndef TELOVIX_READS_H
#define TELOVIX_READS_H

#include <stdbool.h>
#include <stdint.h>

#include "json.h"

/* As it is kept for an engine that takes the programs over. */
struct reads_kept {
	uint32_t by_helper, pad;
	char reason[216];
};

bool reads_directly(void);

/*
 * A program of the base object was refused. True: it may be the way of reading that this verifier
 * does not like, and everything is to be tried with the other. False: it is not that.
 */
bool reads_blame(const char *program, const char *words);

/* A program of a policy was taken only with the helper, and so are those that follow. */
void reads_blame_policy(const char *program, const char *words);

/* The base object is loaded: what it costs more is said once. */
void reads_settled(void);

void reads_keep(struct reads_kept *kept);
void reads_take(const struct reads_kept *kept);

/* Member `reads`: the way of the base programs, and why it is not the better one. */
void reads_write(struct json *j);

#endif
