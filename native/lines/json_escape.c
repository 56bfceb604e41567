// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// What stands behind a backslash.
#include "lines.h"

static int hex_digit(u8 byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

// The four digits of \uXXXX; negative when they are none.
int json_unit(struct json *json)
{
	int value = 0;
	if (json->end - json->at < 4)
		return -1;
	for (u32 i = 0; i < 4; i++) {
		int digit = hex_digit(*json->at++);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

static u8 *put_code(u8 *to, u32 code)
{
	if (code < 0x80) {
		*to++ = (u8)code;
		return to;
	}
	if (code < 0x800)
		*to++ = (u8)(0xc0 | code >> 6);
	else {
		if (code < 0x10000)
			*to++ = (u8)(0xe0 | code >> 12);
		else {
			*to++ = (u8)(0xf0 | code >> 18);
			*to++ = (u8)(0x80 | (code >> 12 & 0x3f));
		}
		*to++ = (u8)(0x80 | (code >> 6 & 0x3f));
	}
	*to++ = (u8)(0x80 | (code & 0x3f));
	return to;
}

int json_plain_escape(u8 byte)
{
	switch (byte) {
	case '"':
	case '\\':
	case '/':
		return byte;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	}
	return -1;
}

// Behind a backslash: the character that is meant, as UTF-8. NULL when there is none.
u8 *json_escape(struct json *json, u8 *to)
{
	u8 byte = *json->at++;
	if (byte != 'u') {
		int plain = json_plain_escape(byte);
		if (plain < 0)
			return NULL;
		*to++ = (u8)plain;
		return to;
	}
	int code = json_unit(json);
	if (code < 0 || (code & 0xfc00) == 0xdc00)
		return NULL;
	if ((code & 0xfc00) != 0xd800)
		return put_code(to, (u32)code);
	if (json->end - json->at < 2 || json->at[0] != '\\' || json->at[1] != 'u')
		return NULL;
	json->at += 2;
	int low = json_unit(json);
	if (low < 0 || (low & 0xfc00) != 0xdc00)
		return NULL;
	return put_code(to, 0x10000u + (((u32)code & 0x3ff) << 10) + ((u32)low & 0x3ff));
}
