// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "follow.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "bench.h"

/* Above the 64 KiB a line may have, so that a full buffer always holds a whole line. */
#define BUFFER_BYTES (1 << 20)

void follow_open(struct follow *f, const char *dir, bool remove)
{
	*f = (struct follow){ .dir = dir, .fd = -1, .remove = remove };
	f->buffer = malloc(BUFFER_BYTES);
	f->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	must(f->buffer && f->notify >= 0, "inotify");
	must(inotify_add_watch(f->notify, dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO) >= 0, dir);
}

static void path_of(const struct follow *f, long segment, char *path)
{
	snprintf(path, PATH_MAX, "%s/events-%ld.jsonl", f->dir, segment);
}

/* The lowest segment above the one at hand; 0 when there is none. */
static long next_segment(const struct follow *f)
{
	DIR *dir = opendir(f->dir);
	struct dirent *entry;
	long next = 0, n;

	must(dir, f->dir);
	while ((entry = readdir(dir)))
		if (sscanf(entry->d_name, "events-%ld.jsonl", &n) == 1 && n > f->segment &&
		    (!next || n < next))
			next = n;
	closedir(dir);
	return next;
}

static void go_on_with(struct follow *f, long segment)
{
	char path[PATH_MAX];

	if (f->fd >= 0) {
		close(f->fd);
		path_of(f, f->segment, path);
		if (f->remove)
			unlink(path);
	}
	path_of(f, segment, path);
	f->fd = open(path, O_RDONLY | O_CLOEXEC);
	must(f->fd >= 0, path);
	f->segment = segment;
	/* Lines do not go on in another segment; the rest is the torn end of a killed engine. */
	f->len = 0;
}

static void take_lines(struct follow *f, void (*take)(const char *line, size_t len))
{
	char *at = f->buffer, *end = f->buffer + f->len, *newline;

	while ((newline = memchr(at, '\n', end - at))) {
		*newline = 0;
		take(at, newline - at);
		at = newline + 1;
	}
	f->len = end - at;
	memmove(f->buffer, at, f->len);
}

/* Reads to the end of the segment at hand. */
static void read_segment(struct follow *f, void (*take)(const char *line, size_t len))
{
	ssize_t got;

	while (f->fd >= 0 && (got = read(f->fd, f->buffer + f->len, BUFFER_BYTES - f->len)) > 0) {
		f->len += got;
		take_lines(f, take);
	}
}

void follow_read(struct follow *f, void (*take)(const char *line, size_t len))
{
	long next;

	for (;;) {
		next = next_segment(f);
		/* After the look for a next one: what is in this one by now is all of it. */
		read_segment(f, take);
		if (!next)
			return;
		go_on_with(f, next);
	}
}

static void drop(const char *line, size_t len)
{
	(void)line;
	(void)len;
}

void follow_skip(struct follow *f)
{
	follow_read(f, drop);
}

bool follow_wait(struct follow *f, int timeout_ms)
{
	struct pollfd p = { .fd = f->notify, .events = POLLIN };
	char events[4096];
	bool any = false;

	poll(&p, 1, timeout_ms);
	while (read(f->notify, events, sizeof(events)) > 0)
		any = true;
	return any;
}
