/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Follow sets, shared by the parts that keep them and that apply them. */
#ifndef TELOVIX_FOLLOW_PART_H
#define TELOVIX_FOLLOW_PART_H

#include "follow.h"
#include "index_set.h"

struct follow_value {
	uint64_t number;
	char *text;
	uint32_t len;
};

struct follow_set {
	uint32_t refs; /* 0: free */
	uint8_t kind;  /* enum tx_filter_kind */
	bool own_pid;
	uint32_t count;
	struct follow_value *values;
};

enum follow_key { FOLLOW_TEXT, FOLLOW_END, FOLLOW_PID, FOLLOW_KEYS };

/* By number: the bit. */
extern struct follow_set follow_sets[FOLLOW_SETS];

/* In the kernel; NULL: none. */
extern struct index_set *follow_written[FOLLOW_KEYS];

#endif
