// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEAT_MAX 255 /* all counts of a pattern, multiplied: they may stand within each other */

/* The larger number of {n}, {n,} or {n,m}; at is behind the brace. */
static unsigned long most_of(const char *at)
{
	char *end;
	unsigned long least = strtoul(at, &end, 10);
	unsigned long most = *end == ',' ? strtoul(end + 1, NULL, 10) : 0;

	return most > least ? most : least;
}

static bool translate(const char *from, char *to, size_t size)
{
	unsigned long repeats = 1, most;
	size_t used = 0;

	for (; *from; from++) {
		const char *part = NULL;

		if (used + 8 > size)
			return false;
		if (*from == '{') {
			most = most_of(from + 1);
			if (most > REPEAT_MAX)
				return false;
			repeats *= most ? most : 1;
			if (repeats > REPEAT_MAX)
				return false;
		}
		if (*from == '\\') {
			if (from[1] >= '1' && from[1] <= '9')
				return false;
			part = from[1] == 'd' ? "[0-9]" : from[1] == 'D' ? "[^0-9]" : NULL;
			if (!part && from[1])
				to[used++] = *from++;
		}
		if (part) {
			used += snprintf(to + used, size - used, "%s", part);
			from++;
		} else {
			to[used++] = *from;
		}
	}
	to[used] = 0;
	return true;
}

bool pattern_compile(const char *pattern, regex_t *regex)
{
	char text[PATTERN_MAX * 4];

	return strlen(pattern) < PATTERN_MAX && translate(pattern, text, sizeof(text)) &&
	       !regcomp(regex, text, REG_EXTENDED | REG_NOSUB);
}
