// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "lines.h"

u8 *out;

static void put_big(u32 value, u32 bytes)
{
	for (u32 i = bytes; i-- > 0;)
		*out++ = (u8)(value >> (8 * i));
}

void put_map(u32 count)
{
	if (count < 16)
		*out++ = (u8)(0x80 | count);
	else {
		*out++ = 0xde;
		put_big(count, 2);
	}
}

void put_array(u32 count)
{
	if (count < 16)
		*out++ = (u8)(0x90 | count);
	else {
		*out++ = 0xdc;
		put_big(count, 2);
	}
}

void put_text(struct text text)
{
	if (text.length < 0x20)
		*out++ = (u8)(0xa0 | text.length);
	else if (text.length < 0x100) {
		*out++ = 0xd9;
		put_big(text.length, 1);
	} else {
		*out++ = 0xda;
		put_big(text.length, 2);
	}
	copy_text(out, text.at, text.length);
	out += text.length;
}

void put_number(u64 value)
{
	if (value < 0x80)
		*out++ = (u8)value;
	else if (value < 0x100) {
		*out++ = 0xcc;
		put_big((u32)value, 1);
	} else if (value < 0x10000) {
		*out++ = 0xcd;
		put_big((u32)value, 2);
	} else if (value <= 0xffffffff) {
		*out++ = 0xce;
		put_big((u32)value, 4);
	} else {
		// Beyond 32 bits numbers are written as the doubles they are in JavaScript.
		double number = (double)value;
		u64 bits;
		__builtin_memcpy(&bits, &number, sizeof(bits));
		*out++ = 0xcb;
		put_big((u32)(bits >> 32), 4);
		put_big((u32)bits, 4);
	}
}

u32 number_length(u64 value)
{
	u32 digits = 1;
	while (value >= 10) {
		value /= 10;
		digits++;
	}
	return digits;
}

u8 *put_digits(u8 *at, u64 value)
{
	u32 length = number_length(value);
	for (u32 i = length; i-- > 0; value /= 10)
		at[i] = (u8)('0' + value % 10);
	return at + length;
}
