/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Reads the lines an engine writes to a directory, in order, as they come. */
#ifndef TELOVIX_BENCH_FOLLOW_H
#define TELOVIX_BENCH_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>

struct follow {
	const char *dir;
	int notify; /* inotify on dir */
	int fd;     /* of the segment being read, -1 when there is none yet */
	long segment;
	bool remove; /* delete segments that have been read, as a sensor does */
	char *buffer;
	size_t len;
};

void follow_open(struct follow *f, const char *dir, bool remove);
/* Skips what is there already, up to the end of the last whole line. */
void follow_skip(struct follow *f);
/* Waits for up to timeout_ms until something is written; false when nothing was. */
bool follow_wait(struct follow *f, int timeout_ms);
/* Hands all lines there are to take, each with its length and without its \n. */
void follow_read(struct follow *f, void (*take)(const char *line, size_t len));

#endif
