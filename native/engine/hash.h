/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* FNV-1a: tells builds and options apart; no defence against anyone. */
#ifndef TELOVIX_HASH_H
#define TELOVIX_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_SEED 0xcbf29ce484222325ULL

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	for (const unsigned char *at = bytes, *end = at + len; at < end; at++)
		hash = (hash ^ *at) * 0x100000001b3ULL;
	return hash;
}

#endif
