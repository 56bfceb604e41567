/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The output: lines gathered in one bounded buffer, handed to the kernel in one write per turn,
 * into numbered segment files. A full disk stops nothing: the buffer keeps what it can, the rest is
 * counted by the caller.
 */
#ifndef TELOVIX_SEGMENT_H
#define TELOVIX_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"

#define SEGMENT_BYTES (8u << 20)
#define SEGMENT_AGE_NS (60 * 1000000000ULL)
#define LINE_MAX_BYTES (64u << 10)
#define OUTPUT_BUFFER (2u << 20)

struct segments {
	int dir_fd;
	int fd; /* -1: none open */
	uint64_t number;
	uint64_t written; /* bytes in the open segment */
	uint64_t opened_at;
	uint64_t max_bytes;
	uint64_t total_bytes; /* of all segments, at the last look */
	uint64_t deleted_lines;
	bool torn; /* the last write ended inside a line */
	int error; /* errno of the last failed write, 0 when the disk takes data */
	struct json buffer;
	char *storage;
};

/* Number of the newest segment in the directory, 0 when there is none. */
uint64_t segments_highest(int dir_fd);

int segments_open(struct segments *s, const char *dir, uint64_t max_bytes);
void segments_close(struct segments *s);

/* Room for one more line of any length. */
bool segments_room(const struct segments *s);

/* Where the next line will go; offset 0 of a segment that is not there yet when none is open. */
void segments_place(const struct segments *s, uint64_t *segment, uint64_t *offset);

/* Lines that are in memory only. */
uint64_t segments_unwritten(const struct segments *s);

/* Writes out what is buffered; rotates by size and age. now: boot time. */
void segments_flush(struct segments *s, uint64_t now);

/* Deletes the oldest segments above max_bytes; adds their lines to deleted_lines. */
void segments_trim(struct segments *s);

#endif
