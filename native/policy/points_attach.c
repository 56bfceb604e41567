// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Putting points to work: together, or a few programs at a time. */
#include <errno.h>

#include "attach.h"

/* Who only lost a place where its calls would be denied lost what it is for. */
static void tell_wants(const struct point *failed)
{
	for (struct point *point = points_first(); point; point = point->next)
		for (struct want *want = point->wants; want; want = want->next)
			for (int i = 0; i < POINT_DENY_HOOKS; i++)
				if (want->point == failed || want->deny[i] == failed)
					want_reject(want, failed->error);
}

static bool is_pending(const struct point *point)
{
	return !point->attached && point->users && !point->error[0];
}

void points_attach_begin(void)
{
	for (struct point *point = points_first(); point; point = point->next)
		if (!point->attached)
			point->error[0] = 0;
	late_settle();
}

static void attach_served(struct point **list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!list[i]->attached && !list[i]->error[0] && programs_serve(list[i]))
			link_point(list[i]);
		if (list[i]->error[0])
			tell_wants(list[i]);
	}
}

int points_attach_step(uint32_t programs)
{
	struct point *list[2 * TX_HOOK_POINTS];
	size_t count = 0, left = 0;

	for (struct point *point = points_first(); point && count < 2 * TX_HOOK_POINTS;
	     point = point->next)
		if (is_pending(point))
			list[count++] = point;
	multi_attach(list, count);
	for (size_t i = 0; i < count; i++)
		if (!list[i]->attached && !programs_serve(list[i]))
			left++;
	if (left)
		programs_load(list, count, programs);
	attach_served(list, count);
	for (size_t i = 0; i < count; i++)
		if (is_pending(list[i]))
			return 1;
	return 0;
}

int points_attach(void)
{
	int failed = 0;

	points_attach_begin();
	while (points_attach_step(UINT32_MAX))
		;
	for (struct point *point = points_first(); point; point = point->next)
		failed += point->users && point->error[0];
	return failed;
}

int point_attach(struct point *point)
{
	if (point->attached)
		return 0;
	point->error[0] = 0;
	while (!point->attached && !point->error[0]) {
		while (!programs_serve(point))
			programs_load(&point, 1, UINT32_MAX);
		if (!point->error[0])
			link_point(point);
	}
	return point->attached ? 0 : -EINVAL;
}
