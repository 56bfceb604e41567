// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "dns.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define HEADER 12
#define NAME_TEXT 1024 /* 255 bytes, each at most \DDD */
#define DATA_TEXT 2048
#define POINTERS_MAX 64
#define DNS_OUT_MAX 16384

struct reader {
	const uint8_t *message;
	size_t len, at;
	bool bad; /* ran over the end or made no sense */
};

static unsigned take16(struct reader *r)
{
	unsigned v;

	if (r->bad || r->len - r->at < 2) {
		r->bad = true;
		return 0;
	}
	v = r->message[r->at] << 8 | r->message[r->at + 1];
	r->at += 2;
	return v;
}

static uint32_t take32(struct reader *r)
{
	uint32_t high = take16(r);

	return high << 16 | take16(r);
}

/* One label in presentation form: dots and backslashes escaped, other odd bytes as \DDD. */
static size_t write_label(char *out, const uint8_t *label, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = label[i];

		if (c == '.' || c == '\\') {
			out[n++] = '\\';
			out[n++] = c;
		} else if (c > 0x20 && c < 0x7f) {
			out[n++] = c;
		} else {
			n += snprintf(out + n, 5, "\\%03u", c);
		}
	}
	return n;
}

/*
 * A name, following compression pointers. Each must lead further back than the one before, so it
 * ends; total length is held to the 255 bytes of RFC 1035.
 */
static size_t take_name(struct reader *r, char out[NAME_TEXT])
{
	size_t at = r->at, n = 0, wire = 0, limit = r->at;
	bool jumped = false;
	int pointers = 0;

	while (!r->bad && at < r->len) {
		uint8_t c = r->message[at];

		if (!c) {
			if (!jumped)
				r->at = at + 1;
			if (!n)
				out[n++] = '.';
			out[n] = 0;
			return n;
		}
		if ((c & 0xc0) == 0xc0) {
			size_t target;

			if (at + 1 >= r->len || ++pointers > POINTERS_MAX)
				break;
			target = (c & 0x3f) << 8 | r->message[at + 1];
			if (!jumped)
				r->at = at + 2;
			if (target >= limit || target < HEADER)
				break;
			limit = target;
			at = target;
			jumped = true;
			continue;
		}
		wire += c + 1;
		if ((c & 0xc0) || at + 1 + c > r->len || wire > 254)
			break;
		if (n)
			out[n++] = '.';
		n += write_label(out + n, r->message + at + 1, c);
		at += c + 1;
	}
	r->bad = true;
	out[0] = 0;
	return 0;
}

static void write_type(struct json *j, unsigned type)
{
	static const struct {
		unsigned type;
		const char *name;
	} names[] = { { 1, "A" },      { 2, "NS" },     { 5, "CNAME" },  { 6, "SOA" },
		      { 12, "PTR" },   { 15, "MX" },    { 16, "TXT" },   { 28, "AAAA" },
		      { 33, "SRV" },   { 35, "NAPTR" }, { 39, "DNAME" }, { 41, "OPT" },
		      { 43, "DS" },    { 46, "RRSIG" }, { 47, "NSEC" },  { 48, "DNSKEY" },
		      { 50, "NSEC3" }, { 52, "TLSA" },  { 64, "SVCB" },  { 65, "HTTPS" },
		      { 99, "SPF" },   { 252, "AXFR" }, { 255, "ANY" },  { 257, "CAA" } };
	char text[16];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == type) {
			json_key_string(j, "type", names[i].name);
			return;
		}
	snprintf(text, sizeof(text), "TYPE%u", type);
	json_key_string(j, "type", text);
}

static size_t text_strings(const uint8_t *data, size_t len, char *out)
{
	size_t n = 0;

	/* Character strings joined; json_string deals with whatever bytes are in them. */
	for (size_t at = 0; at < len; at += data[at] + 1) {
		size_t part = data[at];

		if (at + 1 + part > len)
			part = len - at - 1;
		if (n + part > DATA_TEXT)
			part = DATA_TEXT - n;
		memcpy(out + n, data + at + 1, part);
		n += part;
	}
	return n;
}

