/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Logs go to stderr, one sentence a line; events never do. */
#ifndef TELOVIX_LOG_H
#define TELOVIX_LOG_H

void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An error a user must act on: what happened, then what to do about it. */
void log_failure(const char *hint, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
