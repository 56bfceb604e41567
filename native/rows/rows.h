// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Events of a sensor (MessagePack) into columns of ClickHouse's Native format, in one walk: each
// value is held against the schema, written as JSON and kept for its column. It takes what is
// plainly right only; what it does not take, the Console decides about. Schema and columns come as
// tables from the host, which has them from where they are declared.
#ifndef ROWS_H
#define ROWS_H

#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t i64;

enum {
	BLOCK_ROWS = 2048,
	MAX_COLUMNS = 48,
	MAX_SLOTS = 64,
	MAX_LIST = 64,
	MAX_PIECES = 160,
	TABLE_WORDS = 16 * 1024,
	NAMES_BYTES = 32 * 1024,
	// A block is full when this much was read for it; no event is larger.
	BLOCK_BYTES = 3 << 19,
	// What may be read beyond an end, and written: whole vectors.
	SLACK = 64,
	TEXT_BYTES = 2 * BLOCK_BYTES + BLOCK_ROWS * 5 + SLACK,
	JSON_BYTES = 8 * BLOCK_BYTES,
	LARGEST_SAFE_BITS = 53,
};

#define SAFE_INTEGER ((1LL << LARGEST_SAFE_BITS) - 1)

enum node_type {
	NODE_OBJECT = 1,
	NODE_STRING,
	NODE_ENUM,
	NODE_INTEGER,
	NODE_BOOLEAN,
	NODE_ARRAY,
	NODE_RECORD
};

// In the word of a field: its slot and one, and what is done with it.
enum { FIELD_SLOT = 0x7f, FIELD_LIST = 0x80, FIELD_HIDDEN = 0x100 };

enum column_kind {
	COLUMN_U8 = 1,
	COLUMN_U16,
	COLUMN_U32,
	COLUMN_U64,
	COLUMN_NULLABLE32,
	COLUMN_TEXT,
	COLUMN_WORD,
	COLUMN_WORDS_BEHIND_FIRST,
	COLUMN_LIST,
	COLUMN_JSON,
};

// A value kept for a column: a text where it stands in the input, a list (its first value, how
// many), or a number.
struct slot {
	const u8 *at;
	u32 length;
	i64 number;
};

struct text {
	const u8 *at;
	u32 length;
};

struct reader {
	const u8 *at;
	const u8 *end;
	u8 *out;
	const u8 *out_end;
};

extern u32 table[TABLE_WORDS];
extern u8 names[NAMES_BYTES + SLACK];
extern struct slot slots[MAX_SLOTS];
extern u64 filled;
extern struct text list[MAX_LIST];
extern u32 list_count;

static inline int is_filled(u32 slot)
{
	return (filled >> slot) & 1;
}

// text.c
void copy_text(u8 *to, const u8 *from, u32 length);
int same_text(const u8 *a, const u8 *b, u32 length);
u32 hash_text(const u8 *text, u32 length);
// Bytes of the well-formed UTF-8 sequence at `in` (RFC 3629: no surrogates, nothing overlong,
// nothing above U+10FFFF); 0 when none.
u32 utf8_sequence(const u8 *in, u32 left);
u8 *json_text(u8 *out, const u8 *in, u32 length);
u8 *put_varint(u8 *out, u32 value);

// number.c
int read_integer(struct reader *reader, i64 *value);
u8 *put_decimal(u8 *out, i64 value);

// walk.c: 0 when the value is no plain one of this node.
int read_text(struct reader *reader, struct text *text);
int read_count(struct reader *reader, int is_map, u32 *count);
int walk(struct reader *reader, const u32 *node, u32 field);

// columns.c
extern u32 column_count;
void columns_load(const u32 *words, u32 count);
void columns_clear(void);
void columns_add(u32 row);
u8 *json_column(u32 *room);
void json_column_took(u32 bytes);
u32 columns_finish(u32 rows, u32 *pieces);

// words.c: texts of few different values, each once.
struct words {
	u8 *texts;
	u32 used;
	u32 count;
	u16 *places;
	u16 buckets[2 * BLOCK_ROWS];
	struct text known[BLOCK_ROWS];
	u32 last;
	u64 head[3];
	u64 rows;
};
void words_clear(struct words *words);
void words_add(struct words *words, u32 row, struct text text);
u32 words_finish(struct words *words, u32 rows, u32 column, u32 *pieces);

#endif
