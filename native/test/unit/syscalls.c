// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The kernel's table of calls: each number in its ABI's part, and nothing where nothing is done. */
#include "syscalls.h"

#include <string.h>
#include <sys/syscall.h>

#include "unit.h"

static uint64_t table[2 * TX_SYSCALLS];

static struct tx_sysdef at(uint32_t index)
{
	return (union tx_sysrow){ .word = table[index] }.def;
}

int main(void)
{
	uint32_t silent = 0;

	syscalls_fill(table);
	CHECK(at(SYS_openat).handler == TX_H_OPEN && at(SYS_openat).id == TX_S_OPENAT &&
	      at(SYS_openat).path[0] == 1 && at(SYS_openat).dirfd[0] == 0);
	CHECK(at(SYS_connect).handler == TX_H_CONNECT);
	CHECK(at(TX_SYSCALLS + 5).handler == TX_H_OPEN && at(TX_SYSCALLS + 5).id == TX_S_OPEN);
	/* A native number of which only the 32-bit call is looked at says so, and nothing else. */
	for (uint32_t i = 0; i < TX_SYSCALLS; i++) {
		bool compat = at(TX_SYSCALLS + i).handler;

		CHECK(!!(at(i).flags & TX_SF_COMPAT) == compat);
		if (at(i).handler)
			continue;
		CHECK(table[i] == (compat ? (uint64_t)TX_SF_COMPAT << 24 : 0));
		silent += !compat;
	}
	CHECK(silent > TX_SYSCALLS / 2);
	return unit_end("syscalls");
}
