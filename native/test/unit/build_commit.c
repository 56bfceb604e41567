// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Changes of rows against a kernel that fails at every place in turn: what is in force is then what
 * was, and nothing of the failed change is left in the index.
 */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#include "build_commit.h"
#include "build_random_want.h"
#include "build_view.h"
#include "index.h"

#define POINTS 5

/* The kernel: maps by descriptor, places, what is active, entries by set. */
static struct {
	uint32_t build[4096]; /* of each map; 0: closed */
	int maps;
	int place[2 * POINTS], active[POINTS];
	uint32_t entries, graces;
	uint32_t calls, fail_at; /* of all calls, the one that fails */
	bool waiting;            /* programs may still be at work on what was in force */
} kernel;

static struct random_plan plans[POINTS];
static struct point points[POINTS];

static bool fails(void)
{
	return kernel.calls++ == kernel.fail_at;
}

static int insert(enum tx_slot_kind kind, const union index_key *key, const struct tx_mask *mask)
{
	(void)kind, (void)key, (void)mask;
	if (fails())
		return -ENOMEM;
	kernel.entries++;
	return 0;
}

static int take_out(enum tx_slot_kind kind, const union index_key *key)
{
	(void)kind, (void)key;
	kernel.entries--;
	return 0;
}

static int make(const union tx_row *rows, uint32_t count)
{
	CHECK(count && rows->hook.build);
	if (fails())
		return -ENOMEM;
	kernel.build[++kernel.maps] = rows->hook.build;
	return kernel.maps;
}

static void drop(int fd)
{
	CHECK(kernel.build[fd]);
}

static int put(const uint32_t *places, const int *fds, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t point = places[i] / 2;

		if (fails())
			return -ENOMEM;
		/* Never under a program. */
		CHECK((int)(places[i] & 1) != kernel.active[point]);
		kernel.place[places[i]] = fds[i];
	}
	return 0;
}

static int clear(uint32_t place)
{
	kernel.place[place] = 0;
	return 0;
}

static int quick(uint32_t place, const struct tx_quick *quick)
{
	(void)quick;
	/* Never under a program, and never of other rows. */
	CHECK((int)(place & 1) != kernel.active[place / 2] && kernel.place[place]);
	return fails() ? -ENOMEM : 0;
}

static int activate(uint32_t point, uint32_t which)
{
	if (fails())
		return -ENOMEM;
	kernel.active[point] = which;
	kernel.waiting = true;
	return 0;
}

