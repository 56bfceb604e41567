// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "rows.h"

static u64 big_endian(const u8 *at, u32 bytes)
{
	u64 value = 0;
	for (u32 i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

// Whole numbers only, none that JavaScript could not tell from its neighbours, and not the zero
// with a sign.
static int whole(double number, i64 *value)
{
	if (!(number >= -(double)SAFE_INTEGER && number <= (double)SAFE_INTEGER))
		return 0;
	i64 truncated = (i64)number;
	if ((double)truncated != number || (truncated == 0 && __builtin_signbit(number)))
		return 0;
	*value = truncated;
	return 1;
}

static int read_float(const u8 *at, u32 bytes, i64 *value)
{
	u64 bits = big_endian(at, bytes);
	if (bytes == 4) {
		u32 narrow = (u32)bits;
		float number;
		__builtin_memcpy(&number, &narrow, 4);
		return whole((double)number, value);
	}
	double number;
	__builtin_memcpy(&number, &bits, 8);
	return whole(number, value);
}

// A whole number in any of MessagePack's forms.
int read_integer(struct reader *reader, i64 *value)
{
	const u8 *at = reader->at;
	if (at >= reader->end)
		return 0;
	u8 first = *at++;
	if (first < 0x80 || first >= 0xe0) {
		*value = (int8_t)first;
		reader->at = at;
		return 1;
	}
	if (first < 0xca || first > 0xd3)
		return 0;
	u32 bytes = first == 0xca ? 4 : first == 0xcb ? 8 : 1u << ((first - 0xcc) & 3);
	if ((u32)(reader->end - at) < bytes)
		return 0;
	reader->at = at + bytes;
	if (first < 0xcc)
		return read_float(at, bytes, value);
	u64 bits = big_endian(at, bytes);
	if (first < 0xd0) {
		if (bits > (u64)SAFE_INTEGER)
			return 0;
		*value = (i64)bits;
		return 1;
	}
	u32 shift = 64 - 8 * bytes;
	i64 number = (i64)(bits << shift) >> shift;
	if (number > SAFE_INTEGER || number < -SAFE_INTEGER)
		return 0;
	*value = number;
	return 1;
}

u8 *put_decimal(u8 *out, i64 value)
{
	u8 digits[20];
	u32 count = 0;
	u64 rest = value < 0 ? (u64)-value : (u64)value;
	if (value < 0)
		*out++ = '-';
	// Most are small: 32-bit division is cheaper.
	while (rest > 0xffffffff) {
		digits[count++] = (u8)('0' + rest % 10);
		rest /= 10;
	}
	u32 narrow = (u32)rest;
	do {
		digits[count++] = (u8)('0' + narrow % 10);
		narrow /= 10;
	} while (narrow);
	while (count)
		*out++ = digits[--count];
	return out;
}
