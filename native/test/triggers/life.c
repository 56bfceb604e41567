// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* fork, exit codes, deaths by signal, threads that are no processes. */
#include <pthread.h>
#include <signal.h>

#include "trigger.h"

static void *thread_main(void *unused)
{
	return unused;
}

static pid_t child_doing(int how)
{
	pid_t child = fork();

	if (child)
		return child;
	if (how == 1)
		_exit(42);
	if (how == 2)
		for (;;)
			pause();
	if (how == 3) { /* the first thread leaves, another ends the process */
		pthread_t thread;

		pthread_create(&thread, NULL, thread_main, NULL);
		pthread_join(thread, NULL);
		_exit(5);
	}
	_exit(0);
}

int main(void)
{
	char *ppid = text_of("\"ppid\":%d", getpid());
	pid_t child;

	child = child_doing(1);
	wait_for(child);
	truth("fork is told, with its parent", 1, child, "{\"process_fork\"", ppid, NULL);
	truth("an exit code is told", 1, child, "{\"process_exit\"", "\"status\":42", NULL);

	child = child_doing(2);
	usleep(20000);
	kill(child, SIGKILL);
	wait_for(child);
	truth("a deadly signal is told", 1, child, "{\"process_exit\"", "\"signal\":\"SIGKILL\"",
	      NULL);
	truth("and who sent it", 1, getpid(), "\"sys_kill\"",
	      text_of("[{\"int_arg\":%d},{\"int_arg\":9}]", child), NULL);

	child = child_doing(3);
	wait_for(child);
	truth("threads make no fork lines", 1, child, "{\"process_fork\"", NULL);
	truth("threads make no exit lines", 1, child, "{\"process_exit\"", "\"status\":5", NULL);
	return 0;
}
