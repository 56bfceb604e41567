// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "build_commit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "build_view.h"
#include "clock.h"
#include "index.h"

#define STEP_ENTRIES 4096        /* of the index, in one step */
#define STEP_NS (20 * NS_PER_MS) /* a put should take no longer */
#define PUT_MOST 64              /* maps put at a time */
#define TIDY_ENTRIES 512

/* Where new rows are on their way. */
enum stage { STAGE_NEW, STAGE_INDEXED, STAGE_PLACED };

struct staged {
	struct staged *next;
	uint32_t point;
	enum stage stage;
	struct built built;
	int fd;
};

/* What a point has in force. */
struct in_force {
	uint32_t which; /* of its two places */
	uint32_t build, rows, selectors;
	uint64_t bytes;
	int fd; /* -1: none */
	struct index_set **sets;
	uint32_t set_count;
};

static struct commit_tables tables;
static struct in_force in_force[TX_HOOK_POINTS];
static struct staged *staged, *replaced; /* replaced: old sets that wait for a grace period */
static uint32_t next_build, put_size;
static uint32_t unused_places[2 * TX_HOOK_POINTS], unused;

int commit_open(const struct commit_tables *with)
{
	tables = *with;
	put_size = 1;
	unused = 0;
	/* Records of a predecessor's builds may still be in the rings. */
	if (getrandom(&next_build, sizeof(next_build), GRND_NONBLOCK) != sizeof(next_build))
		next_build = 0;
	for (int i = 0; i < TX_HOOK_POINTS; i++)
		in_force[i] = (struct in_force){ .fd = -1 };
	return 0;
}

static void drop_sets(struct index_set **sets, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		index_drop(sets[i]);
	free(sets);
}

/* The sets of a staged build are the index's own; the rest of it is ours. */
static void free_staged(struct staged *s)
{
	drop_sets(s->built.sets, s->built.set_count);
	s->built.sets = NULL;
	s->built.set_count = 0;
	build_free(&s->built);
	if (s->fd >= 0)
		tables.drop(s->fd);
	free(s);
}

static void free_list(struct staged **list)
{
	while (*list) {
		struct staged *s = *list;

		*list = s->next;
		free_staged(s);
	}
}

void commit_abort(void)
{
	free_list(&staged);
}

void commit_close(void)
{
	commit_abort();
	free_list(&replaced);
	for (int i = 0; i < TX_HOOK_POINTS; i++) {
		drop_sets(in_force[i].sets, in_force[i].set_count);
		if (in_force[i].fd >= 0)
			tables.drop(in_force[i].fd);
		in_force[i] = (struct in_force){ .fd = -1 };
	}
}

int commit_stage(struct point *point, struct built *built)
{
	struct staged *s = calloc(1, sizeof(*s)), **at = &staged;

	if (!s || !point->id || point->id >= TX_HOOK_POINTS) {
		free(s);
		build_free(built);
		return s ? -EINVAL : -ENOMEM;
	}
	s->point = point->id;
	s->fd = -1;
	s->built = *built;
	for (uint32_t i = 0; i < s->built.set_count; i++)
		s->built.sets[i] = index_take(s->built.sets[i]);
	if (!++next_build)
		next_build = 1;
	build_settle(&s->built, next_build);
	while (*at)
		at = &(*at)->next;
	*at = s;
	return 0;
}

/* 1: the quota is used up. */
static int write_index(struct staged *s, uint32_t *quota)
{
	for (uint32_t i = 0; i < s->built.set_count; i++) {
		int err = index_write(s->built.sets[i], quota);

		if (err)
			return err;
	}
	s->stage = STAGE_INDEXED;
	return 0;
}

static uint32_t free_place(uint32_t point)
{
	return 2 * point + !in_force[point].which;
}

