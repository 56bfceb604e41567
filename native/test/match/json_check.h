/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A strict validator: one JSON value (RFC 8259) in valid UTF-8, nothing behind it. */
#ifndef TELOVIX_JSON_CHECK_H
#define TELOVIX_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

bool json_valid(const char *text, size_t len);

#endif
