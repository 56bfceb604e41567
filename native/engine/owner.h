/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Whom the engine works for, by a file with "pid starttime": gone for good, nobody reads it. */
#ifndef TELOVIX_OWNER_H
#define TELOVIX_OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define OWNER_CHECK_NS (15 * 1000000000ULL)
#define OWNER_GRACE_S 600

void owner_watch(const char *pidfile, uint64_t grace_s, uint64_t now);

/* Looks, at most every 15 s. True when the owner has been gone for the whole grace. */
bool owner_gone(uint64_t now);

/* Its process id as last seen, 0 when it is gone or none is named. */
pid_t owner_pid(void);

#endif
