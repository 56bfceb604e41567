// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * numbers MARK COUNT PER_SECOND: runs COUNT programs named "child" with the argument MARK-1, MARK-2
 * …; the programs end at once. Prints its own process id first.
 */
#include <time.h>

#include "trigger.h"

static char *const nothing[] = { NULL };

int main(int argc, char **argv)
{
	struct timespec next;
	long count, pause_ns;

	if (!strcmp(argv[0], "child"))
		return 0;
	must(argc == 4, "usage");
	count = atol(argv[2]);
	pause_ns = 1000000000L / atol(argv[3]);
	printf("%d\n", getpid());
	fflush(stdout);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (long i = 1; i <= count; i++) {
		char *const child_argv[] = { "child", text_of("%s-%ld", argv[1], i), NULL };
		pid_t child = fork();

		must(child >= 0, "fork");
		if (!child) {
			execve("/proc/self/exe", child_argv, nothing);
			_exit(98);
		}
		wait_for(child);
		free(child_argv[1]);
		next.tv_nsec += pause_ns;
		next.tv_sec += next.tv_nsec / 1000000000L;
		next.tv_nsec %= 1000000000L;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return 0;
}
