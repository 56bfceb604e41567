// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The directories, and which of their files have changed. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "policies_part.h"

int watch_open(const struct policies_options *o)
{
	policies.dir = o->dir;
	policies.dir_fd = open(o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	policies.out_fd = open(o->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	policies.watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (policies.dir_fd < 0 || policies.out_fd < 0 || policies.watch_fd < 0)
		return -errno;
	/* Whole files only: what is being written is not looked at before it is closed or moved in.
	 */
	return inotify_add_watch(policies.watch_fd, o->dir,
				 IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE) < 0
		       ? -errno
		       : 0;
}

/* The lease is only looked at, once a second: its renewal is no change of anything else. */
static void note_event(const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW || !e->len)
		policies.plans_dirty = policies.control_dirty = true;
	else if (!strcmp(e->name, "control.json") || !strcmp(e->name, "workloads.json"))
		policies.control_dirty = true;
	else if (strcmp(e->name, "lease"))
		policies.plans_dirty = true;
}

void watch_read(void)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while ((n = read(policies.watch_fd, events, sizeof(events))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e = (void *)(events + at);

			note_event(e);
			at += sizeof(*e) + e->len;
		}
}
