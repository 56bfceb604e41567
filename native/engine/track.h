/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Keeps the process table in step with the records, and tells of every change. */
#ifndef TELOVIX_TRACK_H
#define TELOVIX_TRACK_H

#include "events.h"
#include "proc.h"

void track_exec(const struct tx_proc *e, const char *backend);
void track_fork(const struct tx_proc *e, const char *backend);
void track_exit(const struct tx_exit *e, const char *backend);

/* A process the iterator found; args come from /proc. Its entry; NULL when it was known. */
struct proc *track_existing(const struct tx_proc *e);

/* The strings of a process the iterator found; the script's name is not among those. */
struct proc_text *track_text(const struct tx_proc *e, const char *script, size_t script_len,
			     uint32_t *flags);

/* Whom a record belongs to. Never NULL unless memory is out: an unknown process is looked up. */
struct proc *track_owner(const struct tx_header *h);

/* True when the record's strings lie within it. */
bool track_valid(const struct tx_proc *e, size_t len);

#endif
