/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The table of observed system calls: names, argument layouts, numbers per ABI. */
#ifndef TELOVIX_SYSCALLS_H
#define TELOVIX_SYSCALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "events.h"

struct sysinfo_row {
	const char *name;   /* as in function_name */
	const char *layout; /* one letter per argument: i int, z size, s string, - left out */
};

/* Never NULL for ids the kernel side can send; NULL otherwise. */
const struct sysinfo_row *syscall_row(uint32_t id);

/* Fills the table of 2 * TX_SYSCALLS rows (union tx_sysrow) that the programs have. */
void syscalls_fill(uint64_t *table);

#endif
