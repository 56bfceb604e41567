/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A set of the index: keys, and for each the selectors that want it. Made in memory; index.c puts
 * it into the kernel's tables. Tries return only the longest prefix they know, so each entry also
 * carries the bits of all shorter ones in its set.
 */
#ifndef TELOVIX_INDEX_SET_H
#define TELOVIX_INDEX_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

#define INDEX_SET_MAX (1u << 19) /* entries before equal keys are merged */

struct index_entry {
	struct tx_mask mask;
	uint64_t value;  /* integers */
	uint32_t at;     /* of a text or address in bytes */
	uint16_t len;    /* of a text in bytes, of an address in bits */
	uint16_t family; /* of an address: AF_INET, AF_INET6 */
};

struct index_set {
	enum tx_slot_kind kind;
	uint32_t count, room;
	uint32_t len, size; /* of bytes: used, allocated */
	struct index_entry *entries;
	char *bytes;
	uint64_t hash; /* of the finished set */
	/* index.c's: */
	uint32_t number;  /* 0: not known there */
	uint32_t refs;    /* builds that use it */
	uint32_t written; /* entries in the table */
	struct index_set *next;
};

/* The key of any table. */
union index_key {
	struct tx_int_key number;
	struct tx_text_key text;
	struct tx_address_key address;
};

enum index_text {
	INDEX_EXACT,  /* the whole text: its end is part of the key */
	INDEX_PREFIX, /* from the start */
	INDEX_END,    /* from the end */
};

/* NULL when memory is out. */
struct index_set *index_set_new(enum tx_slot_kind kind);
void index_set_free(struct index_set *set);

/*
 * Each adds a key for the selector of that bit. 0, -ENOMEM, -E2BIG (too many), -ENAMETOOLONG (a
 * text that doesn't fit its key), -EINVAL (not an address).
 */
int index_set_number(struct index_set *set, uint64_t value, uint32_t bit);
int index_set_text(struct index_set *set, const char *text, size_t len, enum index_text how,
		   uint32_t bit);
int index_set_address(struct index_set *set, const char *bytes, size_t len, uint64_t prefix,
		      uint32_t bit);

/* Sorts, merges equal keys, gives entries the bits of their prefixes. Nothing is added after it. */
void index_set_finish(struct index_set *set);

bool index_set_equal(const struct index_set *a, const struct index_set *b);

/* What the kernel would find in a finished set: the value of the longest prefix; NULL: nothing. */
const struct tx_mask *index_set_find_text(const struct index_set *set, const char *key, size_t len);
const struct tx_mask *index_set_find_number(const struct index_set *set, uint64_t value);

/* Key of entry i, in the set's number. */
void index_set_key(const struct index_set *set, uint32_t i, union index_key *key);

static inline void index_mask_set(struct tx_mask *mask, uint32_t bit)
{
	mask->word[bit / 64 % TX_MASK_WORDS] |= 1ULL << bit % 64;
}

#endif
