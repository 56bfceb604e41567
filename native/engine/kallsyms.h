/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Addresses of the kernel's own variables. */
#ifndef TELOVIX_KALLSYMS_H
#define TELOVIX_KALLSYMS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Looks names up in a list as /proc/kallsyms is one. Address 0: not there, hidden from us, or there
 * more than once.
 */
void kallsyms_find(FILE *list, const char *const *names, uint64_t *addresses, size_t count);

#endif
