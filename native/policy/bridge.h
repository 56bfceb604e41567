/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Policies across the death of an engine. Links are pinned, so programs go on denying and telling
 * while nobody reads; the next engine makes its own from the same plans, takes over from them, and
 * only then lets the old ones go. What they told meanwhile is read as what it is: bits of a build
 * that was made of the same plans mean the same.
 */
#ifndef TELOVIX_BRIDGE_H
#define TELOVIX_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

/* out: where the list of builds is kept, beside the segments. adopted: the base programs were taken
 * over. */
void bridge_open(const char *out, bool adopted);

/* Whether a predecessor's programs are at work. */
bool bridge_pending(void);

/* A change is in force: it is what a successor will find. Ends the predecessor's programs. */
void bridge_save(int ints, int texts);

/* Nothing of ours is to outlive us. */
void bridge_clear(void);

enum bridge_origin {
	BRIDGE_OURS,  /* or of nobody we know */
	BRIDGE_OLD,   /* a predecessor's: it gets the numbers of ours */
	BRIDGE_TWICE, /* a predecessor's, told by our own program too: to be left out */
};

/* Whose build the record is of; for BRIDGE_OLD the numbers to take instead. */
enum bridge_origin bridge_origin(const struct tx_policy_event *e, size_t len, uint32_t *point,
				 uint32_t *build);

#endif
