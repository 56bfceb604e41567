// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Holds a value against its node of the schema and writes it as JSON on the way. Nothing recursive
// is in a schema: nesting ends with it.
#include "rows.h"

// Of a node, behind its type.
enum { OBJECT_COUNT = 1, OBJECT_REQUIRED, OBJECT_FIELDS };
// Of a field: its name as JSON (`"name":`) in `names`, that text's length, its node in `table`,
// what is done with it.
enum { FIELD_NAME, FIELD_NAME_LENGTH, FIELD_NODE, FIELD_WORD, FIELD_WORDS };

int read_text(struct reader *reader, struct text *text)
{
	const u8 *at = reader->at;
	u32 left = (u32)(reader->end - at), head = 1, length;
	if (left < 1)
		return 0;
	u8 first = *at;
	if ((first & 0xe0) == 0xa0)
		length = first & 0x1f;
	else if (first == 0xd9 && left >= 2) {
		head = 2;
		length = at[1];
	} else if (first == 0xda && left >= 3) {
		head = 3;
		length = (u32)at[1] << 8 | at[2];
	} else if (first == 0xdb && left >= 5) {
		head = 5;
		length = (u32)at[1] << 24 | (u32)at[2] << 16 | (u32)at[3] << 8 | at[4];
	} else
		return 0;
	if (left - head < length)
		return 0;
	text->at = at + head;
	text->length = length;
	reader->at = at + head + length;
	return 1;
}

int read_count(struct reader *reader, int is_map, u32 *count)
{
	const u8 *at = reader->at;
	u32 left = (u32)(reader->end - at);
	if (left < 1)
		return 0;
	u8 first = *at;
	if ((first & 0xf0) == (is_map ? 0x80 : 0x90)) {
		*count = first & 0x0f;
		reader->at = at + 1;
	} else if (first == (is_map ? 0xde : 0xdc) && left >= 3) {
		*count = (u32)at[1] << 8 | at[2];
		reader->at = at + 3;
	} else if (first == (is_map ? 0xdf : 0xdd) && left >= 5) {
		*count = (u32)at[1] << 24 | (u32)at[2] << 16 | (u32)at[3] << 8 | at[4];
		reader->at = at + 5;
	} else
		return 0;
	// Each value has a byte at least.
	return *count <= (u32)(reader->end - reader->at);
}

// A text as JSON with its quotes. A character may become six.
static int put_text(struct reader *reader, struct text text)
{
	if ((u64)text.length * 6 + SLACK > (u64)(reader->out_end - reader->out))
		return 0;
	u8 *out = reader->out;
	*out++ = '"';
	out = json_text(out, text.at, text.length);
	if (!out)
		return 0;
	*out++ = '"';
	reader->out = out;
	return 1;
}

static void keep(u32 field, struct text text, i64 number)
{
	u32 slot = field & FIELD_SLOT;
	if (!slot--)
		return;
	slots[slot] = (struct slot){ text.at, text.length, number };
	filled |= 1ULL << slot;
}

