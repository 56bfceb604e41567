// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Texts of a plan, and plan files. */
#include "plans_check.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../fuzz/sample.h"
#include "unit.h"

static bool is(enum plan_text_use use, const char *text)
{
	return plan_text_good(text, strlen(text), use);
}

static void names(void)
{
	CHECK(is(PLAN_TEXT_ANY, "a\n\x7f\xc3\xa9\xf0\x9f\x98\x80"));
	CHECK(!plan_text_good("a\0b", 3, PLAN_TEXT_ANY));
	CHECK(!is(PLAN_TEXT_ANY, "\xc3") && !is(PLAN_TEXT_ANY, "\xc0\x80"));
	CHECK(!is(PLAN_TEXT_ANY, "\xe0\x80\x80") && !is(PLAN_TEXT_ANY, "\xed\xa0\x80"));
	CHECK(!is(PLAN_TEXT_ANY, "\xf0\x80\x80\x80") && !is(PLAN_TEXT_ANY, "\xf4\x90\x80\x80"));
	CHECK(!is(PLAN_TEXT_ANY, "\xf5\x80\x80\x80") && !is(PLAN_TEXT_ANY, "\x80"));
	CHECK(is(PLAN_TEXT_NAME, "main.(*T[go.shape.int]).F \xc2\xb7"));
	CHECK(!is(PLAN_TEXT_NAME, "a\nb") && !is(PLAN_TEXT_NAME, "a\x7f"));
	CHECK(is(PLAN_TEXT_SYMBOL, "arm64/sys_dup") && is(PLAN_TEXT_SYMBOL, "foo.isra.0"));
	CHECK(!is(PLAN_TEXT_SYMBOL, "a b") && !is(PLAN_TEXT_SYMBOL, "\xc3\xa9"));
	CHECK(is(PLAN_TEXT_EVENT, "sys_enter") && !is(PLAN_TEXT_EVENT, "a/b"));
	CHECK(!is(PLAN_TEXT_EVENT, "..") && !is(PLAN_TEXT_EVENT, ".hidden"));
	CHECK(is(PLAN_TEXT_PATH, "/bin/a b") && !is(PLAN_TEXT_PATH, "bin/a"));
	CHECK(!is(PLAN_TEXT_PATH, "/a\nb"));
	CHECK(is(PLAN_TEXT_LINES, "a\nb") && !is(PLAN_TEXT_LINES, "a\tb"));
}

static void resolves(void)
{
	static const char *const good[] = {
		"a",           "a.b", "a[0]", "a[12].b_2[3]", "_x", "[1].a", "a.b.c.d.e.f.g.h.i.j",
		"a[123456789]"
	};
	static const char *const bad[] = { ".a",
					   "a.",
					   "a..b",
					   "a[",
					   "a[]",
					   "a[x]",
					   "a]",
					   "1a",
					   "a b",
					   "a[1]b",
					   "a[1234567890]",
					   "a[-1]",
					   "a.[1]",
					   "a.b.c.d.e.f.g.h.i.j.k",
					   "a->b",
					   "[1]a" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!is(PLAN_TEXT_RESOLVE, good[i]))
			CHECK_TEXT(good[i], "refused");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (is(PLAN_TEXT_RESOLVE, bad[i]))
			CHECK_TEXT(bad[i], "accepted");
}

static void objects(void)
{
	static const char *const tags[] = { "[]", "[\"a\"]", "[ \"a\" , \"b\\n\\u00fF\\\\\" ]",
					    "[\"\x7f\"]" };
	static const char *const no_tags[] = {
		"[1]",       "[[]]",          "[\"a\",]", "[\"a\"",   "[\"a]",         "[,]",
		"[\"\\x\"]", "[\"\\u12g4\"]", "[\"\\u12", "[\"a\"]]", "[\"a\"x\"b\"]", "[\"a\"\n]",
		"[\"\n\"]",  "[\"a\" \"b\"]", "{}",       "\"a\"",    "[\"\\"
	};
	static const char *const good[] = { "{}", "{\"a\":{}}", "{\"a\":[1,-20,0,true,false,null]}",
					    "{ \"a\" : \"b\" , \"c\" : [ [ ] , { } ] }" };
	static const char *const bad[] = {
		"{",           "}",           "{\"a\"}",     "{\"a\":}",   "{\"a\":1,}",
		"{a:1}",       "{\"a\":01}",  "{\"a\":-}",   "{\"a\":[}]", "{\"a\":1]",
		"{\"a\":1}{}", "{\"a\":tru}", "{\"a\":1 2}", "[]",         "{1:1}",
		"{\"a\"::1}",  "{\"a\":1\n}", "{[]}",        "{\"a\"x1}",  "{\"a\":1x\"b\":2}"
	};
	char deep[128] = "{\"a\":";

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (!is(PLAN_TEXT_TAGS, tags[i]))
			CHECK_TEXT(tags[i], "refused");
	for (size_t i = 0; i < sizeof(no_tags) / sizeof(no_tags[0]); i++)
		if (is(PLAN_TEXT_TAGS, no_tags[i]))
			CHECK_TEXT(no_tags[i], "accepted");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!is(PLAN_TEXT_OBJECT, good[i]))
			CHECK_TEXT(good[i], "refused");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (is(PLAN_TEXT_OBJECT, bad[i]))
			CHECK_TEXT(bad[i], "accepted");
	memset(deep + 5, '[', 15);
	memset(deep + 20, ']', 15);
	deep[35] = '}';
	CHECK(is(PLAN_TEXT_OBJECT, deep));
	memset(deep + 5, '[', 16);
	memset(deep + 21, ']', 16);
	deep[37] = '}';
	CHECK(!is(PLAN_TEXT_OBJECT, deep));
}

static char dir[] = "/tmp/tx-plan-XXXXXX";
static char path[64], why[256];

static int read_back(const void *bytes, size_t size, struct plan *plan)
{
	FILE *f = fopen(path, "w");

	if (size > 1 << 20)
		CHECK(!ftruncate(fileno(f), size));
	else
		CHECK(fwrite(bytes, 1, size, f) == size);
	fclose(f);
	why[0] = 0;
	return plan_read(plan, path, why, sizeof(why));
}

static void files(void)
{
	struct plan plan = { 0 };
	struct sample s;

	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/p", dir);
	sample_make(&s);
	CHECK(plan_read(&plan, path, why, sizeof(why)) == -ENOENT && strstr(why, path));
	CHECK(!read_back(&s, sizeof(s), &plan) && plan.size == sizeof(s));
	plan_free(&plan);
	CHECK(!plan.bytes);
	CHECK(read_back(&s, 0, &plan) == -EINVAL && !plan.bytes);
	CHECK(read_back(&s, sizeof(s) - 1, &plan) == -EINVAL && !plan.bytes);
	CHECK(read_back(&s, TX_PLAN_MAX + 1, &plan) == -EFBIG);
	CHECK(read_back(&s, TX_PLAN_MAX, &plan) == -EINVAL);
	CHECK(plan_read(&plan, dir, why, sizeof(why)) == -EINVAL && strstr(why, "plain file"));
	unlink(path);
	CHECK(!mkfifo(path, 0600)); /* does not wait for a writer */
	CHECK(plan_read(&plan, path, why, sizeof(why)) == -EINVAL && strstr(why, "plain file"));
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	names();
	resolves();
	objects();
	files();
	return unit_end("plan_text");
}
