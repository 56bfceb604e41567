// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "json_check.h"

#include <string.h>

struct cursor {
	const unsigned char *at, *end;
};

static bool value(struct cursor *c, int depth);

static bool take(struct cursor *c, char wanted)
{
	if (c->at < c->end && *c->at == (unsigned char)wanted) {
		c->at++;
		return true;
	}
	return false;
}

static bool is_hex(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool escape(struct cursor *c)
{
	if (c->at >= c->end)
		return false;
	if (*c->at == 'u') {
		if (c->end - c->at < 5)
			return false;
		for (int i = 1; i <= 4; i++)
			if (!is_hex(c->at[i]))
				return false;
		c->at += 5;
		return true;
	}
	return *c->at && strchr("\"\\/bfnrt", *c->at++) != NULL;
}

static bool multibyte(struct cursor *c)
{
	unsigned char lead = *c->at++;
	int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
	unsigned point = lead & (0x3f >> more);

	if (lead < 0xc2 || lead > 0xf4 || c->end - c->at < more)
		return false;
	for (int i = 0; i < more; i++) {
		if ((*c->at & 0xc0) != 0x80)
			return false;
		point = point << 6 | (*c->at++ & 0x3f);
	}
	if ((more == 2 && point < 0x800) || (more == 3 && point < 0x10000))
		return false;
	return point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

static bool string(struct cursor *c)
{
	if (!take(c, '"'))
		return false;
	while (c->at < c->end) {
		if (take(c, '"'))
			return true;
		if (take(c, '\\')) {
			if (!escape(c))
				return false;
		} else if (*c->at >= 0x80) {
			if (!multibyte(c))
				return false;
		} else if (*c->at++ < 0x20) {
			return false;
		}
	}
	return false;
}

static bool number(struct cursor *c)
{
	const unsigned char *from;

	take(c, '-');
	from = c->at;
	while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
		c->at++;
	return c->at > from && (*from != '0' || c->at - from == 1);
}

static bool members(struct cursor *c, char close, bool keyed, int depth)
{
	if (take(c, close))
		return true;
	do {
		if (keyed && !(string(c) && take(c, ':')))
			return false;
		if (!value(c, depth + 1))
			return false;
	} while (take(c, ','));
	return take(c, close);
}

static bool word(struct cursor *c, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(c->end - c->at) < len || memcmp(c->at, text, len))
		return false;
	c->at += len;
	return true;
}

static bool value(struct cursor *c, int depth)
{
	if (depth > 32 || c->at >= c->end)
		return false;
	if (take(c, '{'))
		return members(c, '}', true, depth);
	if (take(c, '['))
		return members(c, ']', false, depth);
	if (*c->at == '"')
		return string(c);
	if (word(c, "true") || word(c, "false") || word(c, "null"))
		return true;
	return number(c);
}

bool json_valid(const char *text, size_t len)
{
	struct cursor c = { (const unsigned char *)text, (const unsigned char *)text + len };

	return value(&c, 0) && c.at == c.end;
}
