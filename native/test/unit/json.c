// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "json.h"

#include <stdlib.h>

#include "../match/json_check.h"
#include "unit.h"

static char buf[65536];

static const char *escaped(const char *text, size_t len, size_t max)
{
	struct json j = { .buf = buf, .cap = sizeof(buf) - 1 };

	json_string(&j, text, len, max);
	buf[j.len] = 0;
	return buf;
}

static void strings(void)
{
	CHECK_TEXT(escaped("plain", 5, 100), "\"plain\"");
	CHECK_TEXT(escaped("a\"b\\c\n\t\r", 8, 100), "\"a\\\"b\\\\c\\n\\t\\r\"");
	CHECK_TEXT(escaped("\0\x1f\x7f", 3, 100), "\"\\u0000\\u001f\\u007f\"");
	CHECK_TEXT(escaped("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, 100),
		   "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
	/* a lone continuation, an overlong slash, a surrogate, a cut sequence, beyond U+10FFFF */
	CHECK_TEXT(escaped("\x80", 1, 100), "\"\xef\xbf\xbd\"");
	CHECK_TEXT(escaped("\xc0\xaf", 2, 100), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	CHECK_TEXT(escaped("\xed\xa0\x80", 3, 100), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	CHECK_TEXT(escaped("\xe2\x82", 2, 100), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	CHECK_TEXT(escaped("\xf4\x90\x80\x80x", 5, 100),
		   "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\"");
}

static void limits(void)
{
	struct json j = { .buf = buf, .cap = 8 };

	CHECK_TEXT(escaped("abcdef", 6, 3), "\"abc\"");
	/* an escape or a character is never cut in two */
	CHECK_TEXT(escaped("ab\n", 3, 3), "\"ab\"");
	CHECK_TEXT(escaped("a\xe2\x82\xac", 4, 3), "\"a\"");
	json_text(&j, "123456789");
	CHECK(j.full && j.len == 0);
}

static void noise(void)
{
	char text[300];

	srandom(1);
	for (int round = 0; round < 20000; round++) {
		struct json j = { .buf = buf, .cap = sizeof(buf) - 1 };
		size_t len = random() % sizeof(text);

		for (size_t i = 0; i < len; i++)
			text[i] = random() % 3 ? random() : "\"\\\xc3\xed\xf4"[random() % 5];
		json_string(&j, text, len, random() % 400);
		if (!json_valid(buf, j.len)) {
			CHECK(!"noise makes valid JSON");
			return;
		}
	}
}

static void numbers_and_times(void)
{
	struct json j = { .buf = buf, .cap = sizeof(buf) - 1 };

	json_open(&j, '{');
	json_key_signed(&j, "a", INT64_MIN);
	json_key_u64(&j, "b", UINT64_MAX);
	json_key_bool(&j, "c", true);
	json_key(&j, "t");
	json_time(&j, 1763692800000000042ULL);
	json_key(&j, "e");
	json_text(&j, "\"");
	json_base64(&j, "ubuntu:631380000000:2669", 24);
	json_text(&j, "\"");
	json_close(&j, '}');
	buf[j.len] = 0;
	CHECK_TEXT(buf, "{\"a\":-9223372036854775808,\"b\":\"18446744073709551615\",\"c\":true,"
			"\"t\":\"2025-11-21T02:40:00.000000042Z\","
			"\"e\":\"dWJ1bnR1OjYzMTM4MDAwMDAwMDoyNjY5\"}");
}

int main(void)
{
	strings();
	limits();
	noise();
	numbers_and_times();
	return unit_end("json");
}
