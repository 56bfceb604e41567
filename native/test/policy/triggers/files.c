// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What is done to files. The first argument is the path. */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#include "act.h"

static int open_for(const char *path, int flags)
{
	return open(path, flags | O_CLOEXEC, 0600);
}

static long run_open(char **a)
{
	int fd = open_for(a[0], number(a[1]));

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static long run_read(char **a)
{
	char text[64];
	int fd = open_for(a[0], O_RDONLY);

	return fd < 0 ? -1 : read(fd, text, sizeof(text));
}

static long run_write(char **a)
{
	int fd = open_for(a[0], O_WRONLY);

	return fd < 0 ? -1 : write(fd, a[1], strlen(a[1]));
}

/* N bytes of 'x' after a text. */
static long run_write_long(char **a)
{
	size_t head = strlen(a[1]), len = head + number(a[2]);
	char *text = malloc(len);
	int fd = open_for(a[0], O_WRONLY);

	memcpy(text, a[1], head);
	memset(text + head, 'x', len - head);
	return fd < 0 ? -1 : write(fd, text, len);
}

/* N bytes of 'x', then a text. */
static long run_write_tail(char **a)
{
	size_t tail = strlen(a[2]), len = number(a[1]) + tail;
	char *text = malloc(len);
	int fd = open_for(a[0], O_WRONLY);

	memset(text, 'x', len - tail);
	memcpy(text + len - tail, a[2], tail);
	return fd < 0 ? -1 : write(fd, text, len);
}

static long run_writev(char **a)
{
	struct iovec parts[2] = { { a[1], strlen(a[1]) }, { a[2], strlen(a[2]) } };
	int fd = open_for(a[0], O_WRONLY);

	return fd < 0 ? -1 : writev(fd, parts, 2);
}

static long run_pipe(char **a)
{
	int fds[2];

	must(!pipe(fds), "pipe");
	return write(fds[1], a[0], strlen(a[0]));
}

static long run_seek(char **a)
{
	int fd = open_for(a[0], O_RDONLY);

	return fd < 0 ? -1 : lseek(fd, number(a[1]), SEEK_SET);
}

static long run_fchmod(char **a)
{
	int fd = open_for(a[0], O_RDONLY);

	return fd < 0 ? -1 : fchmod(fd, 0600);
}

static long run_fcntl(char **a)
{
	int fd = open_for(a[0], O_RDONLY);

	return fd < 0 ? -1 : syscall(SYS_fcntl, fd, number(a[1]), number(a[2]));
}

static long run_fallocate(char **a)
{
	int fd = open_for(a[0], O_WRONLY);

	return fd < 0 ? -1
		      : syscall(SYS_fallocate, fd, (int)number(a[1]), number(a[2]), number(a[3]));
}

static long run_truncate(char **a)
{
	return truncate(a[0], number(a[1]));
}

static long run_getxattr(char **a)
{
	char value[16];

	return getxattr(a[0], a[1], value, sizeof(value));
}

static long run_mmap(char **a)
{
	int fd = open_for(a[0], O_RDWR);
	void *at = mmap(NULL, 4096, number(a[1]), MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? -1 : 0;
}

/* Not by symlink(2), which is another system call where it exists. */
static long run_symlink(char **a)
{
	return symlinkat(a[0], AT_FDCWD, a[1]);
}

static long run_link(char **a)
{
	return link(a[0], a[1]);
}

static long run_mkdir(char **a)
{
	return mkdir(a[0], 0700);
}

static long run_mknod(char **a)
{
	return mknod(a[0], number(a[1]) | 0600, number(a[2]));
}

static long run_unlink(char **a)
{
	return unlink(a[0]);
}

static long run_rmdir(char **a)
{
	return rmdir(a[0]);
}

/* The first bytes of a file, to see whether it has stayed as it was. */
static long run_look(char **a)
{
	char text[64] = "";
	int fd = open_for(a[0], O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (got >= 0)
		extra("\"text\":\"%s\"", text);
	return got;
}

const struct action file_actions[] = {
	{ "open", 2, run_open },
	{ "read", 1, run_read },
	{ "write", 2, run_write },
	{ "write-long", 3, run_write_long },
	{ "write-tail", 3, run_write_tail },
	{ "writev", 3, run_writev },
	{ "pipe", 1, run_pipe },
	{ "seek", 2, run_seek },
	{ "fchmod", 1, run_fchmod },
	{ "fcntl", 3, run_fcntl },
	{ "fallocate", 4, run_fallocate },
	{ "truncate", 2, run_truncate },
	{ "getxattr", 2, run_getxattr },
	{ "mmap", 2, run_mmap },
	{ "symlink", 2, run_symlink },
	{ "link", 2, run_link },
	{ "mkdir", 1, run_mkdir },
	{ "mknod", 3, run_mknod },
	{ "unlink", 1, run_unlink },
	{ "rmdir", 1, run_rmdir },
	{ "look", 1, run_look },
	{ NULL, 0, NULL },
};
