/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Functions of the running kernel by name: /proc/kallsyms, read when first asked for and let go of
 * after a burst of resolving (3 to 5 MB).
 */
#ifndef TELOVIX_FACTS_SYMBOLS_H
#define TELOVIX_FACTS_SYMBOLS_H

#include <stddef.h>

/* How many functions have the name; -1 when the list can't be read. */
int symbols_count(const char *name);

/* The name most like it, for messages; empty when none is near. */
void symbols_nearest(const char *name, char *buf, size_t size);

/* Every name once, in the kernel's order, until fn returns other than 0. Negative errno: no list.
 */
int symbols_each(int (*fn)(const char *name, void *arg), void *arg);

/* Those that can be traced, by the kernel's own list; all when there is no such list. */
int symbols_each_traceable(int (*fn)(const char *name, void *arg), void *arg);

void symbols_release(void);

#endif
