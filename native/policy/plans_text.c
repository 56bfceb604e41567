// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Texts of a plan: each must be good for what it is used for. */
#include "plans_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy.h"

#define JSON_DEPTH 16

/* Bytes of the UTF-8 sequence at s (no overlong forms, no surrogates), 0 if it is none. */
static size_t sequence(const unsigned char *s, size_t len)
{
	size_t n = s[0] < 0xc2 || s[0] > 0xf4 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (!n || n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static bool utf8(const char *text, size_t len, enum plan_text_use use)
{
	/* json() looks at these itself. */
	bool any = use == PLAN_TEXT_ANY || use == PLAN_TEXT_TAGS || use == PLAN_TEXT_OBJECT;
	const unsigned char *s = (const unsigned char *)text, *end = s + len;

	while (s < end) {
		size_t n = *s < 0x80 ? 1 : sequence(s, end - s);

		if (!n || !*s)
			return false;
		if (!any && is_control(*s) && !(use == PLAN_TEXT_LINES && *s == '\n'))
			return false;
		s += n;
	}
	return true;
}

static bool symbol(const char *text, size_t len, bool event)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~' || (event && text[i] == '/'))
			return false;
	return !event || text[0] != '.';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A pointer may be indexed at once: "[1].next". */
static bool resolve(const char *text, size_t len)
{
	const char *at = text, *end = text + len;
	int steps = 0;

	while (at < end) {
		const char *from;

		if (++steps > TX_RESOLVE_STEPS)
			return false;
		if (*at == '[') {
			from = ++at;
			while (at < end && is_digit(*at))
				at++;
			if (at == from || at - from > 9 || at == end || *at++ != ']')
				return false;
			continue;
		}
		if (steps > 1 && *at++ != '.')
			return false;
		if (at == end || !is_letter(*at))
			return false;
		while (at < end && (is_letter(*at) || is_digit(*at)))
			at++;
	}
	return steps > 0;
}

/* Just behind the string that begins at at, or NULL. */
static const char *json_string_end(const char *at, const char *end)
{
	for (at++; at < end; at++) {
		if (*at == '"')
			return at + 1;
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at != '\\')
			continue;
		if (++at == end || !strchr("\"\\/bfnrtu", *at) || !*at)
			return NULL;
		for (int i = 0; *at == 'u' && i < 4; i++)
			if (end - at < 5 || !strchr("0123456789abcdefABCDEF", at[i + 1]) ||
			    !at[i + 1])
				return NULL;
	}
	return NULL;
}

static const char *json_scalar_end(const char *at, const char *end)
{
	static const char *const words[] = { "true", "false", "null" };
	const char *from;

	if (*at == '"')
		return json_string_end(at, end);
	for (int i = 0; i < 3; i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(end - at) >= n && !memcmp(at, words[i], n))
			return at + n;
	}
	if (*at == '-')
		at++;
	from = at;
	while (at < end && is_digit(*at))
		at++;
	return at == from || (*from == '0' && at - from > 1) ? NULL : at;
}

/*
 * One JSON array or object, without line ends: such text goes into lines as it is. No recursion:
 * what is open is a stack of brackets.
 */
static bool json(const char *text, size_t len, bool tags)
{
	enum { VALUE, FIRST, KEY, COLON, AFTER } want = VALUE;
	const char *at = text, *end = text + len;
	char close[JSON_DEPTH];
	int depth = 0;

	if (!len || *text != (tags ? '[' : '{'))
		return false;
	while (at < end) {
		char c = *at;

		if (c == ' ') {
			at++;
		} else if (want == FIRST && c != close[depth - 1]) {
			want = close[depth - 1] == '}' ? KEY : VALUE;
		} else if (want == FIRST || (want == AFTER && depth && c == close[depth - 1])) {
			depth--;
			want = AFTER;
			at++;
		} else if (want == AFTER) {
			if (!depth || c != ',')
				return false;
			want = close[depth - 1] == '}' ? KEY : VALUE;
			at++;
		} else if (want == COLON) {
			if (c != ':')
				return false;
			want = VALUE;
			at++;
		} else if (want == VALUE && (c == '{' || c == '[')) {
			if (depth == (tags ? 1 : JSON_DEPTH))
				return false;
			close[depth++] = c == '{' ? '}' : ']';
			want = FIRST;
			at++;
		} else {
			if ((want == KEY || tags) && c != '"')
				return false;
			at = json_scalar_end(at, end);
			if (!at)
				return false;
			want = want == KEY ? COLON : AFTER;
		}
	}
	return !depth && want == AFTER;
}

bool plan_text_good(const char *text, size_t len, enum plan_text_use use)
{
	if (!utf8(text, len, use))
		return false;
	switch (use) {
	case PLAN_TEXT_SYMBOL:
	case PLAN_TEXT_EVENT:
		return symbol(text, len, use == PLAN_TEXT_EVENT);
	case PLAN_TEXT_PATH:
		return text[0] == '/';
	case PLAN_TEXT_RESOLVE:
		return resolve(text, len);
	case PLAN_TEXT_TAGS:
	case PLAN_TEXT_OBJECT:
		return json(text, len, use == PLAN_TEXT_TAGS);
	default:
		return true;
	}
}

bool plan_text_fits(const struct plan *plan, struct tx_plan_text text)
{
	uint32_t count = plan->count[TX_PLAN_TEXT];

	if (!text.length)
		return !text.offset;
	return text.length <= count && text.offset <= count - text.length;
}

/* "hooks[].call": the record's number goes between the brackets. */
static void field_name(char *name, size_t size, const char *where, uint32_t index)
{
	size_t at = 0;

	for (; *where && at < size - 12; where++) {
		name[at++] = *where;
		if (*where == '[')
			at += snprintf(name + at, size - at, "%u", index);
	}
	name[at] = 0;
}

int plan_text_check(struct plan_check *c, struct tx_plan_text text, enum plan_text_use use,
		    uint32_t most, const char *where, uint32_t index)
{
	bool fits = plan_text_fits(c->plan, text);
	char name[64];

	if (fits && !text.length)
		return 0;
	if (fits && text.length <= most) {
		if (plan_spend(c, text.length))
			return -EINVAL;
		if (plan_text_good(plan_text(c->plan, text), text.length, use))
			return 0;
	}
	field_name(name, sizeof(name), where, index);
	if (!fits)
		return plan_refuse(c, "%s lies outside of the text", name);
	if (text.length > most)
		return plan_refuse(c, "%s has %u bytes, %u are the most", name, text.length, most);
	return plan_refuse(c, "%s is not a text that can be used there", name);
}
