// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// A strict reader of compact JSON. Blanks between tokens, numbers written oddly and texts without a
// UTF-8 form are for the long way.
#include "lines.h"
#include <wasm_simd128.h>

enum { WIDTH = 16, MAX_DEPTH = 32, DIGITS_MAX = 16 };

int json_odd(struct json *json)
{
	json->odd = 1;
	return 0;
}

static int take(struct json *json, u8 byte)
{
	if (json->at >= json->end || *json->at != byte)
		return json_odd(json);
	json->at++;
	return 1;
}

int json_open(struct json *json, u8 bracket)
{
	return take(json, bracket);
}

// At the first byte of a text that is its end, an escape or a control character.
static const u8 *plain_end(const u8 *at)
{
	for (;; at += WIDTH) {
		v128_t bytes = wasm_v128_load(at);
		v128_t found =
			wasm_v128_or(wasm_u8x16_lt(bytes, wasm_i8x16_splat(0x20)),
				     wasm_v128_or(wasm_i8x16_eq(bytes, wasm_i8x16_splat('"')),
						  wasm_i8x16_eq(bytes, wasm_i8x16_splat('\\'))));
		u32 mask = wasm_i8x16_bitmask(found);
		if (mask)
			return at + __builtin_ctz(mask);
	}
}

static int escaped_text(struct json *json, const u8 *from, struct text *text)
{
	// What is meant is never longer than how it is written.
	const u8 *last = from;
	while (last < json->end && *last != '"')
		last += *last == '\\' ? 2 : 1;
	if (last >= json->end)
		return json_odd(json);
	u8 *start = scratch_take((u32)(last - from) + SLACK);
	if (!start)
		return json_odd(json);
	u8 *to = start;
	for (json->at = from;;) {
		const u8 *stop = plain_end(json->at);
		copy_text(to, json->at, (u32)(stop - json->at));
		to += stop - json->at;
		json->at = stop;
		if (*stop == '"')
			break;
		json->at++;
		if (*stop != '\\' || !(to = json_escape(json, to)))
			return json_odd(json);
	}
	json->at++;
	*text = (struct text){ start, (u32)(to - start) };
	return 1;
}

int json_string(struct json *json, struct text *text, u32 max)
{
	if (!take(json, '"'))
		return 0;
	const u8 *from = json->at, *stop = plain_end(from);
	if (stop >= json->end)
		return json_odd(json);
	if (*stop == '"') {
		*text = (struct text){ from, (u32)(stop - from) };
		json->at = stop + 1;
	} else if (*stop != '\\' || !escaped_text(json, from, text))
		return json_odd(json);
	return text->length <= max || json_odd(json);
}

int json_member(struct json *json, u32 *count, struct text *key)
{
	if (json->odd || json->at >= json->end)
		return json_odd(json);
	if (*json->at == '}') {
		json->at++;
		return 0;
	}
	if ((*count)++ && !take(json, ','))
		return 0;
	if (!take(json, '"'))
		return 0;
	const u8 *from = json->at, *stop = plain_end(from);
	if (stop >= json->end || *stop != '"')
		return json_odd(json);
	*key = (struct text){ from, (u32)(stop - from) };
	json->at = stop + 1;
	return take(json, ':');
}

int json_item(struct json *json, u32 *count)
{
	if (json->odd || json->at >= json->end)
		return json_odd(json);
	if (*json->at == ']') {
		json->at++;
		return 0;
	}
	return !(*count)++ || take(json, ',');
}

static int is_digit(u8 byte)
{
	return byte >= '0' && byte <= '9';
}

int json_count(struct json *json, u64 *value, u64 max)
{
	int is_quoted = json->at < json->end && *json->at == '"';
	json->at += is_quoted;
	const u8 *from = json->at;
	u64 sum = 0;
	while (json->at < json->end && is_digit(*json->at))
		sum = sum * 10 + (*json->at++ - '0');
	u32 digits = (u32)(json->at - from);
	if (digits == 0 || digits > DIGITS_MAX || sum > max || (digits > 1 && *from == '0'))
		return json_odd(json);
	if (is_quoted) {
		if (!take(json, '"'))
			return 0;
	} else if (json->at < json->end &&
		   (*json->at == '.' || *json->at == 'e' || *json->at == 'E'))
		return json_odd(json);
	*value = sum;
	return 1;
}

static int literal(struct json *json, const char *word, u32 length)
{
	if ((u32)(json->end - json->at) < length || !same_text(json->at, (const u8 *)word, length))
		return json_odd(json);
	json->at += length;
	return 1;
}

int json_true(struct json *json)
{
	return literal(json, "true", 4);
}

static int skip_text(struct json *json)
{
	json->at++;
	for (;;) {
		const u8 *stop = plain_end(json->at);
		if (stop >= json->end)
			return json_odd(json);
		json->at = stop + 1;
		if (*stop == '"')
			return 1;
		if (*stop != '\\')
			return json_odd(json);
		u8 byte = *json->at++;
		if (byte == 'u' ? json_unit(json) < 0 : json_plain_escape(byte) < 0)
			return json_odd(json);
	}
}

static int skip_digits(struct json *json)
{
	const u8 *from = json->at;
	while (json->at < json->end && is_digit(*json->at))
		json->at++;
	return json->at > from || json_odd(json);
}

static int skip_number(struct json *json)
{
	json->at += *json->at == '-';
	const u8 *from = json->at;
	if (!skip_digits(json) || (*from == '0' && json->at > from + 1))
		return json_odd(json);
	if (*json->at == '.') {
		json->at++;
		if (!skip_digits(json))
			return 0;
	}
	if ((*json->at | 0x20) != 'e')
		return 1;
	json->at++;
	json->at += *json->at == '-' || *json->at == '+';
	return skip_digits(json);
}

int json_skip(struct json *json, u32 depth)
{
	struct text key;
	u32 count = 0;
	if (json->at >= json->end || depth > MAX_DEPTH)
		return json_odd(json);
	switch (*json->at) {
	case '"':
		return skip_text(json);
	case '{':
		json->at++;
		while (json_member(json, &count, &key))
			if (!json_skip(json, depth + 1))
				return 0;
		return !json->odd;
	case '[':
		json->at++;
		while (json_item(json, &count))
			if (!json_skip(json, depth + 1))
				return 0;
		return !json->odd;
	case 't':
		return json_true(json);
	case 'f':
		return literal(json, "false", 5);
	case 'n':
		return literal(json, "null", 4);
	}
	return skip_number(json);
}
