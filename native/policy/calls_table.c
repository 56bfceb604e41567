// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "calls_table.h"

#include <stdio.h>
#include <string.h>

#ifdef __aarch64__
static const struct calls_run *const native_calls = calls_arm64;
/* 32-bit Arm has numbers of its own, which nobody has asked for yet. */
static const struct calls_run none[] = { { 0, NULL } };
static const struct calls_run *const compat_calls = none;
#else
static const struct calls_run *const native_calls = calls_x86_64;
static const struct calls_run *const compat_calls = calls_i386;
#endif

struct visit {
	const char *name;
	size_t length;
	int number;
};

/* fn gets names that end in a blank or in NUL. */
static int each_of(const struct calls_run *run, int (*fn)(const char *, size_t, int, void *),
		   void *arg)
{
	for (; run->names; run++) {
		int number = run->first;

		for (const char *at = run->names; *at; number++) {
			size_t length = strcspn(at, " ");
			int end = fn(at, length, number, arg);

			if (end)
				return end;
			at += length;
			at += *at == ' ';
		}
	}
	return 0;
}

static int each_raw(bool compat, int (*fn)(const char *, size_t, int, void *), void *arg)
{
	return each_of(compat ? compat_calls : native_calls, fn, arg);
}

static int same_name(const char *name, size_t length, int number, void *arg)
{
	struct visit *v = arg;

	if (length != v->length || memcmp(name, v->name, length))
		return 0;
	v->number = number;
	return 1;
}

int call_number(const char *name, size_t length, bool compat)
{
	struct visit v = { name, length, -1 };

	each_raw(compat, same_name, &v);
	return v.number;
}

static int same_number(const char *name, size_t length, int number, void *arg)
{
	struct visit *v = arg;

	if (number != v->number)
		return 0;
	v->name = name;
	v->length = length;
	return 1;
}

bool call_name(int number, bool compat, char *name)
{
	struct visit v = { .number = number };

	if (!each_raw(compat, same_number, &v) || v.length >= CALL_NAME)
		return false;
	memcpy(name, v.name, v.length);
	name[v.length] = 0;
	return true;
}

struct each {
	int (*fn)(const char *, int, void *);
	void *arg;
};

static int hand_on(const char *name, size_t length, int number, void *arg)
{
	struct each *e = arg;
	char text[CALL_NAME];

	snprintf(text, sizeof(text), "%.*s", (int)length, name);
	return e->fn(text, number, e->arg);
}

int calls_each(bool compat, int (*fn)(const char *name, int number, void *arg), void *arg)
{
	struct each e = { fn, arg };

	return each_raw(compat, hand_on, &e);
}

const char *call_bare(const char *text)
{
	static const char *const prefixes[] = { CALLS_PREFIX, "__ia32_compat_", "__ia32_",
						"compat_" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t n = strlen(prefixes[i]);

		if (!strncmp(text, prefixes[i], n) && !strncmp(text + n, "sys_", 4))
			return text + n + 4;
	}
	return strncmp(text, "sys_", 4) ? text : text + 4;
}

int call_parse(const char *text, size_t length, bool *compat)
{
	char name[CALL_NAME + 32];
	const char *slash, *bare;

	*compat = false;
	if (length >= sizeof(name))
		return -1;
	memcpy(name, text, length);
	name[length] = 0;
	slash = strchr(name, '/');
	if (slash && !strncmp(name, "i386/", 5))
		*compat = true;
	else if (slash && strncmp(name, CALLS_MACHINE "/", sizeof(CALLS_MACHINE)))
		return -2;
	bare = call_bare(slash ? slash + 1 : name);
	return call_number(bare, strlen(bare), *compat);
}

bool call_elsewhere(const char *text, size_t length)
{
	/* What arm64 has x86 has, too. */
	static const struct calls_run *const tables[] = { calls_x86_64, calls_i386 };
	char name[CALL_NAME + 32];
	struct visit v = { .number = -1 };

	if (length >= sizeof(name))
		return false;
	memcpy(name, text, length);
	name[length] = 0;
	v.name = call_bare(name);
	v.length = strlen(v.name);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		each_of(tables[i], same_name, &v);
	return v.number >= 0;
}
