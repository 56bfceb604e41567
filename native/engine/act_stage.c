// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Scratch directories, and copies of this executable in them. */
#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int act_temp_dir(const char *parent, char *dir, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	if (!parent)
		parent = tmp && *tmp == '/' ? tmp : "/tmp";
	if ((size_t)snprintf(dir, size, "%s/telovix-act-XXXXXX", parent) >= size)
		return -ENAMETOOLONG;
	return mkdtemp(dir) ? 0 : -errno;
}

/* The mount a path is on; 0: the kernel does not say. */
static uint64_t mount_of(const char *path)
{
	struct statx st = { 0 };

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &st) ||
	    !(st.stx_mask & STATX_MNT_ID))
		return 0;
	return st.stx_mnt_id;
}

static uint64_t removed_on;

/* Nothing on another mount. Not by the device: an overlay gives files other ones than directories.
 */
static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	if (mount_of(path) != removed_on)
		return 0;
	return remove(path) ? -1 : 0;
}

void act_remove_dir(const char *dir)
{
	removed_on = mount_of(dir);
	nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS | (removed_on ? 0 : FTW_MOUNT));
}

int act_copy_self(const char *path)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to, err = 0;
	ssize_t n;

	if (from < 0)
		return -errno;
	to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	if (to < 0) {
		err = -errno;
		close(from);
		return err;
	}
	while ((n = sendfile(to, from, NULL, 1 << 20)) > 0)
		;
	if (n < 0)
		err = -errno;
	close(from);
	if (close(to) && !err)
		err = -errno;
	return err;
}

static int run_program(const char *path, char **argv, const sigset_t *mask)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		sigprocmask(SIG_SETMASK, mask, NULL);
		execv(path, argv);
		_exit(126);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	if (!WIFEXITED(status))
		return -ECHILD;
	return WEXITSTATUS(status) == 126 ? -EACCES : WEXITSTATUS(status);
}

int act_run_staged(const char *from, const char *name, int argc, char **argv)
{
	char dir[400], path[800];
	char **words = calloc(argc + 2, sizeof(*words));
	sigset_t most, mask;
	int err;

	if (!words)
		return -ENOMEM;
	sigfillset(&most);
	sigprocmask(SIG_SETMASK, &most, &mask);
	err = act_temp_dir(from, dir, sizeof(dir));
	if (!err) {
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		err = act_copy_self(path);
		words[0] = path;
		for (int i = 0; i < argc; i++)
			words[i + 1] = argv[i];
		if (!err)
			err = run_program(path, words, &mask);
		act_remove_dir(dir);
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
	free(words);
	return err;
}
