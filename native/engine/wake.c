// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "wake.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "log.h"

#define TURN_MS 10

enum wake { WAKE_SIGNAL, WAKE_LEASE, WAKE_RING };

static int epoll_fd = -1;

/* With the parent gone nobody drains the segments; a parent that died before we asked counts too.
 */
int wake_follow_parent(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM))
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
}

static int add_wake(int fd, enum wake wake)
{
	/*
	 * Rings by edge: a record younger than the horizon stays in its ring, and a level-triggered
	 * ring would wake us without pause until the host falls silent.
	 */
	struct epoll_event event = { .events = wake == WAKE_RING ? EPOLLIN | EPOLLET : EPOLLIN,
				     .data.u32 = wake };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int wake_add_ring(int fd)
{
	return add_wake(fd, WAKE_RING);
}

int wake_open(const struct options *o)
{
	sigset_t signals;
	int signal_fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is a write error like a full disk */
	signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (signal_fd < 0 || epoll_fd < 0)
		return -errno;
	if (o->lease_fd >= 0 && add_wake(o->lease_fd, WAKE_LEASE)) {
		log_failure("Pass the read end of a pipe.", "--lease-fd %d cannot be watched.",
			    o->lease_fd);
		return -EINVAL;
	}
	return add_wake(signal_fd, WAKE_SIGNAL);
}

bool wake_wait(bool at_once)
{
	struct epoll_event events[4];
	int n = epoll_wait(epoll_fd, events, 4, at_once ? 0 : TURN_MS);

	for (int i = 0; i < n; i++)
		if (events[i].data.u32 == WAKE_SIGNAL || events[i].data.u32 == WAKE_LEASE)
			return true;
	return false;
}