/* Data of types we have no form for, as RFC 3597 writes it. */
static size_t generic_data(const uint8_t *data, size_t len, char *out)
{
	size_t n = snprintf(out, 32, "\\# %zu ", len);

	for (size_t i = 0; i < len && i < 256; i++)
		n += snprintf(out + n, 3, "%02x", data[i]);
	return n;
}

static size_t answer_data(struct reader *r, unsigned type, size_t len, char out[DATA_TEXT + 32])
{
	struct reader in = *r; /* names inside may point anywhere back in the message */
	const uint8_t *data = r->message + r->at;
	size_t n = 0;

	switch (type) {
	case 1:
	case 28:
		if (len != (type == 1 ? 4u : 16u))
			break;
		inet_ntop(type == 1 ? AF_INET : AF_INET6, data, out, INET6_ADDRSTRLEN);
		return strlen(out);
	case 2:
	case 5:
	case 12:
	case 39:
		n = take_name(&in, out);
		break;
	case 15:
		n = sprintf(out, "%u ", take16(&in));
		n += take_name(&in, out + n);
		break;
	case 33:
		n = sprintf(out, "%u ", take16(&in));
		n += sprintf(out + n, "%u ", take16(&in));
		n += sprintf(out + n, "%u ", take16(&in));
		n += take_name(&in, out + n);
		break;
	case 16:
	case 99:
		return text_strings(data, len, out);
	default:
		return generic_data(data, len, out);
	}
	/* The name must end where the data does. */
	if (in.bad || in.at > r->at + len || !n)
		return generic_data(data, len, out);
	return n;
}

static void write_question(struct json *j, struct reader *r)
{
	char name[NAME_TEXT];
	size_t n = take_name(r, name);
	unsigned type = take16(r);

	take16(r); /* class */
	if (r->bad)
		return;
	json_comma(j);
	json_open(j, '{');
	json_key_bytes(j, "name", name, n);
	write_type(j, type);
	json_close(j, '}');
}

static void write_answer(struct json *j, struct reader *r)
{
	char name[NAME_TEXT], data[DATA_TEXT + 32];
	size_t n = take_name(r, name), data_len;
	unsigned type = take16(r), len;
	uint32_t ttl;

	take16(r); /* class */
	ttl = take32(r);
	len = take16(r);
	if (r->bad || r->len - r->at < len) {
		r->bad = true;
		return;
	}
	data_len = answer_data(r, type, len, data);
	r->at += len;
	json_comma(j);
	json_open(j, '{');
	json_key_bytes(j, "name", name, n);
	write_type(j, type);
	json_key_unsigned(j, "ttl", ttl);
	json_key(j, "data");
	json_string(j, data, data_len, DATA_TEXT);
	json_close(j, '}');
}

void dns_write(struct json *j, const uint8_t *message, size_t len, bool cut)
{
	struct reader r = { .message = message, .len = len };
	unsigned id = take16(&r), flags = take16(&r);
	unsigned questions = take16(&r), answers = take16(&r), told;
	size_t rewind;

	/* Nobody sends more than one; what follows could not be found without reading them all. */
	r.bad = len < HEADER || questions > DNS_QUESTIONS_MAX;
	r.at = HEADER;
	json_key_unsigned(j, "id", id);
	rewind = j->len;
	json_key_unsigned(j, "rcode", flags & 15);
	json_key_array(j, "questions");
	for (unsigned i = 0; i < questions && !r.bad; i++)
		write_question(j, &r);
	json_close(j, ']');
	json_key_array(j, "answers");
	for (told = 0; told < answers && told < DNS_ANSWERS_MAX && !r.bad; told++) {
		/* Compression lets a small message name much: leave the rest of the line its room.
		 */
		if (j->len - rewind > DNS_OUT_MAX)
			break;
		write_answer(j, &r);
	}
	json_close(j, ']');
	/* Running over the end is no fault of a message we cut ourselves. */
	if (r.bad && !cut) {
		j->len = rewind;
		json_key_bool(j, "malformed", true);
		return;
	}
	if (told < answers || (flags & 0x200))
		cut = true;
	json_key_bool(j, "truncated", cut);
}