/* As many as were found not to hold up the engine: old kernels wait for each. */
static int put_some(struct staged **some, uint32_t count)
{
	uint32_t places[PUT_MOST];
	int fds[PUT_MOST], err;
	uint64_t took = tables.now();

	for (uint32_t i = 0; i < count; i++) {
		places[i] = free_place(some[i]->point);
		fds[i] = some[i]->fd = tables.make(some[i]->built.rows, some[i]->built.count);
		if (fds[i] < 0)
			return fds[i];
	}
	err = tables.put(places, fds, count);
	/* Whoever was at work on the places' last builds has ended. */
	for (uint32_t i = 0; !err && i < count; i++)
		err = tables.quick(places[i], &some[i]->built.quick);
	if (err)
		return err;
	took = tables.now() - took;
	if (took < STEP_NS && put_size < PUT_MOST)
		put_size *= 2;
	else if (took > 2 * STEP_NS && put_size > 1)
		put_size /= 2;
	for (uint32_t i = 0; i < count; i++)
		some[i]->stage = STAGE_PLACED;
	return 0;
}

int commit_step(void)
{
	struct staged *some[PUT_MOST];
	uint32_t quota = STEP_ENTRIES, count = 0;
	bool more = false;

	for (struct staged *s = staged; s; s = s->next) {
		int err = s->stage == STAGE_NEW ? write_index(s, &quota) : 0;

		if (err)
			return err;
		if (s->stage != STAGE_INDEXED)
			continue;
		if (count < put_size)
			some[count++] = s;
		else
			more = true;
	}
	if (count) {
		int err = put_some(some, count);

		if (err)
			return err;
	}
	return more;
}

/* The build comes into force; its predecessor's sets and map take its place in the list. */
static void take_force(struct staged *s)
{
	struct in_force *f = &in_force[s->point];
	struct in_force before = *f;

	view_add(s->point, &s->built, tables.now());
	*f = (struct in_force){ .which = !before.which,
				.build = s->built.rows->hook.build,
				.rows = s->built.count,
				.selectors = s->built.selectors,
				.bytes = tables.bytes(s->fd),
				.fd = s->fd,
				.sets = s->built.sets,
				.set_count = s->built.set_count };
	s->built.sets = before.sets;
	s->built.set_count = before.set_count;
	s->fd = before.fd;
}

/* Old sets go when nobody can be looking at them. */
static void let_go(void)
{
	if (replaced && !tables.grace())
		free_list(&replaced);
}

int commit_switch(void)
{
	struct staged *s = staged, **end = &replaced;
	int err = 0;

	for (; s && !err; s = err ? s : s->next)
		err = tables.activate(s->point, !in_force[s->point].which);
	if (err) {
		for (struct staged *back = staged; back != s; back = back->next)
			tables.activate(back->point, in_force[back->point].which);
		tables.grace();
		return err;
	}
	for (s = staged; s; s = s->next)
		take_force(s);
	while (*end)
		end = &(*end)->next;
	*end = staged;
	staged = NULL;
	let_go();
	return 0;
}

void commit_forget(uint32_t point)
{
	struct in_force *f = &in_force[point];
	struct staged *s;

	if (!point || point >= TX_HOOK_POINTS || f->fd < 0)
		return;
	for (uint32_t which = 0; which < 2 && unused < 2 * TX_HOOK_POINTS; which++)
		unused_places[unused++] = 2 * point + which;
	s = calloc(1, sizeof(*s));
	if (!s) /* its entries stay: better than to take them from under a program */
		return;
	s->fd = f->fd;
	s->built.sets = f->sets;
	s->built.set_count = f->set_count;
	s->next = replaced;
	replaced = s;
	*f = (struct in_force){ .which = f->which, .fd = -1 };
	view_forget(point, tables.now());
}

/* Clearing a place waits for programs, too: one at a time, and not one that is in use again. */
static void clear_place(void)
{
	uint32_t place = unused_places[--unused];

	if (in_force[place / 2].fd < 0)
		tables.clear(place);
}

bool commit_tidy(void)
{
	let_go();
	if (unused)
		clear_place();
	return index_clean(TIDY_ENTRIES) || unused || replaced;
}

void commit_figures(uint32_t point, struct commit_figures *figures)
{
	const struct in_force *f = &in_force[point % TX_HOOK_POINTS];

	*figures = (struct commit_figures){
		.build = f->build, .rows = f->rows, .selectors = f->selectors, .bytes = f->bytes
	};
	for (uint32_t i = 0; i < f->set_count; i++)
		figures->entries[f->sets[i]->kind] += f->sets[i]->count;
}
