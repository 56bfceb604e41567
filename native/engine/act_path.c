// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Names: changed with flags the kernel does not know, which it refuses before it looks at the path;
 * so any path may be given. Or in a scratch directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "act.h"

#define NO_SUCH_FLAG 0x40000000

static long rename_refused(struct act_call *c)
{
	return act_result(syscall(SYS_renameat2, AT_FDCWD, "/proc/self/telovix-act", AT_FDCWD,
				  c->argv[0], NO_SUCH_FLAG));
}

/* It takes no flags: what it would move is not there. */
static long renameat_refused(struct act_call *c)
{
	return act_result(
		syscall(SYS_renameat, AT_FDCWD, "/proc/self/telovix-act", AT_FDCWD, c->argv[0]));
}

static long unlink_refused(struct act_call *c)
{
	return act_result(syscall(SYS_unlinkat, AT_FDCWD, c->argv[0], NO_SUCH_FLAG));
}

static long link_refused(struct act_call *c)
{
	return act_result(syscall(SYS_linkat, AT_FDCWD, c->argv[0], AT_FDCWD,
				  "/proc/self/telovix-act", NO_SUCH_FLAG));
}

static long truncate_refused(struct act_call *c)
{
	return act_result(syscall(SYS_truncate, c->argv[0], -1L));
}

static long utimes_refused(struct act_call *c)
{
	return act_result(syscall(SYS_utimensat, AT_FDCWD, c->argv[0], NULL, NO_SUCH_FLAG));
}

static long mknod_refused(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_mknodat, AT_FDCWD, "/proc/self/telovix-act/none",
				  S_IFCHR | 0600, makedev(0, 0)));
}

static bool plain_name(const char *name)
{
	return *name && strcmp(name, ".") && strcmp(name, "..") && !strchr(name, '/');
}

static long symlink_temp(struct act_call *c)
{
	const char *path = act_in_dir(c, c->argv[1]);

	if (!plain_name(c->argv[1]))
		return -EINVAL;
	act_tell(c, 0, path);
	return act_result(syscall(SYS_symlinkat, c->argv[0], AT_FDCWD, path));
}

/* An empty target: refused before the link's own path is looked at. */
static long symlink_refused(struct act_call *c)
{
	return act_result(syscall(SYS_symlinkat, "", AT_FDCWD, c->argv[0]));
}

static long rename_temp(struct act_call *c)
{
	const char *from = act_in_dir(c, "from"), *to = act_in_dir(c, "to");
	int fd = open(from, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	act_tell(c, 0, to);
	return act_result(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

static long change_dir(struct act_call *c)
{
	return act_result(syscall(SYS_chdir, c->argv[0]));
}

static long fchdir_temp(struct act_call *c)
{
	int fd = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : act_result(fchdir(fd));
}

static long chroot_temp(struct act_call *c)
{
	act_tell(c, 0, c->dir);
	return act_result(chroot(c->dir));
}

static long chroot_path(struct act_call *c)
{
	return act_result(chroot(c->argv[0]));
}

const struct act act_path[] = {
	ACT("rename-refused", "TO", "rename onto a path with flags that do not exist",
	    rename_refused, ACT_REFUSED, EINVAL),
	ACT("renameat-refused", "TO", "rename what is not there onto a path by renameat",
	    renameat_refused, ACT_REFUSED, ENOENT, EXDEV, ENOSYS),
	ACT("unlink-refused", "PATH", "remove a path with flags that do not exist", unlink_refused,
	    ACT_REFUSED, EINVAL),
	ACT("link-refused", "PATH", "link to a path with flags that do not exist", link_refused,
	    ACT_REFUSED, EINVAL),
	ACT("truncate-refused", "PATH", "cut a file to less than nothing", truncate_refused,
	    ACT_REFUSED, EINVAL),
	ACT("utimes-refused", "PATH", "set a file's times with flags that do not exist",
	    utimes_refused, ACT_REFUSED, EINVAL),
	ACT("mknod-refused", "", "make a device file where there is no directory", mknod_refused,
	    ACT_REFUSED, ENOENT, ENOTDIR),
	ACT("symlink-temp", "TARGET NAME", "make a symbolic link in a scratch directory",
	    symlink_temp, ACT_TEMP),
	ACT("symlink-refused", "LINK", "make a symbolic link to nothing", symlink_refused,
	    ACT_REFUSED, ENOENT),
	ACT("rename-temp", "", "rename a scratch file", rename_temp, ACT_TEMP),
	ACT("chdir", "PATH", "go to a directory, and end", change_dir, 0, ENOENT, EACCES, ENOTDIR),
	ACT("fchdir-temp", "", "go to a scratch directory by descriptor", fchdir_temp, ACT_TEMP),
	ACT("chroot-temp", "", "make a scratch directory its root, and end", chroot_temp, ACT_TEMP,
	    EPERM),
	ACT("chroot", "PATH", "make a directory its root, and end", chroot_path, 0, EPERM, EACCES,
	    ENOENT, ENOTDIR),
	{ 0 }
};
