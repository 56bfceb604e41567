// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// What the host calls. One block at a time: rows_begin, rows_add as often as there is something,
// rows_finish.
#include "rows.h"

#define EXPORT(name) __attribute__((export_name(#name))) name

extern u8 __heap_base;

u32 table[TABLE_WORDS];
u8 names[NAMES_BYTES + SLACK];
struct slot slots[MAX_SLOTS];
u64 filled;
struct text list[MAX_LIST];
u32 list_count;

// Slots that the walk itself looks at.
enum { SLOT_SEQ, SLOT_OBSERVED, SLOT_LOSS, SLOT_RAW, SLOT_SEVERITY };

enum outcome { TAKEN_ALL = 0, BLOCK_IS_FULL, NOT_PLAIN };

static u32 root;
static u32 row_count;
static u32 block_read;
static u32 pieces[MAX_PIECES * 3];

// What the host reads after rows_add.
static struct {
	u32 outcome;
	// Events walked over in this call, and of these the ones that were had already.
	u32 events;
	u32 had;
	// Bytes of input they took.
	u32 bytes;
	u32 rows;
	u32 pad;
} result;

static double seqs[BLOCK_ROWS], times[BLOCK_ROWS];
// Of each row: its JSON, its raw line, where its event begins in the input and how long it is; 1
// when it tells of a loss; which of the severities it has.
static struct {
	u32 json, json_length, raw, raw_length, event, event_length, is_loss, severity;
} marks[BLOCK_ROWS];

enum area {
	AREA_TABLE,
	AREA_NAMES,
	AREA_RESULT,
	AREA_SEQS,
	AREA_TIMES,
	AREA_MARKS,
	AREA_PIECES,
	AREA_INPUT
};

u32 EXPORT(rows_area)(u32 which)
{
	switch (which) {
	case AREA_TABLE:
		return (u32)table;
	case AREA_NAMES:
		return (u32)names;
	case AREA_RESULT:
		return (u32)&result;
	case AREA_SEQS:
		return (u32)seqs;
	case AREA_TIMES:
		return (u32)times;
	case AREA_MARKS:
		return (u32)marks;
	case AREA_PIECES:
		return (u32)pieces;
	}
	return ((u32)&__heap_base + SLACK - 1) & ~(u32)(SLACK - 1);
}

// The tables are in place: the schema's first node, and the columns'.
void EXPORT(rows_load)(u32 root_word, u32 columns_word, u32 columns)
{
	root = root_word;
	columns_load(table + columns_word, columns);
}

void EXPORT(rows_begin)(void)
{
	row_count = block_read = 0;
	columns_clear();
}

// The length stands before the text and is known behind it: its usual size is left free, and the
// text moved when it has another.
static u8 *close_json(u8 *start, u8 *end)
{
	u32 length = (u32)(end - start - 2);
	u8 head[5];
	u32 size = (u32)(put_varint(head, length) - head);
	if (size != 2)
		__builtin_memmove(start + size, start + 2, length);
	for (u32 i = 0; i < size; i++)
		start[i] = head[i];
	return start + size + length;
}

/*
 * Takes events from `at`, until the block is full or one is not plainly right: that one is not
 * taken. Their numbers must rise above `previous` and lie in first..last, their times in from..to
 * (microseconds); those not above `cursor` are had already and give no row.
 */
void EXPORT(rows_add)(const u8 *at, u32 length, u32 count, double previous, double first,
		      double last, double cursor, double from, double to)
{
	const u8 *begin = at, *end = at + length;
	result.outcome = TAKEN_ALL;
	result.events = result.had = 0;
	while (result.events < count) {
		if (row_count == BLOCK_ROWS || block_read >= BLOCK_BYTES) {
			result.outcome = BLOCK_IS_FULL;
			break;
		}
		filled = 0;
		list_count = 0;
		u32 room;
		u8 *json = json_column(&room);
		struct reader reader = { at, end, json + 2, json + room };
		int good = walk(&reader, table + root, 0);
		u32 size = (u32)(reader.at - at);
		if (!good || size > BLOCK_BYTES) {
			// Too little room is no fault of the event while others are before it.
			result.outcome =
				row_count > 0 && room < JSON_BYTES / 2 ? BLOCK_IS_FULL : NOT_PLAIN;
			break;
		}
		double seq = (double)slots[SLOT_SEQ].number,
		       observed = (double)slots[SLOT_OBSERVED].number;
		if (seq <= previous || seq < first || seq > last || observed < from ||
		    observed > to) {
			result.outcome = NOT_PLAIN;
			break;
		}
		previous = seq;
		result.events++;
		if (seq <= cursor)
			result.had++;
		else {
			u32 raw = is_filled(SLOT_RAW);
			u8 *stop = close_json(json, reader.out);
			u32 json_length = (u32)(reader.out - json - 2);
			seqs[row_count] = seq;
			times[row_count] = observed;
			marks[row_count].json = (u32)(stop - json_length);
			marks[row_count].json_length = json_length;
			marks[row_count].raw = raw ? (u32)slots[SLOT_RAW].at : 0;
			marks[row_count].raw_length = raw ? slots[SLOT_RAW].length : 0;
			marks[row_count].event = (u32)(at - begin);
			marks[row_count].event_length = size;
			marks[row_count].is_loss = (u32)is_filled(SLOT_LOSS);
			marks[row_count].severity = (u32)slots[SLOT_SEVERITY].number;
			columns_add(row_count);
			json_column_took((u32)(stop - json));
			row_count++;
		}
		block_read += size;
		at = reader.at;
	}
	result.bytes = (u32)(at - begin);
	result.rows = row_count;
}

// Words of the table of pieces (column, address, length).
u32 EXPORT(rows_finish)(void)
{
	return columns_finish(row_count, pieces);
}
