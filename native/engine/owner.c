// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "owner.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "procfs.h"

static const char *file;
static uint64_t grace, check_every, next_check, seen_at;
static pid_t pid;

void owner_watch(const char *pidfile, uint64_t grace_s, uint64_t now)
{
	file = pidfile;
	grace = grace_s * NS_PER_S;
	check_every = grace < 4 * OWNER_CHECK_NS ? grace / 4 + 1 : OWNER_CHECK_NS;
	seen_at = now;
	next_check = now;
}

/* Start time in clock ticks, as in /proc/PID/stat; 0 for a process that is gone or a zombie. */
static uint64_t start_of(uint32_t which)
{
	char text[1024];
	ssize_t n = procfs_read(which, "stat", text, sizeof(text) - 1);
	uint64_t start = 0;
	const char *at;
	char state = 0;

	if (n <= 0)
		return 0;
	text[n] = 0;
	at = strrchr(text, ')');
	if (!at || sscanf(at + 1,
			  " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
			  "%*d %" SCNu64,
			  &state, &start) != 2)
		return 0;
	return state == 'Z' || state == 'X' ? 0 : start;
}

static pid_t look(void)
{
	FILE *f = fopen(file, "re");
	uint64_t start = 0;
	uint32_t which = 0;
	int fields;

	if (!f)
		return 0;
	fields = fscanf(f, "%" SCNu32 " %" SCNu64, &which, &start);
	fclose(f);
	return fields == 2 && which && start && start_of(which) == start ? (pid_t)which : 0;
}

bool owner_gone(uint64_t now)
{
	if (!file || now < next_check)
		return false;
	next_check = now + check_every;
	pid = look();
	if (pid)
		seen_at = now;
	return now - seen_at >= grace;
}

pid_t owner_pid(void)
{
	return pid;
}
