// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "bpffs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BPF_FS_MAGIC_NUMBER 0xcafe4a11

static bool is_bpffs(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && (unsigned int)fs.f_type == BPF_FS_MAGIC_NUMBER;
}

static int open_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

/* Whoever can write there can make us adopt what we did not load. */
static bool is_closed(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_uid == 0 && !(st.st_mode & 022);
}

static int mount_here(const char *dir)
{
	return mount("telovix", dir, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") ? -errno
											   : 0;
}

static int check(int fd, char *reason, size_t room)
{
	if (!is_closed(fd)) {
		snprintf(reason, room, "others than root can write to the directory");
		return -EPERM;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		snprintf(reason, room, "another engine has its pins there");
		return -EWOULDBLOCK;
	}
	return fd;
}

int bpffs_open(const char *dir, bool make, char *reason, size_t room)
{
	int fd, err;

	if (make && mkdir(dir, 0700) && errno != EEXIST) {
		err = -errno;
		snprintf(reason, room, "making the directory: %s", strerror(-err));
		return err;
	}
	fd = open_dir(dir);
	if (fd < 0) {
		snprintf(reason, room, "opening the directory: %s", strerror(-fd));
		return fd;
	}
	if (!is_bpffs(fd)) {
		bool closed = is_closed(fd);

		close(fd);
		if (!make)
			return -ENOENT;
		err = closed ? mount_here(dir) : -EPERM;
		if (err) {
			snprintf(reason, room, "mounting a BPF file system: %s", strerror(-err));
			return err;
		}
		fd = open_dir(dir);
		if (fd < 0)
			return fd;
		if (!is_bpffs(fd)) {
			close(fd);
			return -EBUSY;
		}
	}
	err = check(fd, reason, room);
	if (err < 0)
		close(fd);
	return err;
}

int bpffs_each(int dir_fd, int (*each)(const char *name, void *arg), void *arg)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			err = each(entry->d_name, arg);
	closedir(dir);
	return err;
}

struct clear {
	int dir_fd, count;
	const char *prefix;
};

static int clear_one(const char *name, void *arg)
{
	struct clear *c = arg;

	if (!strncmp(name, c->prefix, strlen(c->prefix)) && !unlinkat(c->dir_fd, name, 0))
		c->count++;
	return 0;
}

int bpffs_clear(int dir_fd, const char *prefix)
{
	struct clear c = { .dir_fd = dir_fd, .prefix = prefix };
	int before;

	/* Again until nothing goes: a directory that changes while it is read may skip names. */
	do {
		before = c.count;
		bpffs_each(dir_fd, clear_one, &c);
	} while (c.count != before);
	return c.count;
}

void bpffs_unmount(const char *dir)
{
	char parent[BPFFS_PATH];
	struct stat here, above;

	snprintf(parent, sizeof(parent), "%s/..", dir);
	/* A directory inside another's BPF file system is no mount of ours. */
	if (!stat(dir, &here) && !stat(parent, &above) && here.st_dev != above.st_dev)
		umount2(dir, MNT_DETACH | UMOUNT_NOFOLLOW);
	rmdir(dir);
}
