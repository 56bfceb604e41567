/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The directory that holds the pins: a BPF file system, closed to all but root. */
#ifndef TELOVIX_BPFFS_H
#define TELOVIX_BPFFS_H

#include <stdbool.h>
#include <stddef.h>

#define BPFFS_PATH 512

/*
 * Opens and locks dir; mounts a BPF file system on it where there is none (make), or answers
 * -ENOENT. A descriptor, or a negative errno with the reason in words.
 */
int bpffs_open(const char *dir, bool make, char *reason, size_t room);

/* Calls for each name in order of the directory; stops at the first that is not 0, and gives it. */
int bpffs_each(int dir_fd, int (*each)(const char *name, void *arg), void *arg);

/* Removes the files whose names begin with prefix. How many. */
int bpffs_clear(int dir_fd, const char *prefix);

/* Unmounts what is mounted on dir, and removes it. */
void bpffs_unmount(const char *dir);

#endif