static int is_hex(struct text text)
{
	for (u32 i = 0; i < text.length; i++) {
		u8 byte = text.at[i];
		if (!((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f')))
			return 0;
	}
	return 1;
}

static int walk_string(struct reader *reader, const u32 *node, u32 field)
{
	struct text text;
	if (!read_text(reader, &text))
		return 0;
	// In bytes: a text with fewer bytes than it may have characters is not too long, by
	// whatever measure of a character.
	if (text.length < node[1] || text.length > node[2] || (node[3] && !is_hex(text)))
		return 0;
	if (field & FIELD_LIST) {
		if (list_count == MAX_LIST)
			return 0;
		list[list_count++] = text;
	} else
		keep(field, text, 0);
	if (!(field & FIELD_HIDDEN))
		return put_text(reader, text);
	// It is not in the JSON, but held to the same.
	u8 *out = reader->out;
	int good = put_text(reader, text);
	reader->out = out;
	return good;
}

static int walk_enum(struct reader *reader, const u32 *node, u32 field)
{
	struct text text;
	if (!read_text(reader, &text))
		return 0;
	const u32 *value = node + 2;
	for (u32 i = 0; i < node[1]; i++, value += 2)
		if (value[1] == text.length && same_text(names + value[0], text.at, text.length)) {
			keep(field, text, i);
			return put_text(reader, text);
		}
	return 0;
}

static int walk_integer(struct reader *reader, const u32 *node, u32 field)
{
	i64 value, low, high;
	__builtin_memcpy(&low, node + 1, 8);
	__builtin_memcpy(&high, node + 3, 8);
	if (!read_integer(reader, &value) || value < low || value > high ||
	    reader->out_end - reader->out < SLACK)
		return 0;
	keep(field, (struct text){ 0 }, value);
	reader->out = put_decimal(reader->out, value);
	return 1;
}

static int walk_boolean(struct reader *reader)
{
	if (reader->at >= reader->end || reader->out_end - reader->out < SLACK)
		return 0;
	u8 byte = *reader->at++;
	if (byte != 0xc2 && byte != 0xc3)
		return 0;
	u32 length = byte == 0xc3 ? 4 : 5;
	copy_text(reader->out, (const u8 *)(byte == 0xc3 ? "true            " : "false           "),
		  length);
	reader->out += length;
	return 1;
}

static int walk_array(struct reader *reader, const u32 *node, u32 field)
{
	u32 count;
	if (!read_count(reader, 0, &count) || count > node[1] ||
	    reader->out_end - reader->out < SLACK)
		return 0;
	keep(field, (struct text){ reader->at, count }, 0);
	*reader->out++ = '[';
	for (u32 i = 0; i < count; i++) {
		if (i)
			*reader->out++ = ',';
		// What is kept of a list is kept of its values.
		if (!walk(reader, table + node[2], 0) || reader->out_end - reader->out < SLACK)
			return 0;
	}
	*reader->out++ = ']';
	return 1;
}

static int walk_record(struct reader *reader, const u32 *node)
{
	struct text keys[64];
	u32 count;
	if (!read_count(reader, 1, &count) || count > node[1] || count > 64 ||
	    reader->out_end - reader->out < SLACK)
		return 0;
	*reader->out++ = '{';
	for (u32 i = 0; i < count; i++) {
		struct text *key = keys + i;
		if (!read_text(reader, key) || key->length == 0 || key->length > node[2])
			return 0;
		// An object of JavaScript would have them elsewhere, or not at all.
		if ((key->at[0] >= '0' && key->at[0] <= '9') || key->at[0] == '_')
			return 0;
		for (u32 j = 0; j < i; j++)
			if (keys[j].length == key->length &&
			    same_text(keys[j].at, key->at, key->length))
				return 0;
		if (i)
			*reader->out++ = ',';
		if (!put_text(reader, *key))
			return 0;
		*reader->out++ = ':';
		if (!walk(reader, table + node[3], 0) || reader->out_end - reader->out < SLACK)
			return 0;
	}
	*reader->out++ = '}';
	return 1;
}

static int walk_object(struct reader *reader, const u32 *node)
{
	u32 count, seen = 0, next = 0, fields = node[OBJECT_COUNT], written = 0;
	if (!read_count(reader, 1, &count) || count > fields ||
	    reader->out_end - reader->out < SLACK)
		return 0;
	*reader->out++ = '{';
	for (u32 i = 0; i < count; i++) {
		struct text key;
		if (!read_text(reader, &key))
			return 0;
		// Fields come in the order of the schema, mostly: looked for from the last one on.
		const u32 *field = 0;
		u32 tried = 0;
		for (; tried < fields; tried++, next = next + 1 == fields ? 0 : next + 1) {
			field = node + OBJECT_FIELDS + next * FIELD_WORDS;
			if (field[FIELD_NAME_LENGTH] == key.length + 3 &&
			    same_text(names + field[FIELD_NAME] + 1, key.at, key.length))
				break;
		}
		if (tried == fields || (seen >> next) & 1)
			return 0;
		seen |= 1u << next;
		u32 word = field[FIELD_WORD];
		if (!(word & FIELD_HIDDEN)) {
			if ((u32)(reader->out_end - reader->out) < SLACK + field[FIELD_NAME_LENGTH])
				return 0;
			if (written++)
				*reader->out++ = ',';
			copy_text(reader->out, names + field[FIELD_NAME], field[FIELD_NAME_LENGTH]);
			reader->out += field[FIELD_NAME_LENGTH];
		}
		if (!walk(reader, table + field[FIELD_NODE], word))
			return 0;
	}
	if ((seen & node[OBJECT_REQUIRED]) != node[OBJECT_REQUIRED] ||
	    reader->out_end - reader->out < SLACK)
		return 0;
	*reader->out++ = '}';
	return 1;
}

int walk(struct reader *reader, const u32 *node, u32 field)
{
	switch (node[0]) {
	case NODE_OBJECT:
		// A field that only says whether it is there.
		keep(field, (struct text){ 0 }, 1);
		return walk_object(reader, node);
	case NODE_STRING:
		return walk_string(reader, node, field);
	case NODE_ENUM:
		return walk_enum(reader, node, field);
	case NODE_INTEGER:
		return walk_integer(reader, node, field);
	case NODE_BOOLEAN:
		return walk_boolean(reader);
	case NODE_ARRAY:
		return walk_array(reader, node, field);
	case NODE_RECORD:
		return walk_record(reader, node);
	}
	return 0;
}
