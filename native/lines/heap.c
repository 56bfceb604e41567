// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Memory for what is remembered, in sizes of four steps to a doubling, each with a list of free
// places.
#include "lines.h"

enum { SMALLEST = 32, STEPS = 4, CLASSES = 48, PAGE = 65536, GROW_PAGES = 4 };

static u8 *lists[CLASSES];
static u8 *next, *limit;
u32 heap_used;

static u32 class_of(u32 size, u32 *rounded)
{
	u32 base = SMALLEST, class = 0;
	for (; base * 2 < size; base *= 2)
		class += STEPS;
	for (u32 step = base;; step += base / STEPS, class ++)
		if (step >= size) {
			*rounded = step;
			return class;
		}
}

u8 *heap_take(u32 size)
{
	u32 rounded, class = class_of(size, &rounded);
	heap_used += rounded;
	u8 *at = lists[class];
	if (at) {
		lists[class] = *(u8 **)at;
		return at;
	}
	// Readers take whole vectors, beyond an end too.
	while (limit - next < (ptrdiff_t)(rounded + SLACK)) {
		size_t pages = __builtin_wasm_memory_grow(0, GROW_PAGES);
		if (pages == (size_t)-1)
			__builtin_trap();
		if (!next)
			next = (u8 *)(pages * PAGE);
		limit = (u8 *)((pages + GROW_PAGES) * PAGE);
	}
	at = next;
	next += rounded;
	return at;
}

void heap_give(u8 *at, u32 size)
{
	u32 rounded, class = class_of(size, &rounded);
	heap_used -= rounded;
	*(u8 **)at = lists[class];
	lists[class] = at;
}
