// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "index_set.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "hash.h"

/* Longest chain of prefixes of one another: every length of a text, the empty one included. */
#define CHAIN_MAX (TX_TEXT_KEY + 1)

struct index_set *index_set_new(enum tx_slot_kind kind)
{
	struct index_set *set = calloc(1, sizeof(*set));

	if (set)
		set->kind = kind;
	return set;
}

void index_set_free(struct index_set *set)
{
	if (!set)
		return;
	free(set->entries);
	free(set->bytes);
	free(set);
}

static struct index_entry *add_entry(struct index_set *set, uint32_t bit, int *err)
{
	struct index_entry *e;

	if (set->count >= INDEX_SET_MAX) {
		*err = -E2BIG;
		return NULL;
	}
	if (set->count == set->room) {
		uint32_t room = set->room ? 2 * set->room : 8;

		e = realloc(set->entries, room * sizeof(*e));
		if (!e) {
			*err = -ENOMEM;
			return NULL;
		}
		set->entries = e;
		set->room = room;
	}
	e = &set->entries[set->count++];
	memset(e, 0, sizeof(*e));
	index_mask_set(&e->mask, bit);
	return e;
}

/* Room for len bytes; where they go, or NULL. */
static char *add_bytes(struct index_set *set, size_t len)
{
	if (!set->bytes || set->len + len > set->size) {
		uint32_t size = set->size ? 2 * set->size : 256;
		char *bytes;

		while (size < set->len + len)
			size *= 2;
		bytes = realloc(set->bytes, size);
		if (!bytes)
			return NULL;
		set->bytes = bytes;
		set->size = size;
	}
	set->len += len;
	return set->bytes + set->len - len;
}

static int add_keyed(struct index_set *set, const char *text, size_t len, size_t key_len,
		     uint16_t width, uint16_t family, bool turned, uint32_t bit)
{
	int err = -ENOMEM;
	char *to = add_bytes(set, key_len);
	struct index_entry *e = to ? add_entry(set, bit, &err) : NULL;

	if (!e)
		return err;
	for (size_t i = 0; i < len; i++)
		to[i] = turned ? text[len - 1 - i] : text[i];
	memset(to + len, 0, key_len - len);
	e->at = to - set->bytes;
	e->len = width;
	e->family = family;
	return 0;
}

int index_set_number(struct index_set *set, uint64_t value, uint32_t bit)
{
	int err = 0;
	struct index_entry *e = add_entry(set, bit, &err);

	if (e)
		e->value = value;
	return err;
}

int index_set_text(struct index_set *set, const char *text, size_t len, enum index_text how,
		   uint32_t bit)
{
	size_t key_len = len + (how == INDEX_EXACT),
	       max = how == INDEX_END ? TX_END_KEY : TX_TEXT_KEY;

	if (key_len > max)
		return -ENAMETOOLONG;
	return add_keyed(set, text, len, key_len, key_len, 0, how == INDEX_END, bit);
}

int index_set_address(struct index_set *set, const char *bytes, size_t len, uint64_t prefix,
		      uint32_t bit)
{
	char masked[16] = { 0 };

	if ((len != 4 && len != 16) || prefix > 8 * len)
		return -EINVAL;
	memcpy(masked, bytes, len);
	for (size_t i = 0; i < len; i++) {
		size_t bits = prefix > 8 * i ? prefix - 8 * i : 0;

		if (bits < 8)
			masked[i] &= 0xff00 >> bits;
	}
	return add_keyed(set, masked, len, 16, prefix, len == 4 ? AF_INET : AF_INET6, false, bit);
}

