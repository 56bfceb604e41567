// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "points.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "facts.h"

const char *const point_backend_names[POINT_BACKENDS] = {
	[POINT_KPROBE] = "kprobe",
	[POINT_KRETPROBE] = "kretprobe",
	[POINT_FENTRY] = "fentry",
	[POINT_FEXIT] = "fexit",
	[POINT_LSM] = "lsm",
	[POINT_TRACEPOINT] = "tracepoint",
	[POINT_RAW_TP] = "raw_tp",
	[POINT_UPROBE] = "uprobe",
	[POINT_URETPROBE] = "uretprobe",
	[POINT_USDT] = "usdt",
	[POINT_SYS_ENTER] = "sys_enter",
	[POINT_SYS_EXIT] = "sys_exit",
	[POINT_FMOD_RET] = "fmod_ret",
	[POINT_DENY] = "deny",
};

static struct point *first;
static struct point *by_id[TX_HOOK_POINTS];
static uint32_t last_id;

struct point *points_first(void)
{
	return first;
}

int points_open(const struct shared_map *shared, size_t count, void (*configure)(void *rodata))
{
	return object_open(shared, count, configure);
}

int points_map(const char *name)
{
	return object_map(name);
}

static bool same_place(const struct point_place *a, const struct point_place *b)
{
	return a->backend == b->backend && a->offset == b->offset && a->ref_ctr == b->ref_ctr &&
	       a->row_flags == b->row_flags && a->compat == b->compat &&
	       a->override == b->override && a->trampoline == b->trampoline &&
	       !strcmp(a->name, b->name) && !strcmp(a->group, b->group) &&
	       !strcmp(a->path, b->path);
}

/* 0: all are taken. */
static uint32_t next_id(void)
{
	for (int i = 0; i < TX_HOOK_POINTS; i++) {
		last_id = last_id + 1 < TX_HOOK_POINTS ? last_id + 1 : 1;
		if (!by_id[last_id] && !multi_holds(last_id))
			return last_id;
	}
	return 0;
}

/* Each is a program of its own, loaded for it: no more than some have one. */
static bool trampolines_are_used_up(void)
{
	int count = 0;

	for (const struct point *point = first; point; point = point->next)
		count += point->place.trampoline && !point->no_trampoline;
	return count >= POINT_TRAMPOLINES;
}

enum point_backend point_entered_by(const struct point *point)
{
	return point->place.trampoline && !point->no_trampoline ? POINT_FENTRY
								: point->place.backend;
}

struct point *point_get(const struct point_place *place)
{
	uint32_t id = 0;
	struct point *point;

	for (point = first; point; point = point->next)
		if (same_place(&point->place, place))
			return point;
	if (place->backend != POINT_DENY) {
		id = next_id();
		if (!id)
			return NULL;
	}
	point = calloc(1, sizeof(*point));
	if (!point)
		return NULL;
	point->place = *place;
	point->id = id;
	point->no_trampoline = place->trampoline && trampolines_are_used_up();
	point->program = point->leave_program = point->link[0] = point->link[1] = point->rows_fd =
		-1;
	point->next = first;
	first = point;
	if (id)
		by_id[id] = point;
	point_costs_clear(id);
	return point;
}

static void forget(struct point *point)
{
	struct point **at = &first;

	point_detach(point);
	while (*at != point)
		at = &(*at)->next;
	*at = point->next;
	if (point->id)
		by_id[point->id] = NULL;
	if (point->rows_fd >= 0)
		close(point->rows_fd);
	free(point);
}

void want_reject(struct want *want, const char *reason)
{
	want->status = POINT_REJECTED;
	snprintf(want->reason, sizeof(want->reason), "%s", reason);
}

static bool join_deny(struct want *want)
{
	for (int i = 0; i < POINT_DENY_HOOKS && want->deny_hook[i][0]; i++) {
		struct point_place place = { .backend = POINT_DENY };

		strcpy(place.name, want->deny_hook[i]);
		place.override = !facts_get()->lsm;
		want->deny[i] = point_get(&place);
		if (!want->deny[i])
			return false;
		want->deny[i]->users++;
	}
	return true;
}

/* Where the want is listed; one that needs no point of its own, at the first that denies for it. */
static struct point *home(const struct want *want)
{
	return want->point ? want->point : want->deny[0];
}

int want_join(struct want *want)
{
	bool joined = true;

	if (want->status == POINT_REJECTED)
		return 0;
	if (want->placed) {
		want->point = point_get(&want->place);
		joined = want->point != NULL;
		if (joined)
			want->point->users++;
	}
	if (joined && join_deny(want)) {
		if (home(want)) {
			want->next = home(want)->wants;
			home(want)->wants = want;
		}
		return 0;
	}
	want_leave(want);
	want_reject(want, "all hook points are taken");
	return -ENOSPC;
}

static void drop(struct point *point)
{
	if (point && !--point->users)
		forget(point);
}

void want_leave(struct want *want)
{
	struct point *at_home = home(want);

	if (at_home) {
		struct want **at = &at_home->wants;

		while (*at && *at != want)
			at = &(*at)->next;
		if (*at)
			*at = want->next;
	}
	want->next = NULL;
	drop(want->point);
	want->point = NULL;
	for (int i = 0; i < POINT_DENY_HOOKS; i++) {
		drop(want->deny[i]);
		want->deny[i] = NULL;
	}
}

void point_detach(struct point *point)
{
	unlink_point(point);
	program_close(&point->program);
	program_close(&point->leave_program);
}

void points_each(void (*fn)(struct point *point, void *arg), void *arg)
{
	for (struct point *point = first, *next; point; point = next) {
		next = point->next;
		fn(point, arg);
	}
}

static void name_point(const struct point *point, char *name, size_t size)
{
	snprintf(name, size, "%s:%s", point_backend_names[point_entered_by(point)],
		 point->place.name);
}

void points_programs(void (*fn)(const char *name, int fd, void *arg), void *arg)
{
	char name[160];

	programs_each(fn, arg);
	multi_each_program(fn, arg);
	for (struct point *point = first; point; point = point->next)
		if (point->program >= 0) {
			name_point(point, name, sizeof(name));
			fn(name, point->program, arg);
			if (point->leave_program >= 0)
				fn(name, point->leave_program, arg);
		}
}

void points_links(void (*fn)(const char *name, int fd, void *arg), void *arg)
{
	char name[160];

	links_each_shared(fn, arg);
	late_each_link(fn, arg);
	multi_each_link(fn, arg);
	for (struct point *point = first; point; point = point->next)
		for (int i = 0; i < 2; i++)
			if (point->link[i] >= 0) {
				name_point(point, name, sizeof(name));
				fn(name, point->link[i], arg);
			}
}

void points_close(void)
{
	while (first)
		forget(first);
	late_close();
	usdt_close();
	multi_close();
	programs_close();
	object_close();
}
