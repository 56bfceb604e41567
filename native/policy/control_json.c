// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "control_json.h"

#include <string.h>

bool json_read_fail(struct json_read *r, const char *error)
{
	if (!r->error)
		r->error = error;
	return false;
}

static void skip_blanks(struct json_read *r)
{
	while (r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at)
		r->at++;
}

static bool take(struct json_read *r, char c)
{
	skip_blanks(r);
	if (r->error || r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

bool json_read_open(struct json_read *r, char bracket)
{
	if (!take(r, bracket))
		return json_read_fail(r, bracket == '{' ? "an object is missing"
							: "an array is missing");
	if (r->depth == JSON_READ_DEPTH)
		return json_read_fail(r, "it is nested too deeply");
	r->first[r->depth++] = true;
	return true;
}

/* One more behind a comma, or the end. */
static bool more(struct json_read *r, char bracket)
{
	bool first;

	if (r->error || !r->depth)
		return false;
	first = r->first[r->depth - 1];
	if (take(r, bracket)) {
		r->depth--;
		return false;
	}
	r->first[r->depth - 1] = false;
	if (!first && !take(r, ','))
		return json_read_fail(r, "a comma or an end is missing");
	return true;
}

bool json_read_key(struct json_read *r, char *key, size_t size)
{
	size_t len;

	if (!more(r, '}') || !json_read_string(r, key, size, &len))
		return false;
	return take(r, ':') || json_read_fail(r, "a colon is missing");
}

bool json_read_item(struct json_read *r)
{
	return more(r, ']');
}

/* Four hexadecimal digits; -1: they are not. */
static int hex4(struct json_read *r)
{
	int v = 0;

	for (int i = 0; i < 4; i++, r->at++) {
		char c = r->at < r->end ? *r->at : 0;
		char low = c | 0x20;

		if (c >= '0' && c <= '9')
			v = v * 16 + c - '0';
		else if (low >= 'a' && low <= 'f')
			v = v * 16 + low - 'a' + 10;
		else
			return -1;
	}
	return v;
}

/* Behind "\u": a character, from one or two escapes. 0: not one, or one no text may hold. */
static uint32_t escaped(struct json_read *r)
{
	int high = hex4(r), low;

	if (high < 0xd800 || high > 0xdfff)
		return high > 0 ? high : 0;
	if (high > 0xdbff || r->end - r->at < 6 || r->at[0] != '\\' || r->at[1] != 'u')
		return 0;
	r->at += 2;
	low = hex4(r);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static size_t utf8(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = 0xc0 | c >> 6;
		out[1] = 0x80 | (c & 0x3f);
		return 2;
	}
	if (c < 0x10000) {
		out[0] = 0xe0 | c >> 12;
		out[1] = 0x80 | (c >> 6 & 0x3f);
		out[2] = 0x80 | (c & 0x3f);
		return 3;
	}
	out[0] = 0xf0 | c >> 18;
	out[1] = 0x80 | (c >> 12 & 0x3f);
	out[2] = 0x80 | (c >> 6 & 0x3f);
	out[3] = 0x80 | (c & 0x3f);
	return 4;
}

/* One character of a string into out; its bytes, 0: an error. */
static size_t character(struct json_read *r, char out[4])
{
	static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *known;
	uint32_t c;

	if ((unsigned char)*r->at < 0x20)
		return json_read_fail(r, "a control character stands in a text");
	if (*r->at != '\\') {
		out[0] = *r->at++;
		return 1;
	}
	if (++r->at == r->end)
		return json_read_fail(r, "a text has no end");
	if (*r->at != 'u') {
		known = *r->at ? strchr(plain, *r->at) : NULL;
		if (!known)
			return json_read_fail(r, "an escape is unknown");
		out[0] = meant[known - plain];
		r->at++;
		return 1;
	}
	r->at++;
	c = escaped(r);
	return c ? utf8(c, out) : json_read_fail(r, "an escape is no character");
}

bool json_read_string(struct json_read *r, char *buf, size_t size, size_t *len)
{
	if (!take(r, '"'))
		return json_read_fail(r, "a text is missing");
	*len = 0;
	while (r->at < r->end && *r->at != '"') {
		char out[4];
		size_t n = character(r, out);

		if (!n)
			return false;
		if (*len + n >= size)
			return json_read_fail(r, "a text is too long");
		memcpy(buf + *len, out, n);
		*len += n;
	}
	if (r->at == r->end)
		return json_read_fail(r, "a text has no end");
	r->at++;
	buf[*len] = 0;
	return true;
}

bool json_read_unsigned(struct json_read *r, uint64_t most, uint64_t *v)
{
	const char *from;

	skip_blanks(r);
	from = r->at;
	*v = 0;
	if (r->error)
		return false;
	for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
		uint64_t digit = *r->at - '0';

		if (*v > (most - digit) / 10 || digit > most)
			return json_read_fail(r, "a number is too great");
		*v = *v * 10 + digit;
	}
	if (r->at == from || (*from == '0' && r->at != from + 1))
		return json_read_fail(r, "a whole number is missing");
	if (r->at < r->end && strchr(".eE", *r->at) && *r->at)
		return json_read_fail(r, "a number is not whole");
	return true;
}

bool json_read_bool(struct json_read *r, bool *v)
{
	skip_blanks(r);
	for (int i = 0; i < 2 && !r->error; i++) {
		const char *word = i ? "true" : "false";
		size_t len = strlen(word);

		if ((size_t)(r->end - r->at) >= len && !memcmp(r->at, word, len)) {
			r->at += len;
			*v = i;
			return true;
		}
	}
	return json_read_fail(r, "true or false is missing");
}

bool json_read_end(struct json_read *r)
{
	skip_blanks(r);
	if (!r->error && (r->depth || r->at != r->end))
		json_read_fail(r, "something stands behind the end");
	return !r->error;
}
