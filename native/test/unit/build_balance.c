// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What changes of policies allocate they give back: counted in bytes of the heap, swap by swap. */
#include "unit.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "build_commit.h"
#include "build_random_want.h"
#include "build_view.h"
#include "index.h"

#define POINTS 6
#define SWAPS 200
#define SLACK 1024 /* of chunks a little larger than was asked for; less than one a swap */

static struct random_plan plans[2][POINTS]; /* two sets, one of which is in force */
static struct point points[POINTS];
static int maps;

static int insert(enum tx_slot_kind kind, const union index_key *key, const struct tx_mask *mask)
{
	(void)kind, (void)key, (void)mask;
	return 0;
}

static int take_out(enum tx_slot_kind kind, const union index_key *key)
{
	(void)kind, (void)key;
	return 0;
}

static int make(const union tx_row *rows, uint32_t count)
{
	(void)rows, (void)count;
	return ++maps;
}

static void drop(int fd)
{
	(void)fd;
	maps--;
}

static int put(const uint32_t *places, const int *fds, uint32_t count)
{
	(void)places, (void)fds, (void)count;
	return 0;
}

static int quick(uint32_t place, const struct tx_quick *quick)
{
	(void)place, (void)quick;
	return 0;
}

static int activate(uint32_t point, uint32_t which)
{
	(void)point, (void)which;
	return 0;
}

static int clear(uint32_t place)
{
	(void)place;
	return 0;
}

static int grace(void)
{
	return 0;
}

static uint64_t bytes(int fd)
{
	return fd;
}

static uint64_t now(void)
{
	return 1;
}

static void keep(const struct plan *plan)
{
	(void)plan;
}

static bool monitors(uint32_t policy)
{
	return policy;
}

static const struct commit_tables commit = { make,     drop,  put,   clear, quick,
					     activate, grace, bytes, now };
static const struct index_tables index_tables = { insert, take_out, { 0, 65536, 65536, 65536 } };
static const struct view_facts view_facts = { .hold = keep, .release = keep, .monitors = monitors };

/* Bytes of the heap in use, once one set of policies stands in the other's place. */
static size_t swap(struct random_plan *set)
{
	for (int i = 1; i < POINTS; i++) {
		struct built built;

		points[i] = (struct point){ .id = i, .wants = &set[i].want };
		CHECK(!build_point(&points[i], &test_facts, &built));
		CHECK(!commit_stage(&points[i], &built));
	}
	while (commit_step() > 0)
		;
	CHECK(!commit_switch());
	while (commit_tidy())
		;
	/* Nobody asks for the builds before it any more. */
	view_expire(2 * VIEW_KEPT_NS);
	return mallinfo2().uordblks;
}

/* What malloc keeps aside for the next who asks counts as in use: it is to keep nothing. */
static void exact(char **argv)
{
	if (getenv("GLIBC_TUNABLES"))
		return;
	setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1);
	execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
	size_t at_first[2], at_last[2], none;

	(void)argc;
	exact(argv);
	for (int set = 0; set < 2; set++)
		for (int i = 1; i < POINTS; i++)
			random_plan(&plans[set][i], i, POINT_KPROBE);
	index_open(&index_tables);
	view_open(&view_facts);
	commit_open(&commit);
	none = mallinfo2().uordblks;
	for (int warm = 0; warm < 4; warm++)
		at_first[warm % 2] = swap(plans[warm % 2]);
	CHECK(at_first[0] > none);
	for (int i = 0; i < SWAPS; i++)
		at_last[i % 2] = swap(plans[i % 2]);
	CHECK(at_last[0] < at_first[0] + SLACK && at_last[1] < at_first[1] + SLACK);
	CHECK(maps == POINTS - 1);
	for (int i = 1; i < POINTS; i++)
		commit_forget(i);
	while (commit_tidy())
		;
	commit_close();
	view_close();
	index_close();
	CHECK(!maps && mallinfo2().uordblks < none + SLACK);
	return unit_end("build_balance");
}