static int compare_bytes(const struct index_set *set, const struct index_entry *a,
			 const struct index_entry *b)
{
	size_t len_a = set->kind == TX_SLOT_TEXT ? a->len : 16;
	size_t len_b = set->kind == TX_SLOT_TEXT ? b->len : 16;
	int order = memcmp(set->bytes + a->at, set->bytes + b->at, len_a < len_b ? len_a : len_b);

	/* A prefix goes before what it is a prefix of. */
	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static int compare(const void *x, const void *y, void *context)
{
	const struct index_set *set = context;
	const struct index_entry *a = x, *b = y;

	if (set->kind == TX_SLOT_INT)
		return (a->value > b->value) - (a->value < b->value);
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return compare_bytes(set, a, b);
}

static void add_mask(struct tx_mask *to, const struct tx_mask *from)
{
	for (int i = 0; i < TX_MASK_WORDS; i++)
		to->word[i] |= from->word[i];
}

static bool same_bits(const char *a, const char *b, uint32_t bits)
{
	uint32_t rest = bits % 8;

	if (memcmp(a, b, bits / 8))
		return false;
	return !rest || !((a[bits / 8] ^ b[bits / 8]) & (0xff00 >> rest) & 0xff);
}

/* Is a a prefix of b? */
static bool is_prefix(const struct index_set *set, const struct index_entry *a,
		      const struct index_entry *b)
{
	const char *x = set->bytes + a->at, *y = set->bytes + b->at;

	if (a->family != b->family || a->len > b->len)
		return false;
	return set->kind == TX_SLOT_TEXT ? !memcmp(x, y, a->len) : same_bits(x, y, a->len);
}

/* In sorted order all that lies between a prefix and its extension extends the prefix, too. */
static void inherit(struct index_set *set)
{
	const struct index_entry *chain[CHAIN_MAX];
	uint32_t depth = 0;

	for (uint32_t i = 0; i < set->count; i++) {
		struct index_entry *e = &set->entries[i];

		while (depth && !is_prefix(set, chain[depth - 1], e))
			depth--;
		if (depth)
			add_mask(&e->mask, &chain[depth - 1]->mask);
		chain[depth++] = e;
	}
}

static size_t key_bytes(const struct index_set *set, const struct index_entry *e)
{
	return set->kind == TX_SLOT_TEXT ? e->len : set->kind == TX_SLOT_ADDRESS ? 16 : 0;
}

static uint64_t hash_of(const struct index_set *set)
{
	uint64_t hash = hash_bytes(HASH_SEED, &set->kind, sizeof(set->kind));

	for (uint32_t i = 0; i < set->count; i++) {
		const struct index_entry *e = &set->entries[i];

		hash = hash_bytes(hash, &e->mask, sizeof(e->mask));
		hash = hash_bytes(hash, &e->value, sizeof(e->value));
		hash = hash_bytes(hash, &e->len, sizeof(e->len));
		hash = hash_bytes(hash, &e->family, sizeof(e->family));
		if (set->bytes)
			hash = hash_bytes(hash, set->bytes + e->at, key_bytes(set, e));
	}
	return hash;
}

/* What was kept for growth goes back: sets live long. */
static void trim(struct index_set *set)
{
	void *entries =
		set->count ? realloc(set->entries, set->count * sizeof(*set->entries)) : NULL;
	void *bytes = set->len ? realloc(set->bytes, set->len) : NULL;

	if (entries) {
		set->entries = entries;
		set->room = set->count;
	}
	if (bytes) {
		set->bytes = bytes;
		set->size = set->len;
	}
}

void index_set_finish(struct index_set *set)
{
	uint32_t out = 0;

	if (set->count > 1)
		qsort_r(set->entries, set->count, sizeof(*set->entries), compare, set);
	for (uint32_t i = 0; i < set->count; i++) {
		struct index_entry *e = &set->entries[i];

		if (out && !compare(&set->entries[out - 1], e, set))
			add_mask(&set->entries[out - 1].mask, &e->mask);
		else
			set->entries[out++] = *e;
	}
	set->count = out;
	if (set->kind != TX_SLOT_INT)
		inherit(set);
	trim(set);
	set->hash = hash_of(set);
}

bool index_set_equal(const struct index_set *a, const struct index_set *b)
{
	if (a->kind != b->kind || a->hash != b->hash || a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		const struct index_entry *x = &a->entries[i], *y = &b->entries[i];

		if (memcmp(&x->mask, &y->mask, sizeof(x->mask)) || x->value != y->value ||
		    x->len != y->len || x->family != y->family ||
		    (a->bytes && memcmp(a->bytes + x->at, b->bytes + y->at, key_bytes(a, x))))
			return false;
	}
	return true;
}

void index_set_key(const struct index_set *set, uint32_t i, union index_key *key)
{
	const struct index_entry *e = &set->entries[i];

	memset(key, 0, sizeof(*key));
	switch (set->kind) {
	case TX_SLOT_INT:
		key->number.set = set->number;
		key->number.value = e->value;
		return;
	case TX_SLOT_TEXT:
		key->text.prefixlen = 32 + 8 * e->len;
		key->text.set = htonl(set->number);
		memcpy(key->text.text, set->bytes + e->at, e->len);
		return;
	case TX_SLOT_ADDRESS:
		key->address.prefixlen = 64 + e->len;
		key->address.set = htonl(set->number);
		key->address.family = htonl(e->family);
		memcpy(key->address.address, set->bytes + e->at, 16);
		return;
	}
}
