// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "nearest.h"

#include <stdio.h>
#include <string.h>

#define NAME_BYTES 256

struct nearest nearest_to(const char *name)
{
	return (struct nearest){ .name = name, .best = strlen(name) < 8 ? 2 : 3 };
}

void nearest_try(struct nearest *n, const char *candidate)
{
	unsigned distance;

	if (!n->best || strlen(candidate) > NEAREST_TEXT)
		return;
	distance = nearest_distance(n->name, candidate, n->best - 1);
	if (distance >= n->best)
		return;
	n->best = distance;
	strcpy(n->text, candidate);
}

void nearest_add(const struct nearest *n, char *why, size_t why_size)
{
	size_t used = strlen(why);

	if (n->text[0])
		snprintf(why + used, why_size - used, NEAREST "%s)", n->text);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned nearest_distance(const char *a, const char *b, unsigned limit)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned rows[3][NAME_BYTES + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	if (la > NAME_BYTES || lb > NAME_BYTES || (la > lb ? la - lb : lb - la) > limit)
		return limit + 1;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *free = before, best = i;

		before = above;
		above = row;
		row = free;
		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]),
				       least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
			best = least(best, row[j]);
		}
		if (best > limit)
			return limit + 1;
	}
	return row[lb] > limit ? limit + 1 : row[lb];
}
