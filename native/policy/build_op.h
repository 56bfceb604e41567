/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The operations of one filter, as they are added. */
#ifndef TELOVIX_BUILD_OP_H
#define TELOVIX_BUILD_OP_H

#include "build_part.h"

struct group {
	struct build *b;
	struct built_want *want;
	const struct build_term *term;
	uint32_t first;
	int err; /* nothing more is added once it is set */
};

/* The next row, or NULL with the group's error set. */
struct tx_op_row *group_add(struct group *g, enum tx_op op);

/* Each adds what a kind of filter needs. */
void group_in_set(struct group *g);
void group_numbers(struct group *g);
void group_bits(struct group *g, enum tx_op op);
void group_substrings(struct group *g);
void group_code(struct group *g);
void group_follow(struct group *g);

#endif
