/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A record from the ring, by type, to its family. */
#ifndef TELOVIX_DISPATCH_H
#define TELOVIX_DISPATCH_H

#include <stddef.h>
#include <stdint.h>

/* len is what the ring says; a record whose own lengths do not fit in it is a format loss. */
void dispatch_record(const void *record, size_t len);

/* Calls of this engine itself that were left out here. */
uint64_t dispatch_own_calls(void);

#endif
