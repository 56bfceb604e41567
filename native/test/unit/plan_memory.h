/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A sound plan, and checks of copies that end where memory ends. */
#ifndef TELOVIX_PLAN_MEMORY_H
#define TELOVIX_PLAN_MEMORY_H

#include <errno.h>
#include <sys/mman.h>

#include "../fuzz/sample.h"
#include "plans.h"
#include "unit.h"

#define ROOM (64 << 10)

static struct sample good;
static char *end; /* nothing can be read from here on */
static char why[256];

static inline void memory_open(void)
{
	char *memory =
		mmap(NULL, ROOM + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	end = memory + ROOM;
	mprotect(end, 4096, PROT_NONE);
	sample_make(&good);
}

static inline int check(const void *bytes, size_t size, struct plan *plan)
{
	char *at = end - (size + 7) / 8 * 8;

	why[0] = 0;
	memcpy(at, bytes, size);
	return plan_check(plan, at, size, why, sizeof(why));
}

#endif
