// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* System calls by name and number, against the headers of the machine where there are any. */
#include "calls_table.h"

#include <stdio.h>
#include <sys/syscall.h>

#include "unit.h"

static int number(const char *name, bool compat)
{
	return call_number(name, strlen(name), compat);
}

static void known(void)
{
	char name[CALL_NAME];

	CHECK(number("openat", false) == SYS_openat);
	CHECK(number("openat2", false) == SYS_openat2);
	CHECK(number("bpf", false) == SYS_bpf);
	CHECK(number("mseal", false) == 462);
	CHECK(number("ope", false) == -1);
	CHECK(number("", false) == -1);
	CHECK(number("read write", false) == -1);
	CHECK(number("socketcall", false) == -1);
#ifdef __x86_64__
	CHECK(number("open", false) == SYS_open);
	CHECK(number("openat", true) == 295);
	CHECK(number("execve", true) == 11);
	CHECK(number("socketcall", true) == 102);
	CHECK(call_name(11, true, name));
	CHECK_TEXT(name, "execve");
	CHECK(!call_name(335, false, name));
#endif
	CHECK(call_name(SYS_execve, false, name));
	CHECK_TEXT(name, "execve");
	CHECK(!call_name(-1, false, name));
	CHECK(!call_name(100000, false, name));
}

static void written(void)
{
	bool compat;

	CHECK(call_parse("sys_openat", 10, &compat) == SYS_openat && !compat);
	CHECK(call_parse("openat", 6, &compat) == SYS_openat);
	CHECK(call_parse(CALLS_MACHINE "/sys_openat", sizeof(CALLS_MACHINE) + 10, &compat) ==
		      SYS_openat &&
	      !compat);
	CHECK(call_parse("sparc/sys_openat", 16, &compat) == -2);
#ifdef __x86_64__
	CHECK(call_parse("i386/sys_openat", 15, &compat) == 295 && compat);
#endif
	CHECK(call_parse("sys_nothing", 11, &compat) == -1);
	CHECK(call_parse("sys_openat_and_more", 10, &compat) == SYS_openat);
	CHECK(call_elsewhere("sys_socketcall", 14) && call_elsewhere("sys_open", 8));
	CHECK(!call_elsewhere("sys_dupXXX", 10) && !call_elsewhere("sys_opendir", 8 + 3));
	CHECK_TEXT(call_bare(CALLS_PREFIX "sys_dup"), "dup");
	CHECK_TEXT(call_bare("__ia32_compat_sys_dup"), "dup");
	CHECK_TEXT(call_bare("sys_dup"), "dup");
	CHECK_TEXT(call_bare("dup"), "dup");
	CHECK_TEXT(call_bare(CALLS_PREFIX "other"), CALLS_PREFIX "other");
}

static int count_one(const char *name, int nr, void *arg)
{
	int *last = arg;

	CHECK(nr > *last);
	CHECK(strlen(name) > 1 && !strchr(name, ' '));
	*last = nr;
	return 0;
}

static int stop(const char *name, int nr, void *arg)
{
	(void)name;
	++*(int *)arg;
	return nr == 3;
}

static void each(void)
{
	int last = -1, seen = 0;

	CHECK(!calls_each(false, count_one, &last));
	CHECK(last >= 462);
	last = -1;
	CHECK(!calls_each(true, count_one, &last));
	CHECK(calls_each(false, stop, &seen) == 1 && seen == 4); /* both begin with number 0 */
}

#ifdef __x86_64__
/* Every "#define __NR_name number" of the header is in the table. */
static void header(const char *path, bool compat)
{
	FILE *f = fopen(path, "re");
	char line[256], name[CALL_NAME];
	int nr, seen = 0;

	if (!f) {
		printf("# skipped: no %s here\n", path);
		return;
	}
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "#define __NR_%39s %d", name, &nr) == 2) {
			CHECK(number(name, compat) == nr);
			seen++;
		}
	fclose(f);
	CHECK(seen > 300);
}
#endif

int main(void)
{
	known();
	written();
	each();
#ifdef __x86_64__
	header("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", false);
	header("/usr/include/x86_64-linux-gnu/asm/unistd_32.h", true);
#endif
	return unit_end("resolve_calls");
}
