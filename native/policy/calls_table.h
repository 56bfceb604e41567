/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Names and numbers of system calls, of this machine's ABI and of its 32-bit one. */
#ifndef TELOVIX_CALLS_TABLE_H
#define TELOVIX_CALLS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#define CALL_NAME 40 /* bytes of the longest name, its end included */

/* Names of the calls from number first on, with a blank between two. */
struct calls_run {
	int first;
	const char *names; /* NULL: end of the table */
};

extern const struct calls_run calls_x86_64[], calls_i386[], calls_arm64[];

#ifdef __aarch64__
#define CALLS_MACHINE "arm64"
#define CALLS_PREFIX "__arm64_"
#else
#define CALLS_MACHINE "x64"
#define CALLS_PREFIX "__x64_"
#endif

/* "openat", without "sys_"; length bytes of it. Its number, or -1. compat: of the 32-bit ABI. */
int call_number(const char *name, size_t length, bool compat);

/* The name of a number into name (CALL_NAME bytes); false when there is none. */
bool call_name(int number, bool compat, char *name);

/*
 * As policies write it: "sys_openat", "openat", "x64/sys_openat", "i386/sys_openat". The number, -1
 * when there is no such call, -2 when it is one of another machine.
 */
int call_parse(const char *text, size_t length, bool *compat);

/* Written without a machine's name: a call of any machine we know. */
bool call_elsewhere(const char *text, size_t length);

/* Every call of the ABI, in order of number. Ends early with what fn returns when it is not 0. */
int calls_each(bool compat, int (*fn)(const char *name, int number, void *arg), void *arg);

/* The text behind "sys_", "__x64_sys_" and the like; text itself when nothing like that precedes.
 */
const char *call_bare(const char *text);

#endif
