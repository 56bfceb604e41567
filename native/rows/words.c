// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// ClickHouse's LowCardinality(String): a dictionary, and which of its texts each row has.
#include "rows.h"

// Version 1; the block brings its dictionary along; the width of places stands in the lowest byte.
enum { VERSION = 1, OWN_KEYS_AND_UPDATE = 0x600 };

void words_clear(struct words *words)
{
	words->used = words->count = 0;
	words->last = BLOCK_ROWS;
	__builtin_memset(words->buckets, 0, sizeof(words->buckets));
}

static u32 place_of(struct words *words, struct text text)
{
	u32 mask = 2 * BLOCK_ROWS - 1;
	u32 bucket = hash_text(text.at, text.length) & mask;
	for (; words->buckets[bucket]; bucket = (bucket + 1) & mask) {
		u32 place = words->buckets[bucket] - 1u;
		if (words->known[place].length == text.length &&
		    same_text(words->known[place].at, text.at, text.length))
			return place;
	}
	u32 place = words->count++;
	words->buckets[bucket] = (u16)(place + 1);
	u8 *at = put_varint(words->texts + words->used, text.length);
	copy_text(at, text.at, text.length);
	// From its own copy on: what it was read from may be gone by then.
	words->known[place] = (struct text){ at, text.length };
	words->used = (u32)(at + text.length - words->texts);
	return place;
}

void words_add(struct words *words, u32 row, struct text text)
{
	u32 last = words->last;
	if (last == BLOCK_ROWS || words->known[last].length != text.length ||
	    !same_text(words->known[last].at, text.at, text.length))
		words->last = last = place_of(words, text);
	words->places[row] = (u16)last;
}

static u32 piece(u32 *pieces, u32 column, const void *at, u32 length)
{
	pieces[0] = column;
	pieces[1] = (u32)at;
	pieces[2] = length;
	return 3;
}

u32 words_finish(struct words *words, u32 rows, u32 column, u32 *pieces)
{
	int narrow = words->count <= 0x100;
	words->head[0] = VERSION;
	words->head[1] = OWN_KEYS_AND_UPDATE | (narrow ? 0 : 1);
	words->head[2] = words->count;
	words->rows = rows;
	u8 *bytes = (u8 *)words->places;
	if (narrow)
		for (u32 i = 0; i < rows; i++)
			bytes[i] = (u8)words->places[i];
	u32 used = piece(pieces, column, words->head, sizeof(words->head));
	used += piece(pieces + used, column, words->texts, words->used);
	used += piece(pieces + used, column, &words->rows, sizeof(words->rows));
	used += piece(pieces + used, column, words->places, narrow ? rows : rows * 2);
	return used;
}
