// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "reorder.h"

/* Sources are nearly ordered, so moving each item back to its place is close to linear. */
static void insertion_sort(struct reorder_item *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct reorder_item item = items[i];
		size_t at = i;

		while (at && items[at - 1].ktime > item.ktime) {
			items[at] = items[at - 1];
			at--;
		}
		items[at] = item;
	}
}

size_t reorder_merge(struct reorder_source *sources, size_t count, uint64_t horizon,
		     struct reorder_item *out)
{
	size_t total = 0;

	/* A source with more behind what we see may hold anything newer than its last item. */
	for (size_t i = 0; i < count; i++) {
		const struct reorder_source *s = &sources[i];

		if (!s->drained && s->count && s->items[s->count - 1].ktime < horizon)
			horizon = s->items[s->count - 1].ktime;
		else if (!s->drained && !s->count)
			horizon = 0;
	}
	for (size_t i = 0; i < count; i++) {
		struct reorder_source *s = &sources[i];
		size_t n = 0;

		while (n < s->count && s->items[n].ktime <= horizon)
			n++;
		s->released = n;
	}
	/* Merge the released prefixes, then straighten the small disorder inside each source. */
	for (size_t i = 0; i < count; i++)
		sources[i].drained = 0; /* reused as the cursor */
	for (;;) {
		struct reorder_source *best = NULL;

		for (size_t i = 0; i < count; i++) {
			struct reorder_source *s = &sources[i];

			if ((size_t)s->drained < s->released &&
			    (!best ||
			     s->items[s->drained].ktime < best->items[best->drained].ktime))
				best = s;
		}
		if (!best)
			break;
		out[total++] = best->items[best->drained++];
	}
	insertion_sort(out, total);
	return total;
}
