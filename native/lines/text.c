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

int is_utf8(struct text text)
{
	if (is_ascii(text))
		return 1;
	for (u32 at = 0; at < text.length;) {
		if (text.at[at] < 0x80) {
			at++;
			continue;
		}
		u32 size = utf8_sequence(text.at + at, text.length - at);
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
