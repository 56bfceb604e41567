// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The table of points: who shares one, which ids are given, what is left when wants leave. */
#include "attach.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "objects.h"
#include "unit.h"

static struct point_place place_of(enum point_backend backend, const char *name)
{
	struct point_place place = { .backend = backend };

	snprintf(place.name, sizeof(place.name), "%s", name);
	return place;
}

static int counted;

static void count(struct point *point, void *arg)
{
	(void)point;
	(void)arg;
	counted++;
}

static int points(void)
{
	counted = 0;
	points_each(count, NULL);
	return counted;
}

static void sharing(void)
{
	struct want a = { .placed = true, .place = place_of(POINT_KPROBE, "vfs_read") };
	struct want b = a, c = a, d = { .placed = false };

	c.place.row_flags = TX_HOOK_SYSCALL_REGS;
	CHECK(!want_join(&a) && !want_join(&b) && !want_join(&c) && !want_join(&d));
	CHECK(a.point && a.point == b.point && a.point->users == 2);
	CHECK(c.point && c.point != a.point && c.point->id != a.point->id);
	CHECK(!d.point);
	CHECK(a.point->wants == &b && b.next == &a && !a.next);
	CHECK(!a.point->attached && a.point->link[0] == -1 && a.point->program == -1);
	CHECK(points() == 2);
	want_leave(&b);
	CHECK(!b.point && a.point->wants == &a && a.point->users == 1);
	want_leave(&a);
	want_leave(&a); /* once more does no harm */
	CHECK(points() == 1);
	want_leave(&c);
	want_leave(&d);
	CHECK(points() == 0);
}

static void places(void)
{
	struct point_place one = place_of(POINT_UPROBE, "f"), two = one, three = one, four = one;
	struct want wants[4] = {
		{ .placed = true }, { .placed = true }, { .placed = true }, { .placed = true }
	};

	strcpy(two.path, "/bin/true");
	three.offset = 4096;
	four.compat = true;
	wants[0].place = one;
	wants[1].place = two;
	wants[2].place = three;
	wants[3].place = four;
	for (int i = 0; i < 4; i++)
		CHECK(!want_join(&wants[i]));
	CHECK(points() == 4);
	CHECK(point_get(&two) == wants[1].point);
	for (int i = 0; i < 4; i++)
		want_leave(&wants[i]);
}

/* So many do without their kprobes; who enforces at the same function has a point of his own. */
static void trampolines(void)
{
	struct want wants[POINT_TRAMPOLINES + 1] = { 0 };
	struct want enforces = { .placed = true, .place = place_of(POINT_KPROBE, "f0") };
	struct point *point;

	for (int i = 0; i <= POINT_TRAMPOLINES; i++) {
		char name[32];

		snprintf(name, sizeof(name), "f%d", i);
		wants[i].placed = true;
		wants[i].place = place_of(POINT_KPROBE, name);
		wants[i].place.trampoline = true;
		CHECK(!want_join(&wants[i]));
		CHECK(point_entered_by(wants[i].point) ==
		      (i < POINT_TRAMPOLINES ? POINT_FENTRY : POINT_KPROBE));
	}
	CHECK(!want_join(&enforces) && enforces.point != wants[0].point);
	point = enforces.point;
	CHECK(point_entered_by(point) == POINT_KPROBE && !attach_falls_back(point));
	CHECK(attach_generics(point).entry == GENERIC_KPROBE && attach_family(point) == FAMILIES);
	/* Where none can be had the kprobe comes back, and the next point may have one. */
	point = wants[0].point;
	CHECK(attach_generics(point).entry == GENERIC_NONE &&
	      attach_family(point) == FAMILY_FENTRY);
	CHECK(attach_falls_back(point) && !attach_falls_back(point));
	CHECK(attach_generics(point).entry == GENERIC_KPROBE && attach_family(point) == FAMILIES);
	want_leave(&wants[POINT_TRAMPOLINES]);
	CHECK(!want_join(&wants[POINT_TRAMPOLINES]));
	CHECK(point_entered_by(wants[POINT_TRAMPOLINES].point) == POINT_FENTRY);
	want_leave(&enforces);
	for (int i = 0; i <= POINT_TRAMPOLINES; i++)
		want_leave(&wants[i]);
	CHECK(points() == 0);
}

/* An id freed is not given to the next who asks: records of its old point may be on their way. */
static void ids(void)
{
	struct want a = { .placed = true, .place = place_of(POINT_KPROBE, "a") };
	struct want b = { .placed = true, .place = place_of(POINT_KPROBE, "b") };
	uint32_t id;

	CHECK(!want_join(&a));
	id = a.point->id;
	want_leave(&a);
	CHECK(!want_join(&b));
	CHECK(b.point->id != id && b.point->id > 0 && b.point->id < TX_HOOK_POINTS);
	want_leave(&b);
}

static void full(void)
{
	static struct want wants[TX_HOOK_POINTS];
	static bool given[TX_HOOK_POINTS];

	for (int i = 0; i < TX_HOOK_POINTS; i++) {
		char name[32];
		struct want *w = &wants[i];

		snprintf(name, sizeof(name), "function_%d", i);
		w->placed = true;
		w->place = place_of(POINT_KPROBE, name);
		if (i == TX_HOOK_POINTS - 1) {
			CHECK(want_join(w) < 0);
			CHECK(w->status == POINT_REJECTED && !w->point);
			CHECK_TEXT(w->reason, "all hook points are taken");
			break;
		}
		CHECK(!want_join(w) && w->point && !given[w->point->id]);
		given[w->point->id] = true;
	}
	CHECK(!given[0]);
	for (int i = 0; i < TX_HOOK_POINTS; i++)
		want_leave(&wants[i]);
	CHECK(points() == 0);
}

static void rejected(void)
{
	struct want w = { .placed = true,
			  .status = POINT_REJECTED,
			  .place = place_of(POINT_KPROBE, "x") };

	CHECK(!want_join(&w) && !w.point && points() == 0);
}

/* Without attach cookies; nothing is loaded for who comes too late. */
static void own_programs(void)
{
	static struct want wants[129];
	struct point *last;

	old_force();
	for (int i = 0; i < 129; i++) {
		wants[i].placed = true;
		wants[i].place = place_of(POINT_UPROBE, "f");
		wants[i].place.offset = 16 * i;
		CHECK(!want_join(&wants[i]) && own_wanted(wants[i].point));
		if (i < 128)
			wants[i].point->program = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	last = wants[128].point;
	CHECK(!programs_serve(last));
	programs_load(&last, 1, 1);
	CHECK(programs_serve(last) && last->program < 0);
	CHECK_TEXT(last->error, "this kernel takes a program for each: 128 have one");
	for (int i = 0; i < 129; i++)
		want_leave(&wants[i]);
	CHECK(points() == 0);
}

int main(void)
{
	sharing();
	places();
	trampolines();
	ids();
	full();
	rejected();
	own_programs(); /* last: from here on the kernel is an old one */
	for (int i = 0; i < POINT_BACKENDS; i++)
		CHECK(point_backend_names[i] != NULL);
	points_close();
	return unit_end("resolve_points");
}
