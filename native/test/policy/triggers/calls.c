// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Plain system calls: numbers and texts that reach the kernel as they are given. */
#include <linux/capability.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "act.h"

static long run_lseek(char **a)
{
	return lseek(number(a[0]), number(a[1]), number(a[2]));
}

/* Harmless: the descriptor is none. */
static long run_symlinkat(char **a)
{
	return symlinkat(a[0], -1, "x");
}

static long run_dup(char **a)
{
	return dup(number(a[0]));
}

static long run_prctl(char **a)
{
	return prctl(number(a[0]), number(a[1]), 0, 0, 0);
}

/* Its own name; the action of `comm=`, which can be done several times. */
static long run_name(char **a)
{
	return prctl(PR_SET_NAME, a[0]);
}

static long run_setuid(char **a)
{
	return syscall(SYS_setuid, (int)number(a[0]));
}

static long run_ptrace(char **a)
{
	return ptrace(number(a[0]), (pid_t)number(a[1]), NULL, NULL);
}

static long run_mount(char **a)
{
	return mount(a[0], a[1], a[2], number(a[3]), NULL);
}

static long run_unshare(char **a)
{
	return syscall(SYS_unshare, number(a[0]));
}

/* A child in namespaces of its own, which ends at once. */
static long run_clone(char **a)
{
	struct clone_args args = { .flags = number(a[0]), .exit_signal = SIGCHLD };
	long child = syscall(SYS_clone3, &args, sizeof(args));

	if (!child)
		_exit(0);
	return child < 0 ? -1 : waitpid(child, NULL, 0) == child ? 0 : -1;
}

static long run_chroot(char **a)
{
	return chroot(a[0]);
}

static long run_nice(char **a)
{
	return setpriority(PRIO_PROCESS, 0, number(a[0]));
}

static long run_kill(char **a)
{
	return kill(getpid(), number(a[0]));
}

/* Waits to be ended; for signals that come late. */
static long run_wait(char **a)
{
	struct timespec t = { number(a[0]) / 1000, number(a[0]) % 1000 * 1000000 };

	return nanosleep(&t, NULL);
}

/* Survives a signal that would end it, and tells of it. */
static volatile sig_atomic_t caught;

static void on_signal(int signal)
{
	caught = signal;
}

static long run_catch(char **a)
{
	caught = 0;
	return signal(number(a[0]), on_signal) == SIG_ERR ? -1 : 0;
}

static long run_caught(char **a)
{
	(void)a;
	extra("\"caught\":%d", (int)caught);
	return 0;
}

/* capset effective+N or effective-N. */
static long run_capset(char **a)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	int capability = atoi(a[0] + 1);

	must(!syscall(SYS_capget, &header, data), "capget");
	if (a[0][0] == '+')
		data[capability >> 5].effective |= 1u << (capability & 31);
	else
		data[capability >> 5].effective &= ~(1u << (capability & 31));
	return syscall(SYS_capset, &header, data);
}

/* hold FIFO: until somebody opens its other end. */
static long run_hold(char **a)
{
	return close(open(a[0], O_RDONLY | O_CLOEXEC));
}

static long run_nothing(char **a)
{
	(void)a;
	return 0;
}

const struct action call_actions[] = {
	{ "lseek", 3, run_lseek },     { "symlinkat", 1, run_symlinkat },
	{ "dup", 1, run_dup },         { "prctl", 2, run_prctl },
	{ "setuid", 1, run_setuid },   { "ptrace", 2, run_ptrace },
	{ "mount", 4, run_mount },     { "unshare", 1, run_unshare },
	{ "clone", 1, run_clone },     { "chroot", 1, run_chroot },
	{ "nice", 1, run_nice },       { "kill", 1, run_kill },
	{ "wait", 1, run_wait },       { "catch", 1, run_catch },
	{ "caught", 0, run_caught },   { "capset", 1, run_capset },
	{ "nothing", 0, run_nothing }, { "hold", 1, run_hold },
	{ "name", 1, run_name },       { NULL, 0, NULL },
};
