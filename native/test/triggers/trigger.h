/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A trigger does one thing and prints its own truth, one JSON object a line:
 * {"test": name, "count": how many lines, "has": [texts all of which a line must contain]}
 * count -1 means one or more.
 */
#ifndef TELOVIX_TRIGGER_H
#define TELOVIX_TRIGGER_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOME -1

static inline void print_quoted(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

/* pid 0: any process. The texts end with NULL. */
static inline void truth(const char *test, int count, int pid, ...)
{
	const char *text;
	char who[64];
	va_list args;

	printf("{\"test\":");
	print_quoted(test);
	printf(",\"count\":%d,\"has\":[", count);
	snprintf(who, sizeof(who), "\"process\":{\"exec_id\"");
	print_quoted(who);
	if (pid) {
		snprintf(who, sizeof(who), "\",\"pid\":%d,\"tid\":", pid);
		putchar(',');
		print_quoted(who);
	}
	va_start(args, pid);
	while ((text = va_arg(args, const char *))) {
		putchar(',');
		print_quoted(text);
	}
	va_end(args);
	printf("]}\n");
	fflush(stdout);
}

static inline char *text_of(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		exit(99);
	va_end(args);
	return text;
}

static inline void must(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "trigger: %s: %s\n", what, strerror(errno));
	exit(99);
}

static inline int wait_for(pid_t pid)
{
	int status = 0;

	must(waitpid(pid, &status, 0) == pid, "waitpid");
	return status;
}

#endif
