/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The kernel's own file systems. Where one is not mounted it is opened all the same: as a mount of
 * ours alone that no directory shows, so nothing on the host changes.
 */
#ifndef TELOVIX_FACTS_FS_H
#define TELOVIX_FACTS_FS_H

#include <stddef.h>

enum facts_fs { FACTS_TRACEFS, FACTS_DEBUGFS, FACTS_SECURITYFS, FACTS_FS_COUNT };

/* A file's text, ended by NUL and without blanks at its end. Its length, or a negative errno. */
long facts_read(enum facts_fs fs, const char *path, char *buf, size_t size);

/* The same of any file, by its full path. */
long facts_read_file(const char *path, char *buf, size_t size);

/* A file whole, up to max bytes; free it. NULL: it can't be read. */
char *facts_read_whole(enum facts_fs fs, const char *path, size_t max, size_t *size);

/* Closes what was opened. */
void facts_fs_release(void);

#endif
