// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* storm N: N quick execs by one process. What is told and what is owned up to as lost makes N. */
#include "trigger.h"

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1000;
	char *const child_argv[] = { "child", NULL };
	char *const nothing[] = { NULL };

	if (!strcmp(argv[0], "child"))
		_exit(0);
	for (int i = 0; i < count; i++) {
		pid_t child = vfork();

		if (!child) {
			execve("/proc/self/exe", child_argv, nothing);
			_exit(98);
		}
		must(child > 0, "vfork");
		wait_for(child);
	}
	printf("{\"test\":\"%d execs are told or owned up to as lost\",\"count\":%d,\"lost\":1,"
	       "\"has\":[\"{\\\"process_exec\\\"\",\"\\\"ppid\\\":%d,\"]}\n",
	       count, count, getpid());
	return 0;
}
