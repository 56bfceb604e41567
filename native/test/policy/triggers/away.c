// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * System calls whose arguments lie in memory that is not in when they are made. HOW:
 *   fork     a page the parent has read, and its child has not
 *   drop     a page given back (MADV_DONTNEED)
 *   pageout  the same by MADV_PAGEOUT; where the file system keeps it, it stays in
 *   across   text that begins on one page that is not in and ends on another
 */
#include <arpa/inet.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "act.h"

size_t tx_user_text(const char *text, size_t size);

#define PAGE 65536 /* of the largest kind */

/* The bytes in a private mapping of a file, as constants of a program are. */
static void *put_away(const char *how, const void *bytes, size_t len)
{
	size_t at = strcmp(how, "across") ? 0 : PAGE - 4;
	char path[] = "/tmp/tx-policy/away-XXXXXX", *pages;
	int fd = mkstemp(path);

	must(fd >= 0 && !unlink(path) && !ftruncate(fd, 2 * PAGE), path);
	must(pwrite(fd, bytes, len, at) == (ssize_t)len, "pwrite");
	fsync(fd);
	pages = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	must(pages != MAP_FAILED && !madvise(pages, 2 * PAGE, MADV_RANDOM), "mmap");
	close(fd);
	must(!memcmp(pages + at, bytes, len), "read back");
	if (!strcmp(how, "fork"))
		go_on_in_child();
	else if (!strcmp(how, "pageout"))
		must(!madvise(pages, 2 * PAGE, MADV_PAGEOUT), "MADV_PAGEOUT");
	else
		must(!madvise(pages, 2 * PAGE, MADV_DONTNEED), "MADV_DONTNEED");
	return pages + at;
}

/* open-away HOW PATH FLAGS */
static long run_open(char **a)
{
	const char *path = put_away(a[0], a[1], strlen(a[1]) + 1);
	int fd = open(path, number(a[2]) | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

/* symlink-away HOW TARGET PATH */
static long run_symlink(char **a)
{
	return symlink(put_away(a[0], a[1], strlen(a[1]) + 1), a[2]);
}

/* connect-away HOW ADDRESS PORT: nobody listens. */
static long run_connect(char **a)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(number(a[2])) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ret, err;

	must(fd >= 0 && inet_pton(AF_INET, a[1], &to.sin_addr) == 1, a[1]);
	ret = connect(fd, put_away(a[0], &to, sizeof(to)), sizeof(to));
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

/* user-away HOW TEXT: a function of our own, which reads nothing of it. */
static long run_user(char **a)
{
	return tx_user_text(put_away(a[0], a[1], strlen(a[1]) + 1), 0);
}

/* open-nowhere: an address where there is nothing; the call fails as well. */
static long run_nowhere(char **a)
{
	(void)a;
	return open((const char *)4096, O_RDONLY | O_CLOEXEC) < 0 ? -1 : 0;
}

const struct action away_actions[] = {
	{ "open-away", 3, run_open },       { "symlink-away", 3, run_symlink },
	{ "connect-away", 3, run_connect }, { "user-away", 2, run_user },
	{ "open-nowhere", 0, run_nowhere }, { 0 }
};
