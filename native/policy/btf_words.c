// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Types as the formats of tracepoints write them, in C's words. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "btf_shape.h"
#include "plan.h"

/* Names of integers whose size the format does not state: it gives 8 for all of a system call. */
static const struct {
	const char *name;
	uint8_t width;
	bool is_signed;
} known[] = {
	{ "char", 1, true },
	{ "signed char", 1, true },
	{ "unsigned char", 1, false },
	{ "bool", 1, false },
	{ "u8", 1, false },
	{ "__u8", 1, false },
	{ "s8", 1, true },
	{ "short", 2, true },
	{ "unsigned short", 2, false },
	{ "u16", 2, false },
	{ "__u16", 2, false },
	{ "umode_t", 2, false },
	{ "int", 4, true },
	{ "unsigned", 4, false },
	{ "unsigned int", 4, false },
	{ "u32", 4, false },
	{ "__u32", 4, false },
	{ "s32", 4, true },
	{ "__s32", 4, true },
	{ "pid_t", 4, true },
	{ "uid_t", 4, false },
	{ "gid_t", 4, false },
	{ "qid_t", 4, false },
	{ "dev_t", 4, false },
	{ "mode_t", 4, false },
	{ "clockid_t", 4, true },
	{ "timer_t", 4, true },
	{ "mqd_t", 4, true },
	{ "key_serial_t", 4, true },
	{ "rwf_t", 4, true },
	{ "long", 8, true },
	{ "unsigned long", 8, false },
	{ "long long", 8, true },
	{ "unsigned long long", 8, false },
	{ "u64", 8, false },
	{ "__u64", 8, false },
	{ "s64", 8, true },
	{ "__s64", 8, true },
	{ "off_t", 8, true },
	{ "loff_t", 8, true },
	{ "size_t", 8, false },
	{ "ssize_t", 8, true },
};

static const char *const dropped[] = { "const", "volatile", "__user", "__rcu", "struct", "union" };

static bool is_dropped(const char *word, size_t length)
{
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		if (strlen(dropped[i]) == length && !memcmp(dropped[i], word, length))
			return true;
	return false;
}

/* Behind "__attribute__((…))", brackets counted. */
static const char *behind_attribute(const char *at, bool *user)
{
	const char *from = at + strlen("__attribute__");
	int depth = 0;

	for (at = from; *at; at++) {
		depth += (*at == '(') - (*at == ')');
		if (!depth && *at == ')') {
			at++;
			break;
		}
	}
	if (memmem(from, at - from, "user", 4))
		*user = true;
	return at;
}

/* Leaves the words that name the type, and counts its stars. */
static int normalise(const char *words, char *name, size_t size, bool *user)
{
	size_t used = 0;
	int stars = 0;

	name[0] = 0;
	while (*words) {
		size_t length = 0;

		if (!strncmp(words, "__attribute__", 13)) {
			words = behind_attribute(words, user);
			continue;
		}
		while (isalnum((unsigned char)words[length]) || words[length] == '_')
			length++;
		if (!length) {
			stars += *words++ == '*';
			continue;
		}
		if (length == 6 && !memcmp(words, "__user", 6))
			*user = true;
		if (!is_dropped(words, length) && used + length + 2 < size)
			used += snprintf(name + used, size - used, "%s%.*s", used ? " " : "",
					 (int)length, words);
		words += length;
	}
	return stars;
}

static void integer(const char *name, uint32_t size, bool is_signed, struct shape *s)
{
	static const uint8_t types[2][9] = {
		{ [1] = TX_ARG_UINT8,
		  [2] = TX_ARG_UINT16,
		  [4] = TX_ARG_UINT32,
		  [8] = TX_ARG_UINT64 },
		{ [1] = TX_ARG_INT8, [2] = TX_ARG_INT16, [4] = TX_ARG_INT, [8] = TX_ARG_INT64 },
	};

	s->kind = SHAPE_INTEGER;
	s->width = size > 8 ? 8 : size;
	s->is_signed = is_signed;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].name, name) && known[i].width <= size) {
			s->width = known[i].width;
			s->is_signed = known[i].is_signed;
		}
	s->type = !strcmp(name, "size_t") ? TX_ARG_SIZE : types[s->is_signed][s->width];
	if (!s->type) /* TX_ARG_NOP: a width no integer has */
		s->type = TX_ARG_AUTO;
}

void shape_from_words(const char *words, uint32_t size, bool is_signed, struct shape *s)
{
	const char *bracket = strchr(words, '[');
	char name[SHAPE_TEXT];
	int stars;

	memset(s, 0, sizeof(*s));
	s->type = TX_ARG_AUTO;
	stars = normalise(words, name, sizeof(name), &s->user);
	snprintf(s->of, sizeof(s->of), "%s", stars > 1 ? "*" : name);
	snprintf(s->words, sizeof(s->words), "%.60s%s", name,
		 stars > 1 ? " **"
		 : stars   ? " *"
		 : bracket ? " []"
			   : "");
	if (stars) {
		s->kind = SHAPE_POINTER;
		s->type = stars > 1               ? TX_ARG_AUTO
			  : !strcmp(name, "char") ? TX_ARG_STRING
						  : shape_object_type(name);
	} else if (bracket) {
		s->kind = SHAPE_ARRAY;
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (!strcmp(known[i].name, name))
				s->width = known[i].width;
		s->count = s->width ? size / s->width : 0;
		s->type = !strcmp(name, "char") ? TX_ARG_STRING : TX_ARG_CONST_BUF;
	} else {
		integer(name, size, is_signed, s);
	}
}
