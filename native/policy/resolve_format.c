// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "resolve_format.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECLARATION 256

/* Splits "char comm[16]" and "const char * name" into type words and name; brackets go to the type.
 */
static bool split(char *declaration, char *name, size_t size)
{
	char *bracket = strrchr(declaration, '['), *end, *from;
	char brackets[16] = "";

	/* "__data_loc char[] name": the brackets are with the type already. */
	if (bracket && bracket[strcspn(bracket, "]")] == ']' &&
	    !bracket[strcspn(bracket, "]") + 1]) {
		snprintf(brackets, sizeof(brackets), "[]");
		*bracket = 0;
	}
	end = declaration + strlen(declaration);
	while (end > declaration && isspace((unsigned char)end[-1]))
		*--end = 0;
	for (from = end;
	     from > declaration && (isalnum((unsigned char)from[-1]) || from[-1] == '_');)
		from--;
	if (from == end || from == declaration)
		return false;
	snprintf(name, size, "%s", from);
	snprintf(from, brackets[0] ? 3 : 1, "%s", brackets);
	return true;
}

static void locate(const char *words, const struct format_field *f, struct shape *s)
{
	shape_from_words(words, f->size, false, s);
	if (s->kind != SHAPE_ARRAY)
		return;
	s->kind = SHAPE_LOCATION;
	s->count = 0;
}

/* "\tfield:TYPE NAME;\toffset:N;\tsize:N;\tsigned:N;" */
static bool parse_field(const char *line, struct format_field *f)
{
	static const char data_loc[] = "__data_loc ", rel_loc[] = "__rel_loc ";
	const char *end = strchr(line, ';');
	char declaration[DECLARATION];
	unsigned is_signed = 0;

	if (!end || (size_t)(end - line) >= sizeof(declaration) - 3)
		return false;
	snprintf(declaration, sizeof(declaration), "%.*s", (int)(end - line), line);
	if (sscanf(end, "; offset:%u; size:%u; signed:%u", &f->offset, &f->size, &is_signed) < 2)
		return false;
	if (f->offset > FORMAT_BYTES || f->size > FORMAT_BYTES)
		return false;
	if (!split(declaration, f->name, sizeof(f->name)))
		return false;
	if (!strncmp(declaration, data_loc, strlen(data_loc)))
		locate(declaration + strlen(data_loc), f, &f->shape);
	else if (!strncmp(declaration, rel_loc, strlen(rel_loc)))
		memset(&f->shape, 0,
		       sizeof(f->shape)); /* unknown: seen in users' own events only */
	else
		shape_from_words(declaration, f->size, is_signed, &f->shape);
	return true;
}

/*
 * Policies count fields with the four that every tracepoint has. Real-time kernels have one more
 * (common_preempt_lazy_count), which would make another field of every number.
 */
static bool is_further_common(const struct format_field *f)
{
	static const char *const common[] = { "common_type", "common_flags", "common_preempt_count",
					      "common_pid" };

	if (strncmp(f->name, "common_", 7))
		return false;
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (!strcmp(f->name, common[i]))
			return false;
	return true;
}

int format_parse(const char *text, struct format *format)
{
	bool seen = false;

	memset(format, 0, sizeof(*format));
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += strspn(line, " \t\n");
		if (!strncmp(line, "ID:", 3))
			format->id = strtoul(line + 3, NULL, 10);
		else if (!strncmp(line, "format:", 7))
			seen = true;
		else if (!strncmp(line, "print fmt:", 10))
			break;
		else if (!strncmp(line, "field:", 6) && format->count < FORMAT_FIELDS) {
			struct format_field *f = &format->field[format->count++];

			/* One that can't be read keeps its place in the count. */
			if (!parse_field(line + 6, f))
				memset(f, 0, sizeof(*f));
			else if (is_further_common(f))
				format->count--;
		}
	}
	return seen && format->id ? 0 : -EINVAL;
}
