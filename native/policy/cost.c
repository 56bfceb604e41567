// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "cost.h"

#include <string.h>

/* Fewer runs measured in a second say nothing: one may have been interrupted. */
#define LEAST 8

uint64_t cost_add(struct point_cost *cost, const struct tx_point_cost *total)
{
	const struct tx_point_cost *last = &cost->total;
	uint64_t sum = 0, spent = 0, measured;

	/* An id may have been another point's before: its figures begin somewhere. */
	if (cost->seen && total->runs >= last->runs && total->ns >= last->ns) {
		measured = total->measured - last->measured;
		if (measured >= LEAST)
			spent = (total->ns - last->ns) / measured * (total->runs - last->runs);
	}
	cost->seen = true;
	cost->total = *total;
	cost->ns[cost->seconds++ % POINT_SECONDS] = spent;
	if (cost->seconds < POINT_SECONDS)
		return 0;
	for (int i = 0; i < POINT_SECONDS; i++)
		sum += cost->ns[i];
	return sum / POINT_SECONDS;
}

uint64_t cost_rate(const struct point_cost *cost)
{
	uint32_t seconds = cost->seconds < POINT_SECONDS ? cost->seconds : POINT_SECONDS;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < seconds; i++)
		sum += cost->ns[i];
	return seconds ? sum / seconds : 0;
}

void cost_restart(struct point_cost *cost)
{
	memset(cost->ns, 0, sizeof(cost->ns));
	cost->seconds = 0;
}
