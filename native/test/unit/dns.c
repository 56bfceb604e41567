// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "dns.h"

#include <stdlib.h>

#include "../match/json_check.h"
#include "unit.h"

static char buf[65536];

static const char *parsed(const char *message, size_t len, bool cut)
{
	struct json j = { .buf = buf, .cap = sizeof(buf) - 1 };

	json_open(&j, '{');
	dns_write(&j, (const uint8_t *)message, len, cut);
	json_close(&j, '}');
	buf[j.len] = 0;
	return buf;
}

#define PARSED(literal) parsed(literal, sizeof(literal) - 1, false)
#define HEAD(questions, answers) "\x12\x34\x81\x80\0" questions "\0" answers "\0\0\0\0"
#define ASK "\7example\3com\0\0\1\0\1"

static void good(void)
{
	CHECK_TEXT(PARSED(HEAD("\1", "\0") ASK), "{\"id\":4660,\"rcode\":0,\"questions\":[{"
						 "\"name\":\"example.com\",\"type\":\"A\"}],"
						 "\"answers\":[],\"truncated\":false}");
	CHECK(strstr(PARSED(HEAD("\1", "\1") ASK "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4"),
		     "\"ttl\":60,\"data\":\"1.2.3.4\""));
	CHECK(strstr(
		PARSED(HEAD("\1", "\1") ASK "\xc0\x0c\0\x0f\0\1\0\0\0\1\0\7\0\x0a\2mx\xc0\x0c"),
		"\"type\":\"MX\",\"ttl\":1,\"data\":\"10 mx.example.com\""));
	CHECK(strstr(PARSED(HEAD("\1", "\1") ASK "\xc0\x0c\0\x10\0\1\0\0\0\1\0\6\2ab\2\"\xff"),
		     "\"data\":\"ab\\\"\xef\xbf\xbd\""));
	CHECK(strstr(PARSED(HEAD("\1", "\0") "\3a.b\1\0\0\0\1\0\1"),
		     "\"name\":\"a\\\\.b.\\\\000\""));
	CHECK(strstr(PARSED(HEAD("\1", "\1") ASK "\xc0\x0c\0\x41\0\1\0\0\0\1\0\2\xab\xcd"),
		     "\"type\":\"HTTPS\",\"ttl\":1,\"data\":\"\\\\# 2 abcd\""));
}

static void hostile(void)
{
	/* a name that points at itself, forward, into the header */
	CHECK(strstr(PARSED(HEAD("\1", "\0") "\xc0\x0c\0\1\0\1"), "malformed"));
	CHECK(strstr(PARSED(HEAD("\1", "\0") "\xc0\x20\0\1\0\1"), "malformed"));
	CHECK(strstr(PARSED(HEAD("\1", "\0") "\xc0\x02\0\1\0\1"), "malformed"));
	/* a label over the end, a reserved label kind, too many questions, no header */
	CHECK(strstr(PARSED(HEAD("\1", "\0") "\x3f"
					     "abc"),
		     "malformed"));
	CHECK(strstr(PARSED(HEAD("\1", "\0") "\x80"
					     "a\0\0\1\0\1"),
		     "malformed"));
	CHECK(strstr(PARSED(HEAD("\xff", "\0") ASK), "malformed"));
	CHECK_TEXT(parsed("\x12\x34x", 3, false), "{\"id\":4660,\"malformed\":true}");
	CHECK_TEXT(parsed("", 0, false), "{\"id\":0,\"malformed\":true}");
	/* data longer than the message: malformed, unless we cut it ourselves */
	CHECK(strstr(PARSED(HEAD("\1", "\1") ASK "\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1"), "malformed"));
	CHECK(strstr(parsed(HEAD("\1", "\1") ASK, sizeof(HEAD("\1", "\1") ASK) - 1, true),
		     "\"truncated\":true"));
	/* an address of the wrong size is shown as bytes */
	CHECK(strstr(PARSED(HEAD("\1", "\1") ASK "\xc0\x0c\0\1\0\1\0\0\0\1\0\2\1\2"),
		     "\\\\# 2 0102"));
}

static void noise(void)
{
	char message[600];

	srandom(2);
	for (int round = 0; round < 30000; round++) {
		struct json j = { .buf = buf, .cap = sizeof(buf) - 1 };
		size_t len = random() % sizeof(message);

		for (size_t i = 0; i < len; i++)
			message[i] = random() % 4 ? random() % 8 : random();
		if (len > 12 && round % 2)
			memcpy(message, HEAD("\1", "\x30"), 12);
		json_open(&j, '{');
		dns_write(&j, (const uint8_t *)message, len, random() % 2);
		json_close(&j, '}');
		if (!json_valid(buf, j.len) || j.full) {
			CHECK(!"noise makes valid JSON");
			return;
		}
	}
}

int main(void)
{
	good();
	hostile();
	noise();
	return unit_end("dns");
}
