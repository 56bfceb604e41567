/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What /proc tells of a process the kernel's records did not (or could not) describe. */
#ifndef TELOVIX_PROCFS_H
#define TELOVIX_PROCFS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "events.h"

/* Reads /proc/PID/name into buf; returns bytes or -1. */
ssize_t procfs_read(uint32_t pid, const char *name, char *buf, size_t size);
ssize_t procfs_link(uint32_t pid, const char *name, char *buf, size_t size);

/* Fills task from stat, status, ns and cgroup. False when the process is gone. */
bool procfs_task(uint32_t pid, struct tx_task *task);

/* Namespaces of pid 1: those of the host. */
void procfs_host_namespaces(uint32_t ns[TX_NS_COUNT]);

#endif
