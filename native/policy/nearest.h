/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The name most like one that is not there: a slip of the pen, not another name that resembles it.
 */
#ifndef TELOVIX_NEAREST_H
#define TELOVIX_NEAREST_H

#include <stddef.h>

/* Of reasons: "… (nearest: NAME)". */
#define NEAREST " (nearest: "
#define NEAREST_TEXT 48 /* longer ones would not stand whole in a reason */

struct nearest {
	const char *name;
	unsigned best;               /* edits; what is not below is no slip */
	char text[NEAREST_TEXT + 1]; /* empty: none yet */
};

struct nearest nearest_to(const char *name);

/* Takes candidate where it is nearer than all before. */
void nearest_try(struct nearest *n, const char *candidate);

/* " (nearest: NAME)", or nothing, behind what is in why. */
void nearest_add(const struct nearest *n, char *why, size_t why_size);

/* Edits between two names, two letters swapped counting as one; at most limit, limit + 1 when there
 * are more. */
unsigned nearest_distance(const char *a, const char *b, unsigned limit);

#endif
