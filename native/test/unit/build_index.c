// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Sets against brute force: what a trie returns must be what all entries together say. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>

#include "build_world.h"
#include "index_set.h"

#define KEYS 60

struct key {
	char bytes[TX_TEXT_KEY];
	uint32_t bits; /* of them that count */
	uint16_t family;
	uint32_t bit;
};

static bool begins(const char *have, uint32_t have_bits, const char *with, uint32_t bits)
{
	uint32_t i = 0;

	while (i < bits && i < have_bits && !((have[i / 8] ^ with[i / 8]) & (0x80 >> i % 8)))
		i++;
	return i == bits;
}

/* What the kernel's trie does with the keys it is given: longest match, its value alone. */
static struct tx_mask trie(const struct index_set *set, const char *key, uint32_t bits,
			   uint16_t family)
{
	struct tx_mask best = { 0 };
	uint32_t longest = 0;

	for (uint32_t i = 0; i < set->count; i++) {
		union index_key k;
		uint32_t len;
		const char *bytes;

		index_set_key(set, i, &k);
		len = set->kind == TX_SLOT_TEXT ? k.text.prefixlen - 32 : k.address.prefixlen - 64;
		bytes = set->kind == TX_SLOT_TEXT ? k.text.text : (char *)k.address.address;
		if ((set->kind == TX_SLOT_ADDRESS && ntohl(k.address.family) != family) ||
		    !begins(key, bits, bytes, len) || len + 1 < longest)
			continue;
		longest = len + 1;
		best = set->entries[i].mask;
	}
	return best;
}

static void compare(const struct index_set *set, const struct key *keys, uint32_t count,
		    const char *have, uint32_t bits, uint16_t family)
{
	struct tx_mask got = trie(set, have, bits, family), want = { 0 };

	for (uint32_t i = 0; i < count; i++)
		if (keys[i].family == family && begins(have, bits, keys[i].bytes, keys[i].bits))
			index_mask_set(&want, keys[i].bit);
	CHECK(!memcmp(&got, &want, sizeof(got)));
	if (set->kind == TX_SLOT_TEXT) {
		const struct tx_mask *found = index_set_find_text(set, have, bits / 8);

		CHECK(found ? !memcmp(found, &want, sizeof(want))
			    : !(want.word[0] | want.word[1] | want.word[2] | want.word[3]));
	}
}

static void texts(void)
{
	struct index_set *set = index_set_new(TX_SLOT_TEXT);
	uint32_t count = below(KEYS);
	struct key keys[KEYS];

	memset(keys, 0, sizeof(keys));
	for (uint32_t i = 0; i < count; i++) {
		enum index_text how = below(3);
		char text[TX_TEXT_KEY];
		uint32_t len = some_text(text, how == INDEX_END ? TX_END_KEY : TX_TEXT_KEY - 1);

		keys[i].bit = below(TX_HOOK_SELECTORS);
		CHECK(!index_set_text(set, text, len, how, keys[i].bit));
		for (uint32_t k = 0; k < len; k++)
			keys[i].bytes[k] = how == INDEX_END ? text[len - 1 - k] : text[k];
		keys[i].bits = 8 * (len + (how == INDEX_EXACT));
	}
	index_set_finish(set);
	for (int i = 0; i < 40; i++) {
		char have[TX_TEXT_KEY] = { 0 };
		uint32_t n = one_in(2) && count ? below(count) : KEYS;
		uint32_t len = n < KEYS ? keys[n].bits / 8 : some_text(have, TX_TEXT_KEY);

		if (n < KEYS)
			memcpy(have, keys[n].bytes, sizeof(have));
		compare(set, keys, count, have, 8 * len, 0);
	}
	index_set_free(set);
}

static void addresses(void)
{
	struct index_set *set = index_set_new(TX_SLOT_ADDRESS);
	uint32_t count = below(KEYS);
	struct key keys[KEYS];

	memset(keys, 0, sizeof(keys));
	for (uint32_t i = 0; i < count; i++) {
		bool four = one_in(2);

		keys[i].family = four ? 2 : 10;
		keys[i].bit = below(TX_HOOK_SELECTORS);
		keys[i].bits = one_in(3) ? 8 : below(four ? 33 : 129);
		/* Host bits are left: they must not count. */
		some_address((uint8_t *)keys[i].bytes, keys[i].family);
		CHECK(!index_set_address(set, keys[i].bytes, four ? 4 : 16, keys[i].bits,
					 keys[i].bit));
	}
	index_set_finish(set);
	for (uint32_t i = 1; i < set->count; i++) {
		union index_key k;
		uint32_t bit;

		index_set_key(set, i, &k);
		for (bit = k.address.prefixlen - 64; bit < 128; bit++)
			CHECK(!(k.address.address[bit / 8] & (0x80 >> bit % 8)));
	}
	for (int i = 0; i < 40; i++) {
		uint16_t family = one_in(2) ? 2 : 10;
		uint8_t have[16];

		some_address(have, family);
		compare(set, keys, count, (char *)have, family == 2 ? 32 : 128, family);
	}
	index_set_free(set);
}

