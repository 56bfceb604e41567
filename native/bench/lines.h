/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a line of the engine is: of which event, of whom. By its text, for speed. */
#ifndef TELOVIX_BENCH_LINES_H
#define TELOVIX_BENCH_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum line_kind {
	LINE_EXEC,           /* process_exec of a child of the generator */
	LINE_FORK,           /* process_fork of such a child */
	LINE_EXIT,           /* process_exit of such a child */
	LINE_OPEN,           /* an open by the generator, told by the policy or sensor looked for */
	LINE_CONNECT,        /* a tcp_connect by the generator, told by the built-in sensor */
	LINE_POLICY_CONNECT, /* a connect by the generator, told by that policy */
	LINE_UNKNOWN, /* of a process whose birth and exec were lost: told, but not whose child */
	LINE_LOSS,    /* engine_loss */
	LINE_OTHER,
	LINE_KINDS
};

/* The names of the kinds, for JSON. */
extern const char *const line_names[LINE_KINDS];

/* Whose lines count, and the policy_name of those that tell opens. */
void lines_want(int pid, const char *policy);
enum line_kind line_kind(const char *line, size_t len);
/* The number in the string behind the first KEY, as in "seq":"12"; 0 when it is not there. */
uint64_t line_number(const char *line, size_t len, const char *key);

#endif
