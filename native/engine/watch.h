/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The watched paths. */
#ifndef TELOVIX_WATCH_H
#define TELOVIX_WATCH_H

#include <stddef.h>
#include <stdint.h>

#define WATCH_MAX 1024

/* Builds the list: built in, then FILE's lines. */
int watch_load(const char *file);

/* Fills the kernel's trie with it. */
int watch_fill(int map_fd);

/*
 * The kernel's key for the directory that ends at the first slash from `from` on in an entry, into
 * TX_WATCH_PREFIX bytes. Returns where that directory ends, or 0 when there is none.
 */
size_t watch_above(uint32_t index, size_t from, char *key);

/* A number that changes with the list; the seed is mixed in. */
uint64_t watch_hash(uint64_t seed);

/* Text of the matched entry, as written in the list; "" for an index out of range. */
const char *watch_entry(uint32_t index);

/*
 * The kernel's match, done again in user space for paths that had to be cleaned of "..", "." and
 * "//" first. Returns the entry's index and its flags, or -1.
 */
int watch_match(const char *path, size_t len, uint32_t *flags);

/* Lexical clean-up in place: resolves "." and ".." and repeated slashes. Returns the new length. */
size_t watch_clean(char *path, size_t len);

#endif
