/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * act: one program that does one small thing and tells what became of it, so that a policy's events
 * and effects can be held against the truth.
 *
 *   act [MODIFIER…] ACTION ARG…  [+ [MODIFIER…] ACTION ARG…]…
 *   act batch FILE               one such run a line, tokens separated by tabs, the first being its
 * id
 *
 * A run happens in a child of its own. One line of JSON says how it went:
 * {"id":…,"pid":…,"ret":…,"errno":…,"signal":…,"extra":{…}}; ret and errno are those of the last
 * action, -2 when it never came back; signal is the one that ended the run, or 0.
 */
#ifndef TELOVIX_ACT_H
#define TELOVIX_ACT_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* Where the child reports. Kept over exec; far from what any action opens. */
#define REPORT_FD 200
#define EXTRA_MAX 400

enum report_kind {
	REPORT_PID,    /* by who goes on with the run; the kernel says who that is */
	REPORT_SIGNAL, /* who went on with the run was ended by this signal */
	REPORT_END,    /* the actions came back */
};

struct report {
	int kind;
	int number;
	long ret;
	int err;
	char extra[EXTRA_MAX];
};

/* `count` tokens follow the name. Returns as system calls do in libc: -1 and errno. */
struct action {
	const char *name;
	int count;
	long (*run)(char **args);
};

extern const struct action call_actions[], file_actions[], net_actions[], kernel_actions[],
	user_actions[], map_actions[], away_actions[];

void report(int kind, int number, long ret, int err);
/* Adds members to "extra" of the report: text of JSON without braces. */
void extra(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Runs all tokens in this process and reports. Never comes back. */
void run_child(char **tokens) __attribute__((noreturn));
/* Applies one MODIFIER; false when the token is none. Ends the process when it cannot be done. */
int modify(char ***tokens, int *times, int *thread);
/* The run goes on in a child; its parent waits for that and ends. */
void go_on_in_child(void);
/* A message on stderr, then the end. */
void fail(const char *what) __attribute__((noreturn));

static inline void must(int good, const char *what)
{
	if (!good)
		fail(what);
}

/* A number as C writes it: decimal, 0x, negative. */
static inline long number(const char *text)
{
	return (long)strtoull(text, NULL, 0);
}

#endif
