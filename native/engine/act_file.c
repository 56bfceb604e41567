// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Files: opened for reading; for writing in a way that can't succeed; or in a scratch place. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

/* As a directory, for writing, without creating: refused for a file, a directory and nothing. */
#define NEVER_WRITES (O_WRONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define READS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static long opened(long fd)
{
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static long open_read(struct act_call *c)
{
	return opened(syscall(SYS_openat, AT_FDCWD, c->argv[0], READS, 0));
}

static long openat2_read(struct act_call *c)
{
	struct open_how how = { .flags = READS };

	return opened(syscall(SYS_openat2, AT_FDCWD, c->argv[0], &how, sizeof(how)));
}

/* The older call, which 32-bit habits and some libraries still make. */
static long open_legacy(struct act_call *c)
{
#ifdef SYS_open
	return opened(syscall(SYS_open, c->argv[0], READS, 0));
#else
	(void)c;
	return -ENOSYS;
#endif
}

static long open_write_refused(struct act_call *c)
{
	return opened(syscall(SYS_openat, AT_FDCWD, c->argv[0], NEVER_WRITES, 0));
}

/* The same by a name in a page that is not in: only the kernel's own copying fetches it. */
static long open_write_away(struct act_call *c)
{
	size_t len = strlen(c->argv[0]) + 1;
	int fd = memfd_create("telovix-act", MFD_CLOEXEC);
	const char *name;

	if (fd < 0 || write(fd, c->argv[0], len) != (ssize_t)len)
		return -errno;
	name = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	if (name == MAP_FAILED)
		return -errno;
	return opened(syscall(SYS_openat, AT_FDCWD, name, NEVER_WRITES, 0));
}

static long open_truncate_refused(struct act_call *c)
{
	return opened(syscall(SYS_openat, AT_FDCWD, c->argv[0], NEVER_WRITES | O_TRUNC, 0));
}

static long write_temp(struct act_call *c)
{
	const char *path = act_in_dir(c, "file");
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	long ret;

	if (fd < 0)
		return -errno;
	act_tell(c, 0, path);
	ret = act_result(write(fd, "x", 1));
	close(fd);
	return ret;
}

static long make_file(const struct act_call *c, const char **path)
{
	*path = act_in_dir(c, "file");
	return act_result(open(*path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

static long chmod_temp(struct act_call *c)
{
	const char *path;
	long fd = make_file(c, &path), mode = act_number(c, 0, 0600);

	if (fd < 0 || mode < 0 || mode > 07777)
		return fd < 0 ? fd : -EINVAL;
	act_tell(c, 0, path);
	return act_result(syscall(SYS_fchmodat, AT_FDCWD, path, mode));
}

static long fchmod_temp(struct act_call *c)
{
	const char *path;
	long fd = make_file(c, &path), mode = act_number(c, 0, 0600);

	if (fd < 0 || mode < 0 || mode > 07777)
		return fd < 0 ? fd : -EINVAL;
	act_tell(c, 0, path);
	return act_result(fchmod(fd, mode));
}

static long chown_same(struct act_call *c)
{
	const char *path;
	long fd = make_file(c, &path);

	if (fd < 0)
		return fd;
	act_tell(c, 0, path);
	return act_result(syscall(SYS_fchownat, AT_FDCWD, path, geteuid(), getegid(), 0));
}

static long flock_temp(struct act_call *c)
{
	const char *path;
	long fd = make_file(c, &path);

	return fd < 0 ? fd : act_result(flock(fd, LOCK_EX | LOCK_NB));
}

static long setxattr_refused(struct act_call *c)
{
	const char *path;
	long fd = make_file(c, &path);

	return fd < 0 ? fd : act_result(syscall(SYS_setxattr, path, c->argv[0], "x", 1, 0xff));
}

static long fsetxattr_refused(struct act_call *c)
{
	const char *path;
	long fd = make_file(c, &path);

	return fd < 0 ? fd : act_result(syscall(SYS_fsetxattr, fd, c->argv[0], "x", 1, 0xff));
}

const struct act act_file[] = {
	ACT("open-read", "PATH", "open a file for reading", open_read, 0, ENOENT, ENOTDIR, EACCES,
	    EPERM, ENXIO),
	ACT("openat2-read", "PATH", "open a file for reading by openat2", openat2_read, 0, ENOENT,
	    ENOTDIR, EACCES, EPERM, ENXIO),
	ACT("open-legacy", "PATH", "open a file for reading by open", open_legacy, 0, ENOENT,
	    EACCES, EPERM, ENXIO, ENOSYS),
	ACT("open-write-refused", "PATH", "open for writing what can't be, whatever is there",
	    open_write_refused, ACT_REFUSED, ENOENT, ENOTDIR, EISDIR, ELOOP, EROFS),
	ACT("open-write-away", "PATH", "the same, its name in memory that is not in",
	    open_write_away, ACT_REFUSED, ENOENT, ENOTDIR, EISDIR, ELOOP, EROFS),
	ACT("open-truncate-refused", "PATH", "the same, to empty it", open_truncate_refused,
	    ACT_REFUSED, ENOENT, ENOTDIR, EISDIR, ELOOP, EROFS),
	ACT("write-temp", "", "write a scratch file", write_temp, ACT_TEMP),
	ACT("chmod-temp", "[MODE]", "set the mode of a scratch file", chmod_temp, ACT_TEMP),
	ACT("fchmod-temp", "[MODE]", "the same by descriptor", fchmod_temp, ACT_TEMP),
	ACT("chown-same", "", "give a scratch file to its owner", chown_same, ACT_TEMP),
	ACT("flock-temp", "", "lock a scratch file", flock_temp, ACT_TEMP),
	ACT("setxattr-refused", "NAME", "set an attribute with flags that do not exist",
	    setxattr_refused, ACT_TEMP | ACT_REFUSED, EINVAL, EOPNOTSUPP),
	ACT("fsetxattr-refused", "NAME", "the same by descriptor", fsetxattr_refused,
	    ACT_TEMP | ACT_REFUSED, EINVAL, EOPNOTSUPP),
	{ 0 }
};
