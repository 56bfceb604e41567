// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define NAME_BYTES 40

static bool parse_name(const char *name, uint64_t *number)
{
	int end = 0;

	return sscanf(name, "events-%" SCNu64 ".jsonl%n", number, &end) == 1 && end && !name[end];
}

static void make_name(char name[NAME_BYTES], uint64_t number)
{
	snprintf(name, NAME_BYTES, "events-%" PRIu64 ".jsonl", number);
}

struct survey {
	uint64_t lowest, highest, bytes, files;
};

static void survey_dir(int dir_fd, struct survey *v)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	*v = (struct survey){ .lowest = UINT64_MAX };
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		struct stat st;
		uint64_t number;

		if (!parse_name(entry->d_name, &number) ||
		    fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		v->files++;
		v->bytes += st.st_size;
		if (number < v->lowest)
			v->lowest = number;
		if (number > v->highest)
			v->highest = number;
	}
	closedir(dir);
}

uint64_t segments_highest(int dir_fd)
{
	struct survey v;

	survey_dir(dir_fd, &v);
	return v.highest;
}

int segments_open(struct segments *s, const char *dir, uint64_t max_bytes)
{
	struct survey v;

	*s = (struct segments){ .dir_fd = -1, .fd = -1, .max_bytes = max_bytes };
	s->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0 || faccessat(s->dir_fd, ".", W_OK | X_OK, AT_EACCESS))
		return -errno;
	/* One writer per directory; the lock ends with the process, however that ends. */
	if (flock(s->dir_fd, LOCK_EX | LOCK_NB))
		return -errno;
	s->storage = malloc(OUTPUT_BUFFER);
	if (!s->storage)
		return -ENOMEM;
	s->buffer = (struct json){ .buf = s->storage, .cap = OUTPUT_BUFFER };
	survey_dir(s->dir_fd, &v);
	s->number = v.highest;
	s->total_bytes = v.bytes;
	return 0;
}

static int open_next(struct segments *s, uint64_t now)
{
	char name[NAME_BYTES];

	/* Never into a file that is there already, whoever put it there. */
	do {
		make_name(name, ++s->number);
		s->fd = openat(s->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC,
			       0600);
	} while (s->fd < 0 && errno == EEXIST);
	if (s->fd < 0) {
		s->number--;
		return -errno;
	}
	s->written = 0;
	s->opened_at = now;
	return 0;
}

bool segments_room(const struct segments *s)
{
	return s->buffer.cap - s->buffer.len >= LINE_MAX_BYTES;
}

static void report_error(struct segments *s, int error)
{
	if (error && !s->error)
		log_failure("Events are kept in memory as far as they fit; free some space.",
			    "Cannot write events: %s.", strerror(error));
	else if (!error && s->error)
		log_line("Events are written again.");
	s->error = error;
}

static void close_segment(struct segments *s)
{
	close(s->fd);
	s->fd = -1;
}

void segments_flush(struct segments *s, uint64_t now)
{
	struct json *b = &s->buffer;
	ssize_t n;

	if (s->fd >= 0 && !s->torn && s->written &&
	    (s->written + b->len > SEGMENT_BYTES || now - s->opened_at > SEGMENT_AGE_NS))
		close_segment(s);
	if (!b->len)
		return;
	if (s->fd < 0) {
		int err = open_next(s, now);

		if (err) {
			report_error(s, -err);
			return;
		}
	}
	n = write(s->fd, b->buf, b->len);
	if (n < 0) {
		if (errno != EINTR)
			report_error(s, errno);
		return;
	}
	s->written += n;
	s->total_bytes += n;
	/* A short write may end inside a line: the rest goes to the same file, before any other. */
	s->torn = n && b->buf[n - 1] != '\n';
	b->len -= n;
	memmove(b->buf, b->buf + n, b->len);
	report_error(s, b->len ? ENOSPC : 0);
}

void segments_place(const struct segments *s, uint64_t *segment, uint64_t *offset)
{
	*segment = s->fd < 0 ? s->number + 1 : s->number;
	*offset = s->fd < 0 ? 0 : s->written;
}

uint64_t segments_unwritten(const struct segments *s)
{
	const char *end = s->buffer.buf + s->buffer.len;
	uint64_t lines = 0;

	for (const char *at = s->buffer.buf; (at = memchr(at, '\n', end - at)); at++)
		lines++;
	return lines;
}

static uint64_t count_lines(int dir_fd, const char *name)
{
	char chunk[16384];
	uint64_t lines = 0;
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return 0;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		for (const char *at = chunk; (at = memchr(at, '\n', chunk + n - at)); at++)
			lines++;
	close(fd);
	return lines;
}

void segments_trim(struct segments *s)
{
	struct survey v;

	/* The sensor deletes too, so the truth is in the directory, not in our sum. */
	survey_dir(s->dir_fd, &v);
	s->total_bytes = v.bytes;
	while (s->max_bytes && v.bytes > s->max_bytes && v.files > 1) {
		char name[NAME_BYTES];
		uint64_t lines;

		if (v.lowest == s->number && s->fd >= 0)
			return;
		make_name(name, v.lowest);
		lines = count_lines(s->dir_fd, name);
		if (unlinkat(s->dir_fd, name, 0))
			return;
		s->deleted_lines += lines;
		survey_dir(s->dir_fd, &v);
		s->total_bytes = v.bytes;
	}
}

void segments_close(struct segments *s)
{
	if (s->fd >= 0)
		close(s->fd);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	free(s->storage);
}
