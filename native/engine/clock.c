// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "clock.h"

#include <time.h>

static uint64_t wall_minus_boot;

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

uint64_t clock_boot_ns(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

void clock_sync(void)
{
	uint64_t before = read_clock(CLOCK_BOOTTIME);
	uint64_t wall = read_clock(CLOCK_REALTIME);
	uint64_t after = read_clock(CLOCK_BOOTTIME);
	uint64_t now = wall - (before + (after - before) / 2);
	int64_t change = now - wall_minus_boot;

	/* Smaller differences are noise of this measurement: keeping the value keeps times stable.
	 */
	if (change > 100000 || change < -100000)
		wall_minus_boot = now;
}

uint64_t clock_wall_ns(uint64_t boot_ns)
{
	return boot_ns + wall_minus_boot;
}
