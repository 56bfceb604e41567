// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_LIMIT_MS 5000

long act_result(long ret)
{
	return ret < 0 ? -errno : ret;
}

const char *act_in_dir(const struct act_call *c, const char *name)
{
	static char path[2][512];
	static int turn;

	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", c->dir, name);
	return path[turn];
}

long act_number(const struct act_call *c, int index, long fallback)
{
	char *end;
	long value;

	if (index >= c->argc)
		return fallback;
	errno = 0;
	value = strtol(c->argv[index], &end, 0);
	return *c->argv[index] && !*end && !errno && value >= 0 ? value : -1;
}

void act_tell(struct act_call *c, long value, const char *target)
{
	struct act_report report = { .value = value };

	if (target)
		snprintf(report.target, sizeof(report.target), "%s", target);
	if (write(c->report_fd, &report, sizeof(report)) != sizeof(report))
		_exit(1);
}

static void become_doer(const struct act *act, struct act_call *c, const sigset_t *mask)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	long value;

	if (null < 0 || setpgid(0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL) ||
	    sigprocmask(SIG_SETMASK, mask, NULL))
		_exit(1);
	for (int fd = 0; fd < 3; fd++)
		if (dup2(null, fd) < 0)
			_exit(1);
	value = act->run(c);
	if (value < 0 || !(act->flags & ACT_EXEC))
		act_tell(c, value, NULL);
	_exit(0);
}

/* An orderly end without a new report keeps the target of the last one. */
static void read_reports(int fd, struct act_outcome *o)
{
	struct act_report report;

	while (read(fd, &report, sizeof(report)) == sizeof(report)) {
		if (o->reported && !*report.target)
			memcpy(report.target, o->report.target, sizeof(report.target));
		o->report = report;
		o->reported = true;
	}
}

/* Waits for the doer, then ends whatever it may have left behind. */
static void await(struct act_outcome *o)
{
	struct pollfd p = { .events = POLLIN };

	p.fd = syscall(SYS_pidfd_open, o->pid, 0);
	o->timed_out = p.fd < 0 || poll(&p, 1, TIME_LIMIT_MS) != 1;
	if (o->timed_out)
		kill(o->pid, SIGKILL);
	if (p.fd >= 0)
		close(p.fd);
	/* While the doer is not waited for, no other group can have its number. */
	kill(-o->pid, SIGKILL);
	waitpid(o->pid, &o->status, 0);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static int run_child(const struct act *act, struct act_call *c, bool pid_namespace,
		     struct act_outcome *o)
{
	sigset_t all, mask;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	c->report_fd = fds[1];
	/* A signal to the runner waits until everything is cleared away. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &mask);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fflush(NULL);
	if (pid_namespace && unshare(CLONE_NEWPID))
		o->pid = -1;
	else
		o->pid = fork();
	if (!o->pid) {
		close(fds[0]);
		become_doer(act, c, &mask);
	}
	if (o->pid < 0) {
		int err = -errno;

		close(fds[0]);
		close(fds[1]);
		return err;
	}
	close(fds[1]);
	await(o);
	read_reports(fds[0], o);
	close(fds[0]);
	return 0;
}

int act_run(const struct act *act, int argc, char **argv, bool pid_namespace,
	    struct act_outcome *outcome)
{
	struct act_call c = { .argc = argc, .argv = argv };
	char dir[400];
	int err;

	if (act->flags & ACT_TEMP) {
		err = act_temp_dir(NULL, dir, sizeof(dir));
		if (err)
			return err;
		c.dir = dir;
	}
	err = run_child(act, &c, pid_namespace, outcome);
	if (c.dir)
		act_remove_dir(dir);
	return err;
}
