/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The operations that are timed and counted. Each succeeds or ends the program. */
#ifndef TELOVIX_BENCH_OPS_H
#define TELOVIX_BENCH_OPS_H

#include <stdint.h>

/* Keeps this process and its children on the last CPU: a migration would be in the figures of
 * whoever happened to watch then. */
void ops_stay(void);
/* Finds the tiny program beside this one. */
void ops_exec_ready(void);
/* fork, exec of the tiny program, wait. */
void ops_exec(void);
/* The same with vfork: cheaper, where the rate counts and not the time. */
void ops_exec_quick(void);

/* The file must be there: making it would be one open more than is counted. */
void ops_open_ready(const char *path);
/* open for reading, close. */
void ops_open(const char *path);

/* Listens on 127.0.0.1. */
void ops_connect_ready(void);
/* TCP connect to that listener and close. The time of both in ns; what comes before and after (a
 * socket, accept, the other end's close) is not in it. */
uint64_t ops_connect(void);

#endif
