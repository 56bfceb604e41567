/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * JSON into a fixed buffer. Whatever bytes come in, valid JSON in UTF-8 comes out. When the buffer
 * is full, `full` is set and nothing more is written: the caller drops the whole line.
 */
#ifndef TELOVIX_JSON_H
#define TELOVIX_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
	char *buf;
	size_t len, cap;
	bool full;
};

void json_raw(struct json *j, const char *text, size_t len);
void json_text(struct json *j, const char *text);

/* Quoted and escaped, at most max_out bytes between the quotes. False when it had to be cut. */
bool json_string(struct json *j, const char *text, size_t len, size_t max_out);

void json_open(struct json *j, char bracket);
void json_close(struct json *j, char bracket);
void json_comma(struct json *j); /* unless the last byte opened an object or array */
void json_key(struct json *j, const char *key);
void json_signed(struct json *j, int64_t value);
void json_unsigned(struct json *j, uint64_t value);

/* "key":value, with a comma before it where one is needed. */
void json_key_object(struct json *j, const char *key);
void json_key_array(struct json *j, const char *key);
void json_key_string(struct json *j, const char *key, const char *value);
void json_key_bytes(struct json *j, const char *key, const char *value, size_t len);
void json_key_signed(struct json *j, const char *key, int64_t value);
void json_key_unsigned(struct json *j, const char *key, uint64_t value);
void json_key_u64(struct json *j, const char *key, uint64_t value); /* as a string */
void json_key_bool(struct json *j, const char *key, bool value);
void json_base64(struct json *j, const char *bytes, size_t len);
void json_time(struct json *j, uint64_t unix_ns);

/* One path must fit whole when it is plain text; hostile bytes may grow sixfold and are cut. */
#define JSON_PATH_OUT 4608

#endif
