// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "lines.h"
#include <wasm_simd128.h>

enum { WIDTH = 16 };

static u8 scratch[SCRATCH_BYTES + SLACK];
static u32 scratch_used;

u8 *scratch_take(u32 length)
{
	if (length > SCRATCH_BYTES - scratch_used)
		return NULL;
	u8 *at = scratch + scratch_used;
	scratch_used += length;
	return at;
}

void scratch_clear(void)
{
	scratch_used = 0;
}

int is_ascii(struct text text)
{
	for (u32 at = 0; at < text.length; at += WIDTH) {
		u32 mask = wasm_i8x16_bitmask(wasm_v128_load(text.at + at));
		if (text.length - at < WIDTH)
			mask &= (1u << (text.length - at)) - 1;
		if (mask)
			return 0;
	}
	return 1;
}

// Bytes of the well-formed sequence at `in` (RFC 3629); 0 when none.
static u32 sequence(const u8 *in, u32 left)
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

int is_utf8(struct text text)
{
	if (is_ascii(text))
		return 1;
	for (u32 at = 0; at < text.length;) {
		if (text.at[at] < 0x80) {
			at++;
			continue;
		}
		u32 size = sequence(text.at + at, text.length - at);
		if (!size)
			return 0;
		at += size;
	}
	return 1;
}

int begins(struct text text, const char *literal, u32 length)
{
	return text.length >= length && same_text(text.at, (const u8 *)literal, length);
}

int contains(struct text text, const char *literal, u32 length)
{
	for (u32 at = 0; at + length <= text.length; at++)
		if (text.at[at] == (u8)literal[0] &&
		    same_text(text.at + at, (const u8 *)literal, length))
			return 1;
	return 0;
}

const u8 *line_end(const u8 *at, const u8 *end)
{
	for (; at < end; at += WIDTH) {
		u32 mask = wasm_i8x16_bitmask(
			wasm_i8x16_eq(wasm_v128_load(at), wasm_i8x16_splat('\n')));
		if (mask) {
			const u8 *found = at + __builtin_ctz(mask);
			return found < end ? found : end;
		}
	}
	return end;
}
