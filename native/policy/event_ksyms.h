/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Functions of the kernel by address, from /proc/kallsyms: read when the first stack trace asks,
 * kept while they keep coming (5 MB on a kernel with 120,000 functions), then let go of.
 */
#ifndef TELOVIX_EVENT_KSYMS_H
#define TELOVIX_EVENT_KSYMS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The function address lies in. module: "" for the kernel itself. The texts are good until the next
 * call. now: boot time.
 */
bool ksyms_find(uint64_t address, uint64_t now, const char **symbol, const char **module,
		uint64_t *offset);

/* Frees the table when nobody has asked for a minute. */
void ksyms_idle(uint64_t now);

/* Reads another file, for tests. False when it holds no address. */
bool ksyms_load(const char *path, uint64_t now);
void ksyms_free(void);

#endif
