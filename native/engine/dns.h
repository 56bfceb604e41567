/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* DNS messages, from hostile packets. */
#ifndef TELOVIX_DNS_H
#define TELOVIX_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"

#define DNS_QUESTIONS_MAX 4
#define DNS_ANSWERS_MAX 32

/*
 * Writes the members of a JSON object (id, rcode, questions, answers, truncated). cut: the message
 * was longer than what was copied. A message that makes no sense gives id and malformed.
 */
void dns_write(struct json *j, const uint8_t *message, size_t len, bool cut);

#endif
