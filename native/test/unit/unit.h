/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef TELOVIX_UNIT_H
#define TELOVIX_UNIT_H

#include <stdio.h>
#include <string.h>

static int unit_failed;

#define CHECK(condition)                                                              \
	do {                                                                          \
		if (!(condition)) {                                                   \
			printf("not ok %s:%d: %s\n", __FILE__, __LINE__, #condition); \
			unit_failed = 1;                                              \
		}                                                                     \
	} while (0)

#define CHECK_TEXT(got, wanted)                                                                   \
	do {                                                                                      \
		if (strcmp(got, wanted)) {                                                        \
			printf("not ok %s:%d: got    %s\n       wanted %s\n", __FILE__, __LINE__, \
			       got, wanted);                                                      \
			unit_failed = 1;                                                          \
		}                                                                                 \
	} while (0)

static inline int unit_end(const char *name)
{
	if (!unit_failed)
		printf("ok unit %s\n", name);
	return unit_failed;
}

#endif
