// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "event_image.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "clock.h"
#include "event_maps.h"

#define PARENTS 4
#define DEVICE_MAJOR 20 /* bits below it in the kernel's own device numbers */

/*
 * Whether it is the file of the record, without asking its file system: what the kernel remembers
 * does. Btrfs tells other devices than its inodes have; it is known by an attribute that no file
 * system has which a user may serve.
 */
static bool is_file(int fd, const struct image *image, struct image_mark *mark)
{
	struct statx st;
	bool same;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO | STATX_CTIME,
		  &st))
		return false;
	same = st.stx_dev_major == image->device >> DEVICE_MAJOR &&
	       st.stx_dev_minor == (image->device & ((1u << DEVICE_MAJOR) - 1));
	if (!same && !(image->device >> DEVICE_MAJOR))
		same = st.stx_attributes_mask & STATX_ATTR_COMPRESSED;
	if (!same || st.stx_ino != image->inode || !S_ISREG(st.stx_mode))
		return false;
	mark->device = makedev(st.stx_dev_major, st.stx_dev_minor);
	mark->inode = st.stx_ino;
	mark->changed = st.stx_ctime.tv_sec * NS_PER_S + st.stx_ctime.tv_nsec;
	return true;
}

static int take(int fd, const struct image *image, struct image_mark *mark)
{
	if (fd < 0 || is_file(fd, image, mark))
		return fd;
	close(fd);
	return -1;
}

/*
 * By its path below a root. Only what the kernel has at hand is walked: another lookup might ask a
 * file system that lets us wait. The file has just been used.
 */
static int find_below(int root, const struct image *image, struct image_mark *mark)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				.resolve = RESOLVE_CACHED | RESOLVE_NO_SYMLINKS | RESOLVE_IN_ROOT };
	char path[TX_PATH_MAX];

	if (!image->path_len || image->path_len >= sizeof(path))
		return -1;
	memcpy(path, image->path, image->path_len);
	path[image->path_len] = 0;
	return take(syscall(SYS_openat2, root, path, &how, sizeof(how)), image, mark);
}

/* A directory of /proc; -1 when the process is gone. It stays its, whoever gets the number. */
static int open_process(const struct proc *p)
{
	char path[32];
	int dir;

	snprintf(path, sizeof(path), "/proc/%u", p->pid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0 && !maps_began_at(dir, p->start)) {
		close(dir);
		dir = -1;
	}
	return dir;
}

static int find_in_root(int dir, const struct image *image, struct image_mark *mark)
{
	int root = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;

	if (root < 0)
		return -1;
	fd = find_below(root, image, mark);
	close(root);
	return fd;
}

static int find_of_process(const struct image *image, struct image_mark *mark)
{
	int dir = open_process(image->proc), fd;
	char name[64];

	if (dir < 0)
		return -1;
	if (image->end)
		snprintf(name, sizeof(name), "map_files/%llx-%llx",
			 (unsigned long long)image->start, (unsigned long long)image->end);
	fd = openat(dir, image->end ? name : "exe", O_PATH | O_CLOEXEC);
	fd = take(fd, image, mark);
	if (fd < 0)
		fd = find_in_root(dir, image, mark);
	close(dir);
	return fd;
}

/* Of this very process; 0 when /proc does not tell. */
static uint32_t own_mount_namespace(void)
{
	static uint32_t number;
	char link[64] = "";

	if (!number && readlink("/proc/self/ns/mnt", link, sizeof(link) - 1) > 0)
		number = strtoul(link + strcspn(link, "[") + (strchr(link, '[') != NULL), NULL, 10);
	return number;
}

/* Short-lived processes are gone by now; who started them often sees the same files. */
static int find_elsewhere(const struct image *image, struct image_mark *mark)
{
	uint32_t namespace = image->proc->task.ns[TX_NS_MNT];
	const struct proc *p = image->proc;
	int fd = -1;

	if (!namespace)
		return -1;
	if (namespace == own_mount_namespace()) {
		int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

		fd = root < 0 ? -1 : find_below(root, image, mark);
		if (root >= 0)
			close(root);
		return fd;
	}
	for (int i = 0; i < PARENTS && fd < 0 && (p = p->parent); i++) {
		int dir = p->task.ns[TX_NS_MNT] == namespace ? open_process(p) : -1;

		if (dir < 0)
			continue;
		fd = find_in_root(dir, image, mark);
		close(dir);
	}
	return fd;
}

int image_find(const struct image *image, struct image_mark *mark)
{
	int fd = find_of_process(image, mark);

	return fd < 0 ? find_elsewhere(image, mark) : fd;
}

bool image_on_disk(int found)
{
	struct statx st;

	return !statx(found, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) &&
	       st.stx_dev_major && S_ISREG(st.stx_mode);
}

int image_open(int found)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
	/* O_NONBLOCK: not to wait for who holds a lease on it. */
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}