static int grace(void)
{
	if (fails())
		return -ENOMEM;
	kernel.graces++;
	kernel.waiting = false;
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

static const struct commit_tables commit = { make,     drop,  put,   clear, quick,
					     activate, grace, bytes, now };
static const struct index_tables index_tables = { insert, take_out, { 0, 65536, 65536, 65536 } };

static uint32_t held;
static void hold(const struct plan *plan)
{
	(void)plan;
	held++;
}
static void release(const struct plan *plan)
{
	(void)plan;
	held--;
}
static bool monitors(uint32_t policy)
{
	return policy;
}
static const struct view_facts view_facts = { hold, release, monitors };

/* New policies at all points. */
static int stage_all(void)
{
	for (int i = 1; i < POINTS; i++) {
		struct built built;
		int err;

		random_plan(&plans[i], i, POINT_KPROBE);
		points[i] = (struct point){ .id = i, .wants = &plans[i].want };
		CHECK(!build_point(&points[i], &test_facts, &built));
		err = commit_stage(&points[i], &built);
		if (err)
			return err;
	}
	return 0;
}

static int change(void)
{
	int err = stage_all();

	while (!err) {
		err = commit_step();
		if (!err)
			return commit_switch();
		if (err > 0)
			err = 0;
	}
	return err;
}

static uint32_t build_of(int point)
{
	return kernel.build[kernel.place[2 * point + kernel.active[point]]];
}

static uint32_t entries_in_force(void)
{
	uint32_t entries = 0;

	for (int i = 1; i < POINTS; i++) {
		struct commit_figures f;

		commit_figures(i, &f);
		CHECK(f.build == build_of(i));
		for (int k = 0; k < INDEX_KINDS; k++)
			entries += f.entries[k];
	}
	return entries;
}

/* One change with a failure at the given call. True: it failed. */
static bool one_failure(uint32_t at)
{
	uint32_t before[POINTS], wanted = entries_in_force();
	int err;

	for (int i = 1; i < POINTS; i++)
		before[i] = build_of(i);
	kernel.calls = 0;
	kernel.fail_at = at;
	err = change();
	if (err)
		commit_abort();
	kernel.fail_at = UINT32_MAX;
	for (int i = 1; i < POINTS; i++)
		CHECK((build_of(i) == before[i]) == !!err);
	if (!err)
		wanted = entries_in_force();
	while (commit_tidy())
		;
	/* Sets of equal content are shared, so there may be fewer. */
	CHECK(kernel.entries <= wanted && !kernel.waiting);
	CHECK(index_used(TX_SLOT_INT) + index_used(TX_SLOT_TEXT) + index_used(TX_SLOT_ADDRESS) ==
	      kernel.entries);
	return err;
}

/* Old entries are there until programs that may look for them have ended. */
static void late_grace(void)
{
	uint32_t entries = kernel.entries;

	kernel.calls = 0;
	kernel.fail_at = UINT32_MAX;
	CHECK(!stage_all());
	while (commit_step() > 0)
		;
	entries = kernel.entries;
	kernel.fail_at = kernel.calls + POINTS - 1; /* the one behind the switching */
	CHECK(!commit_switch() && kernel.waiting && kernel.entries == entries);
	CHECK(commit_tidy() || !kernel.waiting);
	kernel.fail_at = UINT32_MAX;
	while (commit_tidy())
		;
	CHECK(!kernel.waiting);
}

static bool is_known(uint32_t point, uint32_t build, uint32_t bit)
{
	struct tx_policy_event e = { .hook = point, .build = build };
	struct event_selector s;

	return view_lookup(NULL, &e, bit, &s);
}

static void records(void)
{
	struct tx_policy_event e = { .hook = 1, .build = build_of(1) };
	struct event_selector s;
	uint32_t build = e.build;

	CHECK(view_lookup(NULL, &e, 0, &s) && s.monitor && s.kind == plans[1].hook.kind);
	/* Here every policy only watches now; what was so when it happened is what is told. */
	e.seen = TX_SEEN_GUARDED;
	CHECK(view_lookup(NULL, &e, 0, &s) && s.guarded && !s.monitor);
	e.seen |= TX_SEEN_MONITORED;
	CHECK(view_lookup(NULL, &e, 0, &s) && !s.guarded && s.monitor);
	CHECK(!strcmp(s.policy, "p1") && !strcmp(view_backend(1, build), "kprobe"));
	CHECK(!is_known(1, build + 77, 0) && !is_known(1, build, 255));
	CHECK(!is_known(TX_HOOK_POINTS, build, 0) && !is_known(2, build, 0));
	for (int i = 0; i < VIEW_BUILDS - 1; i++)
		CHECK(!change());
	CHECK(is_known(1, build, 0));
	/* Of a build that is too old nothing is made up. */
	CHECK(!change() && !is_known(1, build, 0));
}

int main(void)
{
	uint32_t failures = 0;

	index_open(&index_tables);
	view_open(&view_facts);
	commit_open(&commit);
	kernel.fail_at = UINT32_MAX;
	CHECK(!change());
	for (uint32_t at = 0; at < 100 && !unit_failed; at++)
		failures += one_failure(at);
	CHECK(failures > 20 && failures < 100);
	late_grace();
	do
		CHECK(!change());
	while (!is_known(1, build_of(1), 0) && !unit_failed);
	records();
	for (int i = 1; i < POINTS; i++)
		commit_forget(i);
	while (commit_tidy())
		;
	CHECK(!kernel.entries);
	for (int i = 2; i < 2 * POINTS; i++)
		CHECK(!kernel.place[i]);
	view_expire(2 * VIEW_KEPT_NS);
	CHECK(!held);
	commit_close();
	view_close();
	return unit_end("build_commit");
}
