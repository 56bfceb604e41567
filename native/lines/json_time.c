// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Times as the engine writes them.
#include "lines.h"

enum { SECOND_LENGTH = 19, TIME_MAX = 40 };

static int is_digit(u8 byte)
{
	return byte >= '0' && byte <= '9';
}

static u32 two(const u8 *at)
{
	return (u32)(at[0] - '0') * 10 + (u32)(at[1] - '0');
}

// Days since 1970 of a date in the Gregorian calendar; NONE when there is no such day.
static u32 days_of(u32 year, u32 month, u32 day)
{
	static const u8 lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	if (year < 1970 || month < 1 || month > 12 || day < 1)
		return NONE;
	int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (day > (u32)lengths[month - 1] + (month == 2 && leap))
		return NONE;
	u32 before = year - 1;
	u32 days = (year - 1970) * 365 + (before / 4 - before / 100 + before / 400) - 477;
	for (u32 m = 1; m < month; m++)
		days += (u32)lengths[m - 1] + (m == 2 && leap);
	return days + day - 1;
}

// Of the last second that was asked for: lines come in order, most in the second of the one before.
static u8 second_text[SECOND_LENGTH + SLACK];
static u64 second_us;

static int read_second(const u8 *at)
{
	if (second_us && same_text(at, second_text, SECOND_LENGTH))
		return 1;
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";
	for (u32 i = 0; i < SECOND_LENGTH; i++)
		if (shape[i] == 'd' ? !is_digit(at[i]) : at[i] != (u8)shape[i])
			return 0;
	u32 days = days_of(two(at) * 100 + two(at + 2), two(at + 5), two(at + 8));
	u32 hour = two(at + 11), minute = two(at + 14), second = two(at + 17);
	if (days == NONE || hour > 23 || minute > 59 || second > 59)
		return 0;
	u64 seconds = (u64)days * 86400 + hour * 3600 + minute * 60 + second;
	if (!seconds)
		return 0;
	second_us = seconds * 1000000;
	__builtin_memcpy(second_text, at, SECOND_LENGTH);
	return 1;
}

int json_micros(struct json *json, u64 *us)
{
	struct text text;
	if (!json_string(json, &text, TIME_MAX))
		return 0;
	if (text.length <= SECOND_LENGTH || text.at[text.length - 1] != 'Z' ||
	    !read_second(text.at))
		return json_odd(json);
	u64 micros = 0;
	if (text.length > SECOND_LENGTH + 1) {
		u32 digits = text.length - SECOND_LENGTH - 2;
		if (text.at[SECOND_LENGTH] != '.' || digits < 1 || digits > 9)
			return json_odd(json);
		for (u32 i = 0; i < 9; i++) {
			u8 byte = i < digits ? text.at[SECOND_LENGTH + 1 + i] : '0';
			if (!is_digit(byte))
				return json_odd(json);
			if (i < 6)
				micros = micros * 10 + (byte - '0');
		}
	}
	*us = second_us + micros;
	return 1;
}
