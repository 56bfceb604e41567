// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "facts_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The directory is opened below "/." so that an automount happens. */
static const struct {
	const char *type;
	const char *places[2];
	long magic;
} systems[FACTS_FS_COUNT] = {
	[FACTS_TRACEFS] = { "tracefs",
			    { "/sys/kernel/tracing/.", "/sys/kernel/debug/tracing/." },
			    TRACEFS_MAGIC },
	[FACTS_DEBUGFS] = { "debugfs", { "/sys/kernel/debug/.", NULL }, DEBUGFS_MAGIC },
	[FACTS_SECURITYFS] = { "securityfs", { "/sys/kernel/security/.", NULL }, SECURITYFS_MAGIC },
};

/* Descriptor plus one; 0: not tried; negative: errno. */
static int opened[FACTS_FS_COUNT];

static int open_mounted(enum facts_fs fs)
{
	for (int i = 0; i < 2 && systems[fs].places[i]; i++) {
		int fd = open(systems[fs].places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		struct statfs info;

		if (fd < 0)
			continue;
		if (!fstatfs(fd, &info) && info.f_type == systems[fs].magic)
			return fd;
		close(fd);
	}
	return -ENOENT;
}

static int open_unmounted(enum facts_fs fs)
{
	int context = syscall(SYS_fsopen, systems[fs].type, FSOPEN_CLOEXEC), fd = -1;

	if (context < 0)
		return -errno;
	if (!syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		fd = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
			     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (fd < 0)
		fd = -errno;
	close(context);
	return fd;
}

static int directory(enum facts_fs fs)
{
	if (!opened[fs]) {
		int fd = open_mounted(fs);

		if (fd < 0)
			fd = open_unmounted(fs);
		opened[fs] = fd < 0 ? fd : fd + 1;
	}
	return opened[fs] < 0 ? opened[fs] : opened[fs] - 1;
}

static int open_in(enum facts_fs fs, const char *path)
{
	int dir = directory(fs), fd;

	if (dir < 0)
		return dir;
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static long read_all(int fd, char *buf, size_t size)
{
	size_t used = 0;
	ssize_t n = 0;

	while (used < size - 1 && (n = read(fd, buf + used, size - 1 - used)) > 0)
		used += n;
	if (n < 0 && !used)
		return -errno;
	buf[used] = 0;
	return used;
}

static long read_and_close(int fd, char *buf, size_t size)
{
	long n;

	buf[0] = 0;
	if (fd < 0)
		return fd;
	n = read_all(fd, buf, size);
	close(fd);
	while (n > 0 && (buf[n - 1] == '\n' || buf[n - 1] == ' '))
		buf[--n] = 0;
	return n;
}

long facts_read(enum facts_fs fs, const char *path, char *buf, size_t size)
{
	return read_and_close(open_in(fs, path), buf, size);
}

long facts_read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return read_and_close(fd < 0 ? -errno : fd, buf, size);
}

char *facts_read_whole(enum facts_fs fs, const char *path, size_t max, size_t *size)
{
	int fd = open_in(fs, path);
	size_t room = 64 << 10;
	char *text = NULL;

	*size = 0;
	while (fd >= 0 && room <= max) {
		char *larger = realloc(text, room);
		long n;

		if (!larger)
			break;
		text = larger;
		n = read_all(fd, text + *size, room - *size);
		if (n < 0)
			break;
		*size += n;
		if (*size < room - 1) {
			close(fd);
			return text;
		}
		room *= 2;
	}
	free(text);
	if (fd >= 0)
		close(fd);
	*size = 0;
	return NULL;
}

void facts_fs_release(void)
{
	for (int fs = 0; fs < FACTS_FS_COUNT; fs++) {
		if (opened[fs] > 0)
			close(opened[fs] - 1);
		opened[fs] = 0;
	}
}
