// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What of the directory of plans is seen to have changed, and when. */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "policies_part.h"

static char dir[] = "/tmp/tx-unit-XXXXXX";
static uint64_t now = NS_PER_S;

/* Times stand in nanoseconds of their own: two changes within a tick of the kernel's clock differ.
 */
static void touch(const char *name)
{
	static long tick;
	struct timespec times[2] = { { 0, UTIME_OMIT }, { 1000, ++tick } };

	CHECK(!utimensat(policies.dir_fd, name, times, 0));
}

static void file(const char *name, const char *text)
{
	int fd = openat(policies.dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && !close(fd));
	touch(name);
}

/* Two turns: what is found changed has to be found the same once more. */
static void turns(void)
{
	policies.plans_dirty = policies.control_dirty = false;
	watch_look(now);
	CHECK(!policies.plans_dirty && !policies.control_dirty);
	now += NS_PER_S / 100;
	watch_look(now);
}

static bool plans(void)
{
	touch(".");
	turns();
	return policies.plans_dirty && !policies.control_dirty;
}

static bool nothing(void)
{
	touch(".");
	turns();
	return !policies.plans_dirty && !policies.control_dirty;
}

int main(void)
{
	const struct policies_options options = { .dir = dir, .out = dir };

	CHECK(mkdtemp(dir) && !watch_open(&options));
	CHECK(nothing());
	file("a.plan", "one");
	CHECK(plans());
	CHECK(nothing());
	file("a.plan", "another");
	CHECK(plans());
	CHECK(!renameat(policies.dir_fd, "a.plan", policies.dir_fd, "b.plan"));
	CHECK(plans());
	file("lease", "");
	file("notes.txt", "");
	file(".hidden.plan", "");
	CHECK(nothing());
	file("control.json", "{}");
	touch(".");
	turns();
	CHECK(!policies.plans_dirty && policies.control_dirty);

	/* In its place, which the directory does not tell: within half a second. */
	touch("b.plan");
	now += NS_PER_S / 100;
	turns();
	CHECK(!policies.plans_dirty);
	now += NS_PER_S / 2;
	turns();
	CHECK(policies.plans_dirty);

	/* Still being written when it is looked at again: not yet. */
	touch("b.plan");
	touch(".");
	policies.plans_dirty = false;
	watch_look(now);
	touch("b.plan");
	watch_look(now);
	CHECK(!policies.plans_dirty);
	watch_look(now);
	CHECK(policies.plans_dirty);

	CHECK(!unlinkat(policies.dir_fd, "b.plan", 0));
	CHECK(plans());
	for (const char *const *name = (const char *const[]){ "lease", "notes.txt", ".hidden.plan",
							      "control.json", NULL };
	     *name; name++)
		unlinkat(policies.dir_fd, *name, 0);
	rmdir(dir);
	return unit_end("policies_watch");
}
