// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "event_ksyms.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define SYMBOLS_MAX (512u << 10)
#define NAMES_MAX (16u << 20)
#define MODULES_MAX 512
#define FUNCTION_MAX (1u << 20) /* farther from its begin an address is in no function */
#define IDLE_NS (60 * NS_PER_S)
#define AGE_NS (600 * NS_PER_S) /* modules come and go */
#define READ_BYTES (64u << 10)

struct symbol {
	uint64_t address;
	uint32_t name, module; /* offsets in names; 0 is the empty text */
};

static struct {
	struct symbol *symbols;
	char *names;
	uint32_t count, room;
	uint32_t names_len, names_room;
	uint32_t modules[MODULES_MAX];
	uint32_t module_count;
	uint64_t loaded_at, used_at;
	bool tried;
} table;

void ksyms_free(void)
{
	free(table.symbols);
	free(table.names);
	memset(&table, 0, sizeof(table));
}

void ksyms_idle(uint64_t now)
{
	if (table.tried && now > table.used_at + IDLE_NS)
		ksyms_free();
}

static bool make_room(size_t name_len)
{
	if (table.names_len + name_len + 1 > table.names_room) {
		uint32_t room = table.names_room ? 2 * table.names_room : 1u << 20;
		char *larger = room <= NAMES_MAX ? realloc(table.names, room) : NULL;

		if (!larger)
			return false;
		table.names = larger;
		table.names_room = room;
	}
	if (table.count == table.room) {
		uint32_t room = table.room ? 2 * table.room : 32u << 10;
		struct symbol *larger =
			room <= SYMBOLS_MAX ? realloc(table.symbols, room * sizeof(*larger)) : NULL;

		if (!larger)
			return false;
		table.symbols = larger;
		table.room = room;
	}
	return true;
}

/* make_room has been called. */
static uint32_t add_name(const char *text, size_t len)
{
	uint32_t at = table.names_len;

	memcpy(table.names + at, text, len);
	table.names[at + len] = 0;
	table.names_len += len + 1;
	return at;
}

/* Modules are few, and come one behind the other. */
static uint32_t module_name(const char *text, size_t len)
{
	for (uint32_t i = table.module_count; i--;) {
		const char *known = table.names + table.modules[i];

		if (!strncmp(known, text, len) && !known[len])
			return table.modules[i];
	}
	if (table.module_count == MODULES_MAX || !make_room(len))
		return 0;
	table.modules[table.module_count] = add_name(text, len);
	return table.modules[table.module_count++];
}

static const char *hex(const char *at, const char *end, uint64_t *value)
{
	*value = 0;
	for (; at < end; at++) {
		int digit = *at >= '0' && *at <= '9'   ? *at - '0'
			    : *at >= 'a' && *at <= 'f' ? *at - 'a' + 10
						       : -1;

		if (digit < 0)
			break;
		*value = *value << 4 | digit;
	}
	return at;
}

/* "ffffffff81000000 T name", and for modules "\t[module]" behind it. False: the table is full. */
static bool add_line(const char *at, const char *end)
{
	const char *name, *tab, *module = NULL;
	struct symbol s = { 0 };

	at = hex(at, end, &s.address);
	if (end - at < 4 || at[0] != ' ' || at[2] != ' ' || !s.address || !strchr("tTwW", at[1]))
		return true;
	name = at + 3;
	tab = memchr(name, '\t', end - name);
	if (tab && end - tab > 3 && tab[1] == '[' && end[-1] == ']')
		module = tab + 2;
	if (!make_room((tab ? tab : end) - name))
		return false;
	s.name = add_name(name, (tab ? tab : end) - name);
	if (module)
		s.module = module_name(module, end - 1 - module);
	table.symbols[table.count++] = s;
	return true;
}

static void read_lines(int fd)
{
	char *buf = malloc(READ_BYTES);
	size_t have = 0;
	ssize_t n;

	while (buf && (n = read(fd, buf + have, READ_BYTES - have)) > 0) {
		char *at = buf, *end = buf + have + n, *line_end;

		while ((line_end = memchr(at, '\n', end - at))) {
			if (!add_line(at, line_end))
				goto out;
			at = line_end + 1;
		}
		have = end - at;
		if (have == READ_BYTES) /* no line is that long */
			break;
		memmove(buf, at, have);
	}
out:
	free(buf);
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

bool ksyms_load(const char *path, uint64_t now)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ksyms_free();
	table.tried = true;
	table.loaded_at = now;
	table.used_at = now;
	if (fd >= 0 && make_room(0)) {
		add_name("", 0);
		read_lines(fd);
		qsort(table.symbols, table.count, sizeof(*table.symbols), by_address);
	}
	if (fd >= 0)
		close(fd);
	return table.count > 0;
}

bool ksyms_find(uint64_t address, uint64_t now, const char **symbol, const char **module,
		uint64_t *offset)
{
	uint32_t low = 0, high;

	if (!table.tried || now > table.loaded_at + AGE_NS)
		ksyms_load("/proc/kallsyms", now);
	table.used_at = now;
	high = table.count;
	while (low < high) { /* the first one above address */
		uint32_t middle = low + (high - low) / 2;

		if (table.symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - table.symbols[low - 1].address >= FUNCTION_MAX)
		return false;
	*symbol = table.names + table.symbols[low - 1].name;
	*module = table.names + table.symbols[low - 1].module;
	*offset = address - table.symbols[low - 1].address;
	return true;
}
