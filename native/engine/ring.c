// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "events.h"

int ring_open(struct ring *ring, int map_fd, size_t size, size_t batch)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *at;

	*ring = (struct ring){ .map_fd = map_fd, .size = size };
	ring->after = calloc(batch, sizeof(*ring->after));
	if (!ring->after)
		return -ENOMEM;
	at = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	ring->consumer = at;
	at = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, map_fd, page);
	if (at == MAP_FAILED)
		return -errno;
	ring->producer = at;
	ring->data = (const char *)at + page;
	return 0;
}

void ring_close(struct ring *ring)
{
	size_t page = sysconf(_SC_PAGESIZE);

	if (ring->consumer)
		munmap(ring->consumer, page);
	if (ring->producer)
		munmap(ring->producer, page + 2 * ring->size);
	free(ring->after);
	*ring = (struct ring){ .map_fd = -1 };
}

void ring_snapshot(struct ring *ring)
{
	ring->end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
	if (ring->end - *ring->consumer > ring->peak)
		ring->peak = ring->end - *ring->consumer;
}

size_t ring_look(struct ring *ring, struct reorder_item *items, size_t max, uint32_t source,
		 int *drained)
{
	uint64_t pos = *ring->consumer, end = ring->end;
	size_t count = 0;

	ring->seen = 0;
	while (pos < end && count < max) {
		const char *at = ring->data + (pos & (ring->size - 1));
		uint32_t head = __atomic_load_n((const uint32_t *)at, __ATOMIC_ACQUIRE);
		uint32_t len = head & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		const struct tx_header *h = (const void *)(at + BPF_RINGBUF_HDR_SZ);

		if (head & BPF_RINGBUF_BUSY_BIT) /* still being written */
			break;
		pos += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7ULL;
		items[count] = (struct reorder_item){
			.ktime = h->ktime, .record = h, .len = len, .source = source
		};
		ring->after[count++] = pos;
	}
	ring->seen = count;
	*drained = pos >= end;
	return count;
}

void ring_free(struct ring *ring, size_t count)
{
	if (count && count <= ring->seen)
		__atomic_store_n(ring->consumer, ring->after[count - 1], __ATOMIC_RELEASE);
}

uint64_t ring_position(const struct ring *ring, size_t count)
{
	return count && count <= ring->seen ? ring->after[count - 1] : *ring->consumer;
}

void ring_resume(struct ring *ring, uint64_t position)
{
	if (position > *ring->consumer &&
	    position <= __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE))
		__atomic_store_n(ring->consumer, position, __ATOMIC_RELEASE);
}

uint64_t ring_unread(const struct ring *ring, uint64_t *oldest)
{
	uint64_t end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE), count = 0;

	for (uint64_t pos = *ring->consumer; pos < end; count++) {
		const char *at = ring->data + (pos & (ring->size - 1));
		uint32_t head = __atomic_load_n((const uint32_t *)at, __ATOMIC_ACQUIRE);
		uint32_t len = head & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		uint64_t ktime;

		/* The time comes first in every record, whichever build wrote it. */
		memcpy(&ktime, at + BPF_RINGBUF_HDR_SZ, sizeof(ktime));
		if (!count && (!*oldest || ktime < *oldest))
			*oldest = ktime;
		pos += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7ULL;
	}
	return count;
}

size_t ring_fill(const struct ring *ring)
{
	return __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) - *ring->consumer;
}
