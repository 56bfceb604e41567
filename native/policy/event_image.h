/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The file a process has mapped, or the program it runs, opened for reading. Whoever is watched
 * chooses what lies there: nothing is asked of a file system before it is known to answer by
 * itself.
 */
#ifndef TELOVIX_EVENT_IMAGE_H
#define TELOVIX_EVENT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc.h"

struct image {
	const struct proc *proc;
	const char *path; /* in the process's mount namespace; no NUL at its end */
	size_t path_len;
	/* As the kernel has them in its inode; from a local file system only (TX_PARG_LOCAL). */
	uint32_t device;
	uint64_t inode;
	uint64_t start, end; /* of the mapping; end 0: the process's program */
};

/* What tells one content of a file from another. */
struct image_mark {
	uint64_t device, inode, changed; /* the last in ns */
};

/* A descriptor that leads to the file and is not open yet; -1 when it is nowhere to be found. */
int image_find(const struct image *image, struct image_mark *mark);

/* What image_find gave, opened for reading; -1 when it can't be. */
int image_open(int found);

/* Whether a file that is not open yet lies on a block device. Its file system is not asked. */
bool image_on_disk(int found);

#endif
