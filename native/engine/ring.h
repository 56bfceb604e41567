/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Consumer of the kernel's ring buffers. Ours, not libbpf's: libbpf 1.1 does not return while the
 * producer keeps up, and gives records one at a time, while we want to see a stretch of both rings,
 * order it, and only then free the room.
 */
#ifndef TELOVIX_RING_H
#define TELOVIX_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reorder.h"

struct ring {
	int map_fd;
	size_t size; /* bytes of data, a power of two */
	uint64_t *consumer;
	uint64_t *producer;
	const char *data; /* mapped twice in a row: a record never wraps */
	uint64_t end;     /* producer position of the snapshot */
	/* Position behind each record of the last ring_look, for ring_free. */
	uint64_t *after;
	size_t seen;
	size_t peak; /* highest fill seen */
};

int ring_open(struct ring *ring, int map_fd, size_t size, size_t batch);
void ring_close(struct ring *ring);

void ring_snapshot(struct ring *ring);

/* Fills items with up to max records of the snapshot; drained is set when that was all of it. */
size_t ring_look(struct ring *ring, struct reorder_item *items, size_t max, uint32_t source,
		 int *drained);

/* Gives the room of the first count records back to the kernel. */
void ring_free(struct ring *ring, size_t count);

/* Position behind the first count records of the last look; for count 0 where the next one is. */
uint64_t ring_position(const struct ring *ring, size_t count);

/* Goes on where a predecessor had got to, if it died before it could give the room back. */
void ring_resume(struct ring *ring, uint64_t position);

/* Records nobody has read; oldest becomes the time of the first of them if that is less, or was 0.
 */
uint64_t ring_unread(const struct ring *ring, uint64_t *oldest);

size_t ring_fill(const struct ring *ring);

#endif
