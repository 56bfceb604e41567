/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What lies at an address of a process: its executable mappings, from /proc/PID/maps, kept for a
 * few processes while their stack traces come.
 */
#ifndef TELOVIX_EVENT_MAPS_H
#define TELOVIX_EVENT_MAPS_H

#include <stdbool.h>
#include <stdint.h>

#define MAPS_PATH 256

struct maps_place {
	const char *path; /* of the mapping; good until the next call */
	uint64_t offset;  /* in the file */
	/* Of the mapping, to open what is mapped and nothing else. */
	uint64_t start, end;
	bool on_disk; /* the file system has a block device */
};

/*
 * False when the process is gone, is not the one that began at start (start_boottime), or has no
 * file at this address. exec names its image: another one has other mappings. now: boot time.
 */
bool maps_find(uint32_t pid, uint64_t start, uint64_t exec, uint64_t now, uint64_t address,
	       struct maps_place *place);

void maps_free(void);

/* Whether the process behind an open /proc/PID is the one that began then (start_boottime). */
bool maps_began_at(int dir, uint64_t start);

/* So many looks at files a second: whoever makes up call chains does not make us read all day. */
struct maps_rate {
	uint64_t second;
	unsigned used;
};

static inline bool maps_may(struct maps_rate *rate, unsigned most, uint64_t now)
{
	if (now / 1000000000 != rate->second) {
		rate->second = now / 1000000000;
		rate->used = 0;
	}
	return rate->used < most && ++rate->used;
}

#endif
