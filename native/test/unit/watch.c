// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "watch.h"

#include <stdlib.h>
#include <unistd.h>

#include "events.h"
#include "unit.h"

static const char *cleaned(const char *path)
{
	static char text[256];

	strcpy(text, path);
	text[watch_clean(text, strlen(text))] = 0;
	return text;
}

static void cleaning(void)
{
	CHECK_TEXT(cleaned("/a/b"), "/a/b");
	CHECK_TEXT(cleaned("//a///b/"), "/a/b");
	CHECK_TEXT(cleaned("/a/./b/."), "/a/b");
	CHECK_TEXT(cleaned("/a/../b"), "/b");
	CHECK_TEXT(cleaned("/a/b/../../../../etc/shadow"), "/etc/shadow");
	CHECK_TEXT(cleaned("/.."), "/");
	CHECK_TEXT(cleaned("/"), "/");
	CHECK_TEXT(cleaned("/a/..b/...c"), "/a/..b/...c");
}

static const char *matched(const char *path, uint32_t use)
{
	uint32_t flags = 0;
	int index = watch_match(path, strlen(path), &flags);

	return index >= 0 && (flags & use) ? watch_entry(index) : "";
}

static void matching(void)
{
	CHECK(!watch_load(NULL));
	CHECK_TEXT(matched("/etc/shadow", TX_W_READ), "/etc/shadow");
	CHECK_TEXT(matched("/etc/shadow-", TX_W_WRITE), "/etc/shadow");
	CHECK_TEXT(matched("/etc/passwd", TX_W_READ), "");
	CHECK_TEXT(matched("/etc/passwd", TX_W_WRITE), "/etc/passwd");
	CHECK_TEXT(matched("/var/log/auth.log", TX_W_WRITE), "");
	CHECK_TEXT(matched("/var/log/auth.log", TX_W_REMOVE), "/var/log/");
	CHECK_TEXT(matched("/srv/app/.ssh/id", TX_W_READ), "~/.ssh/");
	CHECK_TEXT(matched("/home/u/.config/systemd/user/x", TX_W_WRITE), "~/.config/systemd/");
	CHECK_TEXT(matched("/home/u/x.ssh/id", TX_W_READ), "");
	/* a longer entry keeps what a shorter one watches */
	CHECK_TEXT(matched("/etc/ssh/ssh_host_rsa_key", TX_W_READ), "/etc/ssh/ssh_host_");
	CHECK_TEXT(matched("/etc/ssh/ssh_host_rsa_key", TX_W_WRITE), "/etc/ssh/ssh_host_");
}

/* Directories above entries, as keys of the kernel's trie. */
static void above(void)
{
	char key[TX_WATCH_PREFIX];
	uint32_t flags;
	int index;
	size_t end;

	CHECK(!watch_load(NULL));
	index = watch_match("/etc/ssh/ssh_host_x", 19, &flags);
	end = watch_above(index, 0, key);
	CHECK(end == 1 && !memcmp(key, "^/", 3));
	end = watch_above(index, end, key);
	CHECK(end == 5 && !memcmp(key, "^/etc/", 7));
	end = watch_above(index, end, key);
	CHECK(end == 9 && !memcmp(key, "^/etc/ssh/", 11));
	CHECK(!watch_above(index, end, key));
	index = watch_match("/h/.ssh/k", 9, &flags);
	end = watch_above(index, watch_above(index, 0, key), key);
	CHECK(end == 7 && !memcmp(key, "^~/.ssh/", 9));
	CHECK(!watch_above(index, end, key));
}

static void from_file(const char *text, int good)
{
	char path[] = "/tmp/tx-watch-XXXXXX";
	int fd = mkstemp(path);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	CHECK((watch_load(path) == 0) == good);
	unlink(path);
}

int main(void)
{
	cleaning();
	matching();
	above();
	from_file("# ours\nR /srv/keys/\n\nW ~/.app/rc\r\n", 1);
	CHECK_TEXT(matched("/srv/keys/a", TX_W_READ), "/srv/keys/");
	CHECK_TEXT(matched("/x/.app/rc", TX_W_WRITE), "~/.app/rc");
	fclose(stderr); /* what follows complains, rightly */
	from_file("X /srv\n", 0);
	from_file("R relative\n", 0);
	from_file("R\n", 0);
	return unit_end("watch");
}
