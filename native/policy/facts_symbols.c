// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "facts_symbols.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts_fs.h"
#include "hash.h"
#include "nearest.h"

#define NAME_MAX_BYTES 128 /* longer ones can't be named in a policy anyway */
#define LIST_MAX (32 << 20)

/* A symbol: a byte that counts, then the name and its NUL, one behind the other in arena. */
static struct {
	char *arena;
	uint32_t used, room;
	uint32_t *slots; /* offsets in arena plus one; 0: free */
	uint32_t mask, count;
	bool tried, good;
} list;

static uint32_t *slot_for(const char *name)
{
	uint32_t at = hash_bytes(HASH_SEED, name, strlen(name)) & list.mask;

	while (list.slots[at] && strcmp(list.arena + list.slots[at], name))
		at = (at + 1) & list.mask;
	return &list.slots[at];
}

/* The table never gets more than half full. */
static bool make_room(size_t length)
{
	if (list.used + length + 2 > list.room) {
		uint32_t room = list.room ? 2 * list.room : 1 << 20;
		char *larger = room <= LIST_MAX ? realloc(list.arena, room) : NULL;

		if (!larger)
			return false;
		list.arena = larger;
		list.room = room;
	}
	if (2 * list.count >= list.mask) {
		uint32_t size = list.slots ? 2 * (list.mask + 1) : 1 << 16;

		free(list.slots);
		list.slots = calloc(size, sizeof(*list.slots));
		if (!list.slots)
			return false;
		list.mask = size - 1;
		for (uint32_t at = 0; at < list.used; at += strlen(list.arena + at + 1) + 2)
			*slot_for(list.arena + at + 1) = at + 1;
	}
	return true;
}

static bool add(const char *name)
{
	size_t length = strlen(name);
	uint32_t *slot;

	if (!make_room(length))
		return false;
	slot = slot_for(name);
	if (*slot) {
		unsigned char *times = (unsigned char *)list.arena + *slot - 1;

		*times += *times < 255;
		return true;
	}
	list.arena[list.used] = 1;
	memcpy(list.arena + list.used + 1, name, length + 1);
	*slot = list.used + 1;
	list.used += length + 2;
	list.count++;
	return true;
}

/* Padding in front of functions, and BPF programs, have names as well. */
static bool is_function(char type, const char *name, const char *module)
{
	return strchr("tTwW", type) && strncmp(name, "__pfx_", 6) && strncmp(name, "__cfi_", 6) &&
	       strcmp(module, "[bpf]") && strncmp(module, "[__builtin", 10);
}

static bool load(void)
{
	char line[1024], name[NAME_MAX_BYTES], module[64], type;
	FILE *f;

	if (list.tried)
		return list.good;
	list.tried = true;
	f = fopen("/proc/kallsyms", "re");
	if (!f)
		return false;
	list.good = true;
	while (list.good && fgets(line, sizeof(line), f)) {
		module[0] = 0;
		if (sscanf(line, "%*x %c %127s %63s", &type, name, module) >= 2 &&
		    is_function(type, name, module))
			list.good = add(name);
	}
	fclose(f);
	list.good = list.good && list.count;
	return list.good;
}

int symbols_count(const char *name)
{
	uint32_t *slot;

	if (!load())
		return -1;
	slot = slot_for(name);
	return *slot ? (unsigned char)list.arena[*slot - 1] : 0;
}

int symbols_each(int (*fn)(const char *name, void *arg), void *arg)
{
	int err = 0;

	if (!load())
		return -ENOENT;
	for (uint32_t at = 0; !err && at < list.used; at += strlen(list.arena + at + 1) + 2)
		err = fn(list.arena + at + 1, arg);
	return err;
}

/* "name" or "name [module]", a line each. */
int symbols_each_traceable(int (*fn)(const char *name, void *arg), void *arg)
{
	size_t size;
	char *text = facts_read_whole(FACTS_TRACEFS, "available_filter_functions", LIST_MAX, &size);
	char *save = NULL;
	int err = 0;

	if (!text || !size) {
		free(text);
		return symbols_each(fn, arg);
	}
	for (char *line = strtok_r(text, "\n", &save); !err && line;
	     line = strtok_r(NULL, "\n", &save)) {
		line[strcspn(line, " \t")] = 0;
		err = fn(line, arg);
	}
	free(text);
	return err;
}

struct search {
	struct nearest nearest;
	size_t length;
	char *copy; /* the compiler's own: foo.isra.0, foo.constprop.0 */
	size_t size;
};

static int consider(const char *name, void *arg)
{
	struct search *s = arg;

	if (!strncmp(name, s->nearest.name, s->length) && name[s->length] == '.') {
		snprintf(s->copy, s->size, "%s", name);
		return 1;
	}
	nearest_try(&s->nearest, name);
	return 0;
}

void symbols_nearest(const char *name, char *buf, size_t size)
{
	struct search s = { nearest_to(name), strlen(name), buf, size };

	buf[0] = 0;
	if (!symbols_each(consider, &s))
		snprintf(buf, size, "%s", s.nearest.text);
}

void symbols_release(void)
{
	free(list.arena);
	free(list.slots);
	memset(&list, 0, sizeof(list));
}
