// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Lookups in a finished set, as the kernel does them in its tables. */
#include <string.h>

#include "index_set.h"

/* How many entries are not behind the key in their order. */
static uint32_t not_behind(const struct index_set *set, const char *key, size_t len)
{
	uint32_t low = 0, high = set->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct index_entry *e = &set->entries[middle];
		int order = memcmp(set->bytes + e->at, key, e->len < len ? e->len : len);

		if (order > 0 || (!order && e->len > len))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

const struct tx_mask *index_set_find_text(const struct index_set *set, const char *key, size_t len)
{
	uint32_t at;

	/* An entry that is no prefix shares some bytes with the key: only those can be one. */
	while ((at = not_behind(set, key, len))) {
		const struct index_entry *e = &set->entries[at - 1];
		const char *have = set->bytes + e->at;
		size_t same = 0;

		while (same < e->len && same < len && have[same] == key[same])
			same++;
		if (same == e->len)
			return &e->mask;
		len = same;
	}
	return NULL;
}

const struct tx_mask *index_set_find_number(const struct index_set *set, uint64_t value)
{
	uint32_t low = 0, high = set->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (set->entries[middle].value == value)
			return &set->entries[middle].mask;
		if (set->entries[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
