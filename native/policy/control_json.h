/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Small JSON files that others write for us, read strictly: one value, no member twice (the caller
 * sees to that), nothing behind it. A reader that has failed gives nothing more.
 */
#ifndef TELOVIX_CONTROL_JSON_H
#define TELOVIX_CONTROL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_READ_DEPTH 8

struct json_read {
	const char *at, *end;
	const char *error; /* a phrase; NULL: none */
	int depth;
	bool first[JSON_READ_DEPTH]; /* nothing of this object or array was read yet */
};

static inline struct json_read json_read_from(const char *text, size_t len)
{
	return (struct json_read){ .at = text, .end = text + len };
}

/* Opens an object ('{') or array ('['). */
bool json_read_open(struct json_read *r, char bracket);

/* The next member's key, cut to nothing: a longer one is an error. False at the object's end. */
bool json_read_key(struct json_read *r, char *key, size_t size);

/* True when the array has one more value. */
bool json_read_item(struct json_read *r);

/* UTF-8 ended by NUL; *len without it. */
bool json_read_string(struct json_read *r, char *buf, size_t size, size_t *len);
bool json_read_unsigned(struct json_read *r, uint64_t most, uint64_t *v);
bool json_read_bool(struct json_read *r, bool *v);

/* Sets the error unless one is set. False. */
bool json_read_fail(struct json_read *r, const char *error);

/* True when all was read and nothing was wrong. */
bool json_read_end(struct json_read *r);

#endif