static void numbers(void)
{
	struct index_set *set = index_set_new(TX_SLOT_INT);
	struct tx_mask want[16] = { { { 0 } } };

	for (uint32_t i = below(100); i; i--) {
		uint64_t v = below(16);
		uint32_t bit = below(TX_HOOK_SELECTORS);

		CHECK(!index_set_number(set, v, bit));
		index_mask_set(&want[v], bit);
	}
	index_set_finish(set);
	for (uint32_t i = 0; i < set->count; i++) {
		union index_key k;

		CHECK(index_set_find_number(set, set->entries[i].value) == &set->entries[i].mask);
		set->number = 7;
		index_set_key(set, i, &k);
		CHECK(k.number.set == 7 && !k.number.pad && k.number.value < 16);
		CHECK(!memcmp(&set->entries[i].mask, &want[k.number.value], sizeof(*want)));
		memset(&want[k.number.value], 0, sizeof(*want));
	}
	CHECK(!index_set_find_number(set, 16));
	for (int v = 0; v < 16; v++)
		CHECK(!(want[v].word[0] | want[v].word[1] | want[v].word[2] | want[v].word[3]));
	index_set_free(set);
}

static void limits(void)
{
	struct index_set *set = index_set_new(TX_SLOT_TEXT);
	char text[TX_TEXT_KEY + 1];
	union index_key k;

	memset(text, 'x', sizeof(text));
	CHECK(index_set_text(set, text, TX_TEXT_KEY, INDEX_EXACT, 0) == -ENAMETOOLONG);
	CHECK(index_set_text(set, text, TX_TEXT_KEY + 1, INDEX_PREFIX, 0) == -ENAMETOOLONG);
	CHECK(index_set_text(set, text, TX_END_KEY + 1, INDEX_END, 0) == -ENAMETOOLONG);
	CHECK(!index_set_text(set, text, TX_TEXT_KEY - 1, INDEX_EXACT, 0));
	CHECK(!index_set_text(set, text, TX_TEXT_KEY, INDEX_PREFIX, 1));
	set->number = 0x01020304;
	index_set_finish(set);
	index_set_key(set, 0, &k);
	CHECK(set->count == 2 && k.text.prefixlen == 32 + 8 * TX_TEXT_KEY);
	CHECK(!memcmp(&k.text.set, "\1\2\3\4", 4));
	index_set_free(set);
	set = index_set_new(TX_SLOT_ADDRESS);
	CHECK(index_set_address(set, text, 5, 0, 0) == -EINVAL);
	CHECK(index_set_address(set, text, 4, 33, 0) == -EINVAL);
	CHECK(index_set_address(set, text, 16, 129, 0) == -EINVAL);
	index_set_free(set);
}

static void equality(void)
{
	struct index_set *a = index_set_new(TX_SLOT_TEXT), *b = index_set_new(TX_SLOT_TEXT);

	index_set_text(a, "/etc/", 5, INDEX_PREFIX, 1);
	index_set_text(a, "/bin/", 5, INDEX_PREFIX, 200);
	index_set_text(b, "/bin/", 5, INDEX_PREFIX, 200);
	index_set_text(b, "/etc/", 5, INDEX_PREFIX, 1);
	index_set_text(b, "/etc/", 5, INDEX_PREFIX, 1);
	index_set_finish(a);
	index_set_finish(b);
	CHECK(index_set_equal(a, b));
	index_mask_set(&b->entries[0].mask, 3);
	CHECK(!index_set_equal(a, b));
	index_set_free(a);
	index_set_free(b);
}

int main(void)
{
	for (int i = 0; i < 2000 && !unit_failed; i++) {
		texts();
		addresses();
		numbers();
	}
	limits();
	equality();
	return unit_end("build_index");
}
