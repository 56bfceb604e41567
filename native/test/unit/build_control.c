// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The sensor's wishes: read strictly, refused whole, and what each means. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build_world.h"
#include "clock.h"
#include "control.h"

static struct control control;
static char why[256];

static int parse(const char *text)
{
	return control_parse(&control, text, strlen(text), why, sizeof(why));
}

static void good(void)
{
	CHECK(!parse("{}") && !control.off && !control.allow_sshd && !control.lease_s);
	CHECK(!parse(" { \"modes\" : { \"a\" : \"monitor\" , \"ns/b\":\"enforce\"},"
		     "\"enforcement\":\"off\",\"leaseSeconds\":30,\"allowSshd\":true}\n"));
	CHECK(control.off && control.allow_sshd && control.lease_s == 30);
	CHECK(control_mode(&control, "a") == TX_MODE_MONITOR);
	CHECK(control_mode(&control, "ns/b") == TX_MODE_ENFORCE);
	CHECK(control_mode(&control, "b") == TX_MODE_DEFAULT);
	CHECK(!parse("{\"modes\":{\"\\u00e4\\ud83d\\ude00\\n\\\"\":\"monitor\"}}"));
	CHECK(control_mode(&control, "\xc3\xa4\xf0\x9f\x98\x80\n\"") == TX_MODE_MONITOR);
	CHECK(!control.off && control_mode(&control, "a") == TX_MODE_DEFAULT);
}

static void bad(void)
{
	static const char *const texts[] = {
		"",
		"{",
		"{}x",
		"[]",
		"null",
		"{\"modes\":[]}",
		"{\"modes\":{\"a\":\"off\"}}",
		"{\"modes\":{\"a\":\"monitor\",\"a\":\"monitor\"}}",
		"{\"modes\":{\"a\":\"monitor\",}}",
		"{\"modes\":{\"a\":\"monitor\"},\"modes\":{}}",
		"{\"enforcement\":true}",
		"{\"enforcement\":\"On\"}",
		"{\"enforcement\":\"on\" \"allowSshd\":true}",
		"{\"leaseSeconds\":-1}",
		"{\"leaseSeconds\":1.5}",
		"{\"leaseSeconds\":1e3}",
		"{\"leaseSeconds\":010}",
		"{\"leaseSeconds\":604801}",
		"{\"leaseSeconds\":99999999999999999999999}",
		"{\"leaseSeconds\":}",
		"{\"allowSshd\":1}",
		"{\"allowSshd\":tru}",
		"{\"unknown\":1}",
		"{\"modes\":{\"\\u0000\":\"monitor\"}}",
		"{\"modes\":{\"\\ud800\":\"monitor\"}}",
		"{\"modes\":{\"\\udc00\":\"monitor\"}}",
		"{\"modes\":{\"\\x\":\"monitor\"}}",
		"{\"modes\":{\"a\nb\":\"monitor\"}}",
		"{\"modes\":{\"a",
		"{\"modes\":{\"a\\",
		"{\"modes\":{\"a\\u12",
	};

	CHECK(!parse("{\"enforcement\":\"off\",\"modes\":{\"kept\":\"monitor\"}}"));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		why[0] = 0;
		CHECK(parse(texts[i]) == -EINVAL && why[0]);
		CHECK(control.off && control_mode(&control, "kept") == TX_MODE_MONITOR);
	}
}

/* Whatever bytes: an answer, and memory that adds up (the sanitizers look). */
static void garbage(void)
{
	static const char *const pieces[] = { "{",           "}",      "\"modes\"", ":",    ",",
					      "\"monitor\"", "\"a\"",  "\"\\u",     "12",   "true",
					      "[",           "\"on\"", "\\",        "\xff", "\"" };

	for (int i = 0; i < 20000; i++) {
		char text[256];
		size_t len = 0;

		for (uint32_t n = below(20); n; n--) {
			const char *piece = pieces[below(15)];

			memcpy(text + len, piece, strlen(piece));
			len += strlen(piece);
		}
		if (len && one_in(3))
			text[below(len)] = any();
		control_parse(&control, text, len, why, sizeof(why));
	}
}

static void lease(void)
{
	uint64_t s = NS_PER_S;

	CHECK(!parse("{}") && !control_lease(&control, 5 * s, 100 * s, 0));
	CHECK(!parse("{\"leaseSeconds\":10}"));
	CHECK(control_lease(&control, 5 * s, 100 * s, 0) == 1);
	CHECK(control_lease(&control, 5 * s, 100 * s, 100 * s) == 15 * s);
	CHECK(control_lease(&control, 5 * s, 100 * s, 93 * s) == 8 * s);
	CHECK(control_lease(&control, 5 * s, 100 * s, 90 * s) == 1);
	/* the clock was set back */
	CHECK(control_lease(&control, 5 * s, 100 * s, 400 * s) == 15 * s);
}

static void lease_looks(void)
{
	struct lease_seen seen = { 0 };
	uint64_t s = NS_PER_S;

	CHECK(!parse("{}") && !control_lease_look(&seen, &control, 5 * s, 100 * s, 0));
	CHECK(!parse("{\"leaseSeconds\":10}"));
	/* Of the future: it ends all the same, and so does one while the clock is set. */
	CHECK(control_lease_look(&seen, &control, 5 * s, 100 * s, 400 * s) == 15 * s);
	CHECK(control_lease_look(&seen, &control, 9 * s, 104 * s, 400 * s) == 15 * s);
	CHECK(control_lease_look(&seen, &control, 17 * s, 900 * s, 400 * s) == 15 * s);
	CHECK(control_lease_look(&seen, &control, 18 * s, 900 * s, 900 * s) == 28 * s);
	/* Without a file it is over. */
	CHECK(control_lease_look(&seen, &control, 19 * s, 901 * s, 0) == 1);
}

static void put(int dir, const char *text)
{
	int fd = openat(dir, "control.json", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void files(void)
{
	char path[] = "/tmp/tx-control-XXXXXX";
	int dir = open(mkdtemp(path), O_RDONLY | O_DIRECTORY);

	CHECK(!control_read(&control, dir, true, why, sizeof(why)) && !control.off);
	CHECK(!control_lease_written(dir));
	put(dir, "{\"enforcement\":\"off\"}");
	CHECK(!control_read(&control, dir, false, why, sizeof(why)) && control.off);
	put(dir, "{\"enforcement\":\"on\"}");
	CHECK(!control_read(&control, dir, false, why, sizeof(why)) && !control.off);
	/* Broken while running: what holds goes on. Broken at the start: nothing is enforced. */
	put(dir, "{\"enforcement\":");
	CHECK(control_read(&control, dir, false, why, sizeof(why)) && !control.off);
	CHECK(control_read(&control, dir, true, why, sizeof(why)) && control.off);
	unlinkat(dir, "control.json", 0);
	/* Not a file of ours. */
	CHECK(!symlinkat("/dev/zero", dir, "control.json"));
	CHECK(control_read(&control, dir, false, why, sizeof(why)) && control.off);
	unlinkat(dir, "control.json", 0);
	close(openat(dir, "lease", O_WRONLY | O_CREAT, 0600));
	CHECK(control_lease_written(dir));
	unlinkat(dir, "lease", 0);
	close(dir);
	rmdir(path);
}

int main(void)
{
	good();
	bad();
	garbage();
	lease();
	lease_looks();
	files();
	control_free(&control);
	return unit_end("build_control");
}
