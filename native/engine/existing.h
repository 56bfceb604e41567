/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Processes and sockets that were there before us. */
#ifndef TELOVIX_EXISTING_H
#define TELOVIX_EXISTING_H

struct bpf_program;

/* Fills the process table from the task iterator (or /proc where there is none); tells nothing. */
int existing_read(struct bpf_program *iter_task);

/* Lets the kernel side learn the owners of open sockets. */
void existing_sockets(struct bpf_program *iter_task_file);

/* Writes a process_exec line for each process read. */
void existing_tell(void);

#endif
