/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A record from the ring, by type, to its family. */
#ifndef TELOVIX_DISPATCH_H
#define TELOVIX_DISPATCH_H

#include <stddef.h>

/* len is what the ring says; a record whose own lengths do not fit in it is a format loss. */
void dispatch_record(const void *record, size_t len);

#endif
