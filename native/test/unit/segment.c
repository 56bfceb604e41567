// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "segment.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char dir[] = "/tmp/tx-segment-XXXXXX";

static long size_of(int number)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/events-%d.jsonl", dir, number);
	return stat(path, &st) ? -1 : st.st_size;
}

/* Buffers a line of len bytes, its end included. */
static void put(struct segments *s, size_t len)
{
	memset(s->buffer.buf + s->buffer.len, 'x', len - 1);
	s->buffer.buf[s->buffer.len + len - 1] = '\n';
	s->buffer.len += len;
}

static void rotation(void)
{
	struct segments s, other;

	CHECK(!segments_open(&s, dir, 0));
	CHECK(segments_open(&other, dir, 0) == -EWOULDBLOCK);
	segments_close(&other);
	put(&s, 100);
	segments_flush(&s, 1);
	CHECK(size_of(1) == 100 && s.buffer.len == 0);
	/* nothing new: no segment is closed before it has aged, and none is opened for nothing */
	segments_flush(&s, SEGMENT_AGE_NS + 2);
	CHECK(size_of(2) == -1);
	put(&s, 50);
	segments_flush(&s, SEGMENT_AGE_NS + 3);
	CHECK(size_of(1) == 100 && size_of(2) == 50);
	for (int i = 0; i < 5; i++) {
		put(&s, 2 << 20);
		segments_flush(&s, SEGMENT_AGE_NS + 4);
	}
	CHECK(size_of(2) <= (long)SEGMENT_BYTES && size_of(3) > 0);
	segments_close(&s);
}

static void next_run_and_cap(void)
{
	struct segments s;

	CHECK(!segments_open(&s, dir, 3 << 20));
	put(&s, 10);
	segments_flush(&s, 1);
	CHECK(size_of(4) == 10);
	segments_trim(&s);
	/* 1 had one line, 2 four and 3 two; the cap leaves only what is open */
	CHECK(size_of(1) == -1 && size_of(2) == -1 && size_of(4) == 10);
	CHECK(s.deleted_lines == 7);
	segments_close(&s);
}

/* A file size limit stands for a disk that fills inside a line. */
static void torn(void)
{
	struct rlimit small = { 1000, RLIM_INFINITY }, none = { RLIM_INFINITY, RLIM_INFINITY };
	struct segments s;

	signal(SIGXFSZ, SIG_IGN);
	CHECK(!segments_open(&s, dir, 0));
	fclose(stderr);
	setrlimit(RLIMIT_FSIZE, &small);
	put(&s, 800);
	put(&s, 800);
	segments_flush(&s, 1);
	segments_flush(&s, 2);
	CHECK(s.error && s.torn && s.buffer.len == 600 && size_of(5) == 1000);
	setrlimit(RLIMIT_FSIZE, &none);
	segments_flush(&s, 2 * SEGMENT_AGE_NS); /* aged, but the line must end in this file */
	CHECK(!s.error && !s.torn && size_of(5) == 1600 && size_of(6) == -1);
	segments_close(&s);
}

int main(void)
{
	char command[64];

	CHECK(mkdtemp(dir) != NULL);
	rotation();
	next_run_and_cap();
	torn();
	for (int i = 1; i <= 6; i++) {
		snprintf(command, sizeof(command), "%s/events-%d.jsonl", dir, i);
		unlink(command);
	}
	rmdir(dir);
	return unit_end("segment");
}
