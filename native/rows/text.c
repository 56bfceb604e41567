// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "rows.h"
#include <wasm_simd128.h>

enum { WIDTH = 16 };

// Writes whole vectors: up to 15 bytes beyond the end.
void copy_text(u8 *to, const u8 *from, u32 length)
{
	if (length > 256) {
		__builtin_memcpy(to, from, length);
		return;
	}
	for (u32 at = 0; at < length; at += WIDTH)
		wasm_v128_store(to + at, wasm_v128_load(from + at));
}

// Reads whole vectors: up to 15 bytes beyond the end.
int same_text(const u8 *a, const u8 *b, u32 length)
{
	u32 at = 0;
	for (; at + WIDTH <= length; at += WIDTH)
		if (wasm_v128_any_true(
			    wasm_v128_xor(wasm_v128_load(a + at), wasm_v128_load(b + at))))
			return 0;
	if (at == length)
		return 1;
	u32 mask = (1u << (length - at)) - 1;
	return (wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(a + at), wasm_v128_load(b + at))) &
		mask) == mask;
}

u32 hash_text(const u8 *text, u32 length)
{
	u64 hash = length * 0x9e3779b97f4a7c15ULL;
	u32 at = 0;
	for (; at + 8 <= length; at += 8) {
		u64 part;
		__builtin_memcpy(&part, text + at, 8);
		hash = (hash ^ part) * 0xff51afd7ed558ccdULL;
		hash ^= hash >> 32;
	}
	for (; at < length; at++)
		hash = (hash ^ text[at]) * 0x100000001b3ULL;
	return (u32)(hash ^ (hash >> 29));
}

u8 *put_varint(u8 *out, u32 value)
{
	while (value >= 0x80) {
		*out++ = (u8)(value | 0x80);
		value >>= 7;
	}
	*out++ = (u8)value;
	return out;
}

static u8 *put_escape(u8 *out, u8 byte)
{
	static const char hex[] = "0123456789abcdef";
	*out++ = '\\';
	switch (byte) {
	case '"':
	case '\\':
		*out++ = byte;
		return out;
	case '\b':
		*out++ = 'b';
		return out;
	case '\f':
		*out++ = 'f';
		return out;
	case '\n':
		*out++ = 'n';
		return out;
	case '\r':
		*out++ = 'r';
		return out;
	case '\t':
		*out++ = 't';
		return out;
	}
	*out++ = 'u';
	*out++ = '0';
	*out++ = '0';
	*out++ = hex[byte >> 4];
	*out++ = hex[byte & 15];
	return out;
}

u32 utf8_sequence(const u8 *in, u32 left)
{
	u8 first = in[0];
	if (first < 0xc2 || first > 0xf4)
		return 0;
	u32 size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (size > left)
		return 0;
	u8 low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	u8 high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (in[1] < low || in[1] > high)
		return 0;
	for (u32 i = 2; i < size; i++)
		if ((in[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

// Writes a text as JSON has it, without its quotes; NULL when it is not UTF-8.
u8 *json_text(u8 *out, const u8 *in, u32 length)
{
	const u8 *end = in + length;
	while (in < end) {
		u32 left = (u32)(end - in);
		v128_t bytes = wasm_v128_load(in);
		// As signed bytes what is below a blank is what is not ASCII too.
		v128_t odd =
			wasm_v128_or(wasm_i8x16_lt(bytes, wasm_i8x16_splat(0x20)),
				     wasm_v128_or(wasm_i8x16_eq(bytes, wasm_i8x16_splat('"')),
						  wasm_i8x16_eq(bytes, wasm_i8x16_splat('\\'))));
		u32 mask = wasm_i8x16_bitmask(odd);
		if (left < WIDTH)
			mask &= (1u << left) - 1;
		wasm_v128_store(out, bytes);
		u32 plain = mask ? (u32)__builtin_ctz(mask) : left < WIDTH ? left : WIDTH;
		in += plain;
		out += plain;
		if (!mask)
			continue;
		if (*in < 0x80) {
			out = put_escape(out, *in++);
			continue;
		}
		while (in < end && *in >= 0x80) {
			u32 size = utf8_sequence(in, (u32)(end - in));
			if (!size)
				return NULL;
			for (u32 i = 0; i < size; i++)
				*out++ = *in++;
		}
	}
	return out;
}
