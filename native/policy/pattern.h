/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Patterns of function names: POSIX extended regular expressions, as src/core/policy/build writes
 * them. */
#ifndef TELOVIX_PATTERN_H
#define TELOVIX_PATTERN_H

#include <regex.h>
#include <stdbool.h>

#define PATTERN_MAX 256 /* bytes, the NUL included */

/* False: it is none, or a short one that would cost much memory or time. Free with regfree. */
bool pattern_compile(const char *pattern, regex_t *regex);

#endif
