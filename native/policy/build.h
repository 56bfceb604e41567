/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The rows of a hook point, made from what the policies want of it. Pure: nothing here touches the
 * kernel; build_commit.c puts the result into force.
 *
 * Every selector of every want is one bit, in the order of policies, hooks, selectors. Filters that
 * a lookup can answer become slots of the index, shared by all selectors; the rest become
 * operations of their selector. A want that doesn't fit is left out with a reason, and the others
 * are built as if it were not there.
 */
#ifndef TELOVIX_BUILD_H
#define TELOVIX_BUILD_H

#include "index_set.h"
#include "points.h"

#define BUILD_RETURN 255   /* position of the return value in a plan's filters */
#define BUILD_WHY 160      /* bytes of a reason */
#define BUILD_FILTERS 64   /* of one selector */
#define BUILD_EXPANDED 64  /* numbers a filter's ranges may be written out to */
#define BUILD_ALL_CALLS -2 /* "*" */

struct build_scope {
	const char *namespace, *selector; /* not ended by NUL */
	size_t namespace_len, selector_len;
};

/* What a build must know of the host. Callbacks are asked again in every build. */
struct build_facts {
	uint32_t host_ns[TX_NS_COUNT]; /* of process 1 */
	/* Whether a want takes part: not when its policy is about to go. */
	bool (*includes)(const struct want *want);
	/* Number of a system call, TX_SYSCALLS more for the 32-bit ABI; BUILD_ALL_CALLS; -1: none.
	 */
	int (*call_number)(const char *name, size_t len);
	/* Follow set of a followForks or followChildren filter, or a negative errno. */
	int (*follow)(const struct plan *plan, const struct tx_plan_filter *filter);
	/*
	 * Control groups of the workloads that a text selects in a namespace ("": in all of them);
	 * *count of them. NULL: not known yet, and then nothing matches.
	 */
	const uint64_t *(*workload)(const struct build_scope *scope, uint32_t *count);
};

/* What became of one want. */
struct built_want {
	const struct want *want;
	bool rejected;
	uint8_t position[TX_HOOK_ARGS]; /* of its arguments in the record */
	uint8_t return_position;        /* or TX_NO_POSITION */
	uint16_t first, count;          /* its bits */
	char reason[BUILD_WHY];
};

struct built {
	/* The head, arguments, slots, selectors, operations. The head's build is still 0, and sets
	 * are numbered by their place in sets; build_settle sets both. */
	union tx_row *rows;
	uint32_t count;
	struct index_set **sets;
	uint32_t set_count;
	struct built_want *wants; /* in the order of their bits */
	uint32_t want_count;
	uint32_t selectors;
	struct tx_quick quick;
};

/* 0 or -ENOMEM. A point without wants, or with none that fits, has a head that matches nothing. */
int build_point(const struct point *point, const struct build_facts *facts, struct built *built);
void build_free(struct built *built);

/* Puts the build's number and the sets' own into the rows. */
void build_settle(struct built *built, uint32_t build);

/* What the hook's selector says; the one of a hook without selectors is empty. */
const struct tx_plan_selector *build_selector(const struct want *want, uint32_t selector);

#endif
