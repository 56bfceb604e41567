// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "json.h"

#include <string.h>
#include <time.h>

void json_raw(struct json *j, const char *text, size_t len)
{
	if (j->full || len > j->cap - j->len) {
		j->full = true;
		return;
	}
	memcpy(j->buf + j->len, text, len);
	j->len += len;
}

void json_text(struct json *j, const char *text)
{
	json_raw(j, text, strlen(text));
}

/* Length of the UTF-8 sequence at s (RFC 3629: no overlong forms, no surrogates), 0 if it is none.
 */
static size_t utf8_length(const unsigned char *s, size_t len)
{
	unsigned char c = s[0];

	if (c >= 0xc2 && c <= 0xdf)
		return len >= 2 && (s[1] & 0xc0) == 0x80 ? 2 : 0;
	if (c >= 0xe0 && c <= 0xef) {
		if (len < 3 || (s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80)
			return 0;
		if ((c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f))
			return 0;
		return 3;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		if (len < 4 || (s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80 ||
		    (s[3] & 0xc0) != 0x80)
			return 0;
		if ((c == 0xf0 && s[1] < 0x90) || (c == 0xf4 && s[1] > 0x8f))
			return 0;
		return 4;
	}
	return 0;
}

/* What one input byte or sequence becomes; returns the input bytes taken. */
static size_t escape_one(const unsigned char *s, size_t len, char out[8], size_t *out_len)
{
	static const char hex[] = "0123456789abcdef";
	size_t n;

	if (*s == '"' || *s == '\\') {
		out[0] = '\\';
		out[1] = *s;
		*out_len = 2;
		return 1;
	}
	if (*s == '\n' || *s == '\t' || *s == '\r') {
		out[0] = '\\';
		out[1] = *s == '\n' ? 'n' : *s == '\t' ? 't' : 'r';
		*out_len = 2;
		return 1;
	}
	if (*s < 0x20 || *s == 0x7f) {
		memcpy(out, "\\u00", 4);
		out[4] = hex[*s >> 4];
		out[5] = hex[*s & 15];
		*out_len = 6;
		return 1;
	}
	n = utf8_length(s, len);
	if (n) {
		memcpy(out, s, n);
		*out_len = n;
		return n;
	}
	memcpy(out, "\xef\xbf\xbd", 3);
	*out_len = 3;
	return 1;
}

bool json_string(struct json *j, const char *text, size_t len, size_t max_out)
{
	const unsigned char *s = (const unsigned char *)text, *end = s + len;
	size_t left = max_out;
	bool whole = true;

	json_raw(j, "\"", 1);
	while (s < end) {
		const unsigned char *plain = s;
		char out[8];
		size_t out_len, taken;

		while (s < end && *s >= 0x20 && *s < 0x7f && *s != '"' && *s != '\\')
			s++;
		if (s > plain) {
			size_t n = s - plain;

			whole = n <= left;
			if (!whole)
				n = left;
			json_raw(j, (const char *)plain, n);
			left -= n;
			if (!whole)
				break;
			continue;
		}
		taken = escape_one(s, end - s, out, &out_len);
		if (out_len > left) {
			whole = false;
			break;
		}
		json_raw(j, out, out_len);
		left -= out_len;
		s += taken;
	}
	json_raw(j, "\"", 1);
	return whole;
}

void json_comma(struct json *j)
{
	if (j->len && j->buf[j->len - 1] != '{' && j->buf[j->len - 1] != '[')
		json_raw(j, ",", 1);
}

void json_open(struct json *j, char bracket)
{
	json_raw(j, &bracket, 1);
}

void json_close(struct json *j, char bracket)
{
	json_raw(j, &bracket, 1);
}

void json_key(struct json *j, const char *key)
{
	json_comma(j);
	json_raw(j, "\"", 1);
	json_text(j, key);
	json_raw(j, "\":", 2);
}

void json_unsigned(struct json *j, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = '0' + value % 10;
		value /= 10;
	} while (value);
	json_raw(j, digits + at, sizeof(digits) - at);
}

void json_signed(struct json *j, int64_t value)
{
	if (value < 0)
		json_raw(j, "-", 1);
	json_unsigned(j, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void json_key_object(struct json *j, const char *key)
{
	json_key(j, key);
	json_raw(j, "{", 1);
}

void json_key_array(struct json *j, const char *key)
{
	json_key(j, key);
	json_raw(j, "[", 1);
}

void json_key_string(struct json *j, const char *key, const char *value)
{
	json_key_bytes(j, key, value, strlen(value));
}

void json_key_bytes(struct json *j, const char *key, const char *value, size_t len)
{
	json_key(j, key);
	json_string(j, value, len, JSON_PATH_OUT);
}

void json_key_signed(struct json *j, const char *key, int64_t value)
{
	json_key(j, key);
	json_signed(j, value);
}

void json_key_unsigned(struct json *j, const char *key, uint64_t value)
{
	json_key(j, key);
	json_unsigned(j, value);
}

void json_key_u64(struct json *j, const char *key, uint64_t value)
{
	json_key(j, key);
	json_raw(j, "\"", 1);
	json_unsigned(j, value);
	json_raw(j, "\"", 1);
}

void json_key_bool(struct json *j, const char *key, bool value)
{
	json_key(j, key);
	json_text(j, value ? "true" : "false");
}

void json_base64(struct json *j, const char *bytes, size_t len)
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *b = (const unsigned char *)bytes;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = b[i] << 16 | (i + 1 < len ? b[i + 1] << 8 : 0) |
			     (i + 2 < len ? b[i + 2] : 0);
		char out[4] = { set[v >> 18], set[v >> 12 & 63],
				i + 1 < len ? set[v >> 6 & 63] : '=',
				i + 2 < len ? set[v & 63] : '=' };

		json_raw(j, out, 4);
	}
}

static void two_digits(char *at, int value)
{
	at[0] = '0' + value / 10;
	at[1] = '0' + value % 10;
}

/* RFC 3339 in UTC with nanoseconds. The calendar part is kept for the second it was made for. */
void json_time(struct json *j, uint64_t unix_ns)
{
	static time_t cached_second = -1;
	static char text[] = "\"1970-01-01T00:00:00.000000000Z\"";
	time_t second = unix_ns / 1000000000;
	uint32_t ns = unix_ns % 1000000000;

	if (second != cached_second) {
		struct tm tm;
		int year;

		gmtime_r(&second, &tm);
		year = (tm.tm_year + 1900) % 10000;
		two_digits(text + 1, year / 100);
		two_digits(text + 3, year % 100);
		two_digits(text + 6, tm.tm_mon + 1);
		two_digits(text + 9, tm.tm_mday);
		two_digits(text + 12, tm.tm_hour);
		two_digits(text + 15, tm.tm_min);
		two_digits(text + 18, tm.tm_sec);
		cached_second = second;
	}
	for (int i = 29; i > 20; i--, ns /= 10)
		text[i] = '0' + ns % 10;
	json_raw(j, text, sizeof(text) - 1);
}
