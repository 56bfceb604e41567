/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Processes and sockets that were there before us. */
#ifndef TELOVIX_EXISTING_H
#define TELOVIX_EXISTING_H

#include <stdint.h>

#include "events.h"

/* Reads the processes from the task iterator (or /proc where there is none); tells nothing. */
int existing_collect(int iter_task_fd);

/* One of those read, or NULL. */
const struct tx_proc *existing_find(uint32_t pid, uint64_t start);

/* Fills the process table with those read. */
void existing_track(void);

/* Lets the kernel side learn the owners of open sockets. */
void existing_sockets(int iter_task_file_fd);

/* Writes a process_exec line for each process read. */
void existing_tell(void);

/* The same for those read that the process table does not know by now. */
void existing_tell_missed(void);

#endif
