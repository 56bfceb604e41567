// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "rows.h"

enum { MAX_TEXTS = 16, MAX_WORDS = 12, COLUMN_WORDS = 3 };

struct column {
	u32 kind;
	u32 slot;
	// Where the first is not there; the same one otherwise.
	u32 other;
	u8 *texts;
	u32 used;
	struct words *words;
	// Of fixed size; of lists, where each ends.
	u8 *numbers;
	u8 *missing;
};

static struct column columns[MAX_COLUMNS];
u32 column_count;
static u8 texts[MAX_TEXTS][TEXT_BYTES];
static struct words dictionaries[MAX_WORDS];
static u8 word_texts[MAX_WORDS][TEXT_BYTES];
static u16 word_places[MAX_WORDS][BLOCK_ROWS];
static u64 numbers[MAX_COLUMNS][BLOCK_ROWS];
static u8 missing[MAX_COLUMNS][BLOCK_ROWS];
static u8 json[JSON_BYTES];
static u32 json_used;
static u64 list_end;

// Table of columns: kind, slot, other slot.
void columns_load(const u32 *words, u32 count)
{
	u32 text_count = 0, word_count = 0;
	if (count > MAX_COLUMNS)
		__builtin_trap();
	column_count = count;
	for (u32 i = 0; i < count; i++, words += COLUMN_WORDS) {
		struct column *column = columns + i;
		*column = (struct column){ .kind = words[0], .slot = words[1], .other = words[2] };
		column->numbers = (u8 *)numbers[i];
		column->missing = missing[i];
		if (column->kind == COLUMN_WORD) {
			if (word_count == MAX_WORDS)
				__builtin_trap();
			column->words = dictionaries + word_count;
			column->words->texts = word_texts[word_count];
			column->words->places = word_places[word_count++];
		} else if (column->kind == COLUMN_TEXT ||
			   column->kind == COLUMN_WORDS_BEHIND_FIRST ||
			   column->kind == COLUMN_LIST) {
			if (text_count == MAX_TEXTS)
				__builtin_trap();
			column->texts = texts[text_count++];
		}
	}
}

void columns_clear(void)
{
	json_used = 0;
	list_end = 0;
	for (u32 i = 0; i < column_count; i++) {
		columns[i].used = 0;
		if (columns[i].words)
			words_clear(columns[i].words);
	}
}

// Where the next event's JSON goes.
u8 *json_column(u32 *room)
{
	*room = JSON_BYTES - json_used - SLACK;
	return json + json_used;
}

void json_column_took(u32 bytes)
{
	json_used += bytes;
}

static void put_text(struct column *column, struct text text)
{
	u8 *at = put_varint(column->texts + column->used, text.length);
	copy_text(at, text.at, text.length);
	column->used = (u32)(at + text.length - column->texts);
}

// The texts of a list but its first, a blank between: an argument vector without the program.
static void put_joined(struct column *column, const struct slot *slot)
{
	struct reader reader = { .at = slot->at, .end = (const u8 *)~0u };
	struct text text;
	u32 length = slot->length > 1 ? slot->length - 2 : 0;
	for (u32 i = 0; i < slot->length; i++)
		if (read_text(&reader, &text) && i)
			length += text.length;
	u8 *at = put_varint(column->texts + column->used, length);
	reader.at = slot->at;
	for (u32 i = 0; i < slot->length; i++) {
		if (!read_text(&reader, &text) || !i)
			continue;
		if (i > 1)
			*at++ = ' ';
		copy_text(at, text.at, text.length);
		at += text.length;
	}
	column->used = (u32)(at - column->texts);
}

static struct text text_of(const struct column *column)
{
	const struct slot *slot = slots + (is_filled(column->slot) ? column->slot : column->other);
	if (!is_filled(column->slot) && !is_filled(column->other))
		return (struct text){ names, 0 };
	return (struct text){ slot->at, slot->length };
}

// Puts what the slots hold into every column.
void columns_add(u32 row)
{
	for (u32 i = 0; i < column_count; i++) {
		struct column *column = columns + i;
		int there = is_filled(column->slot);
		i64 number = there ? slots[column->slot].number : 0;
		switch (column->kind) {
		case COLUMN_U8:
			column->numbers[row] = (u8)number;
			break;
		case COLUMN_U16:
			((u16 *)column->numbers)[row] = (u16)number;
			break;
		case COLUMN_NULLABLE32:
			column->missing[row] = !there;
			((u32 *)column->numbers)[row] = (u32)number;
			break;
		case COLUMN_U32:
			((u32 *)column->numbers)[row] = (u32)number;
			break;
		case COLUMN_U64:
			((u64 *)column->numbers)[row] = (u64)number;
			break;
		case COLUMN_TEXT:
			put_text(column, text_of(column));
			break;
		case COLUMN_WORD:
			words_add(column->words, row, text_of(column));
			break;
		case COLUMN_WORDS_BEHIND_FIRST:
			if (there)
				put_joined(column, slots + column->slot);
			else
				column->texts[column->used++] = 0;
			break;
		case COLUMN_LIST:
			for (u32 entry = 0; entry < list_count; entry++)
				put_text(column, list[entry]);
			list_end += list_count;
			((u64 *)column->numbers)[row] = list_end;
			break;
		}
	}
}

static u32 width_of(u32 kind)
{
	return kind == COLUMN_U8                                 ? 1
	       : kind == COLUMN_U16                              ? 2
	       : kind == COLUMN_U32 || kind == COLUMN_NULLABLE32 ? 4
								 : 8;
}

static u32 put_piece(u32 *pieces, u32 used, u32 column, const void *at, u32 length)
{
	pieces[used] = column;
	pieces[used + 1] = (u32)at;
	pieces[used + 2] = length;
	return used + 3;
}

// Where the bytes of each column stand: triples of column, address, length, in order. Returns how
// many words.
u32 columns_finish(u32 rows, u32 *pieces)
{
	u32 used = 0;
	for (u32 i = 0; i < column_count; i++) {
		struct column *column = columns + i;
		switch (column->kind) {
		case COLUMN_WORD:
			used += words_finish(column->words, rows, i, pieces + used);
			break;
		case COLUMN_JSON:
			used = put_piece(pieces, used, i, json, json_used);
			break;
		case COLUMN_TEXT:
		case COLUMN_WORDS_BEHIND_FIRST:
			used = put_piece(pieces, used, i, column->texts, column->used);
			break;
		case COLUMN_LIST:
			used = put_piece(pieces, used, i, column->numbers, rows * 8);
			used = put_piece(pieces, used, i, column->texts, column->used);
			break;
		default:
			if (column->kind == COLUMN_NULLABLE32)
				used = put_piece(pieces, used, i, column->missing, rows);
			used = put_piece(pieces, used, i, column->numbers,
					 rows * width_of(column->kind));
		}
	}
	return used;
}
