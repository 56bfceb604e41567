// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "ops.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static char tiny[PATH_MAX];
static int listener = -1;
static struct sockaddr_in address;

void ops_stay(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &set);
	must(!sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
}

void ops_exec_ready(void)
{
	ssize_t len = readlink("/proc/self/exe", tiny, sizeof(tiny) - 8);
	char *slash;

	must(len > 0, "/proc/self/exe");
	tiny[len] = 0;
	slash = strrchr(tiny, '/');
	strcpy(slash + 1, "tiny");
	must(!access(tiny, X_OK), tiny);
}

static void become_tiny(void)
{
	char *const argv[] = { "tiny", NULL }, *const none[] = { NULL };

	execve(tiny, argv, none);
	_exit(99);
}

static void wait_for(pid_t child)
{
	int status;

	must(child > 0, "fork");
	must(waitpid(child, &status, 0) == child && !status, "exec of tiny");
}

void ops_exec(void)
{
	pid_t child = fork();

	if (!child)
		become_tiny();
	wait_for(child);
}

void ops_exec_quick(void)
{
	pid_t child = vfork();

	if (!child)
		become_tiny();
	wait_for(child);
}

void ops_open_ready(const char *path)
{
	must(!access(path, R_OK), path);
}

void ops_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	must(fd >= 0, path);
	close(fd);
}

void ops_connect_ready(void)
{
	socklen_t len = sizeof(address);

	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(listener >= 0 && !bind(listener, (struct sockaddr *)&address, len) &&
		     !listen(listener, 16) &&
		     !getsockname(listener, (struct sockaddr *)&address, &len),
	     "listener");
}

uint64_t ops_connect(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), other;
	uint64_t began, took;

	must(fd >= 0, "socket");
	began = clock_ns(CLOCK_MONOTONIC);
	must(!connect(fd, (struct sockaddr *)&address, sizeof(address)), "connect");
	close(fd);
	took = clock_ns(CLOCK_MONOTONIC) - began;
	other = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	must(other >= 0, "accept");
	close(other);
	return took;
}
