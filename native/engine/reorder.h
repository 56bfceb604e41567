/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Several nearly ordered sources become one ordered stream. Each source gives the records it can
 * see now; a record may go out when no source can still bring an older one.
 */
#ifndef TELOVIX_REORDER_H
#define TELOVIX_REORDER_H

#include <stddef.h>
#include <stdint.h>

struct reorder_item {
	uint64_t ktime;
	const void *record;
	uint32_t len;
	uint32_t source;
};

struct reorder_source {
	struct reorder_item *items;
	size_t count;
	int drained;     /* everything written before the snapshot is in items */
	size_t released; /* result: how many, from the first, may go out */
};

/*
 * Decides how many items of each source may go out and writes them to out (room for all of them) in
 * ktime order; returns their number. An item goes out only with all items before it in its own
 * source, so that a source can be consumed up to a position. horizon: boot time before which every
 * record is certain to have reached its source.
 */
size_t reorder_merge(struct reorder_source *sources, size_t count, uint64_t horizon,
		     struct reorder_item *out);

#endif
