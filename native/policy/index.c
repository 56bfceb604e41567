// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BUCKETS 256

const char *const index_table_names[INDEX_KINDS] = { "", "numbers", "texts", "addresses" };

static struct index_tables tables;
static struct index_set *buckets[BUCKETS], *dropped;
static uint32_t used[INDEX_KINDS], first_number, last_number;

void index_open(const struct index_tables *with)
{
	tables = *with;
	/* Tables may hold what a predecessor left: its numbers are not to come up again. */
	if (getrandom(&last_number, sizeof(last_number), GRND_NONBLOCK) != sizeof(last_number))
		last_number = 0;
	first_number = last_number;
}

bool index_has(uint32_t number)
{
	return number && number - first_number - 1 < last_number - first_number;
}

static void free_list(struct index_set *set)
{
	while (set) {
		struct index_set *next = set->next;

		index_set_free(set);
		set = next;
	}
}

void index_close(void)
{
	for (int i = 0; i < BUCKETS; i++) {
		free_list(buckets[i]);
		buckets[i] = NULL;
	}
	free_list(dropped);
	dropped = NULL;
	memset(used, 0, sizeof(used));
}

static struct index_set **bucket_of(const struct index_set *set)
{
	return &buckets[(set->hash ^ set->hash >> 32) % BUCKETS];
}

struct index_set *index_take(struct index_set *set)
{
	struct index_set **bucket = bucket_of(set);

	for (struct index_set *have = *bucket; have; have = have->next)
		if (index_set_equal(have, set)) {
			index_set_free(set);
			have->refs++;
			return have;
		}
	if (!++last_number)
		last_number = 1;
	set->number = last_number;
	set->refs = 1;
	set->written = 0;
	set->next = *bucket;
	*bucket = set;
	used[set->kind] += set->count;
	return set;
}

void index_drop(struct index_set *set)
{
	struct index_set **at = bucket_of(set);

	if (--set->refs)
		return;
	while (*at != set)
		at = &(*at)->next;
	*at = set->next;
	used[set->kind] -= set->count - set->written;
	if (!set->written) {
		index_set_free(set);
		return;
	}
	set->next = dropped;
	dropped = set;
}

/* Takes out the last entry written. One that is gone already is as good. */
static void remove_last(struct index_set *set)
{
	union index_key key;

	index_set_key(set, --set->written, &key);
	tables.remove(set->kind, &key);
}

int index_write(struct index_set *set, uint32_t *quota)
{
	while (set->written < set->count) {
		union index_key key;
		int err;

		if (!*quota)
			return 1;
		--*quota;
		index_set_key(set, set->written, &key);
		err = tables.insert(set->kind, &key, &set->entries[set->written].mask);
		if (err) {
			while (set->written)
				remove_last(set);
			return err;
		}
		set->written++;
	}
	return 0;
}

bool index_clean(uint32_t quota)
{
	while (dropped && quota) {
		struct index_set *set = dropped;

		if (set->written) {
			remove_last(set);
			used[set->kind]--;
			quota--;
			continue;
		}
		dropped = set->next;
		index_set_free(set);
	}
	return dropped;
}

uint32_t index_over(enum tx_slot_kind kind)
{
	return used[kind] > tables.max[kind] ? used[kind] - tables.max[kind] : 0;
}

uint32_t index_used(enum tx_slot_kind kind)
{
	return used[kind];
}
