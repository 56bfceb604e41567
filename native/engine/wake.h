/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the engine waits for: records, a signal, the end of its lease. */
#ifndef TELOVIX_WAKE_H
#define TELOVIX_WAKE_H

#include <stdbool.h>
#include <sys/types.h>

#include "options.h"

/* Ends with the thread that started us. */
int wake_follow_parent(pid_t parent);

int wake_open(const struct options *o);
int wake_add_ring(int fd);

/* Waits a turn, or not at all. True when it is time to stop. */
bool wake_wait(bool at_once);

#endif
