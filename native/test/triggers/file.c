// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Watched and unwatched paths, reached in every way. */
#include <fcntl.h>
#include <sys/stat.h>

#include "trigger.h"

static char dir[] = "/tmp/tx-file-XXXXXX";

static char *in_dir(const char *name)
{
	return text_of("%s/%s", dir, name);
}

static void touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && write(fd, "x", 1) == 1 && !close(fd), path);
}

static void opens(int pid)
{
	char *key = in_dir(".ssh/key"), *path = text_of("\"path\":\"%s\"", key);
	int fd, dir_fd;

	touch(key);
	truth("open for writing of a watched path", 1, pid, "\"sys_openat\"", path,
	      "O_WRONLY|O_CREAT|O_TRUNC", "\"toctou\":false", "\"watch\":\"~/.ssh/\"", NULL);
	must(!chdir(dir), "chdir");
	fd = open(".ssh/../.ssh//./key", O_RDONLY | O_NOFOLLOW);
	close(fd);
	truth("the real path, whatever was given", 1, pid, "\"sys_openat\"", path,
	      "\"flags\":\"O_RDONLY|O_NOFOLLOW\"", NULL);
	dir_fd = open(".ssh", O_RDONLY | O_DIRECTORY);
	fd = openat(dir_fd, "key", O_RDONLY | O_NOCTTY);
	close(fd);
	close(dir_fd);
	truth("relative to a descriptor", 1, pid, "\"sys_openat\"", path,
	      "\"flags\":\"O_RDONLY|O_NOCTTY\"", NULL);
	must(!symlink(key, "harmless"), "symlink");
	fd = open("harmless", O_RDWR);
	close(fd);
	truth("through a symbolic link", 1, pid, "\"sys_openat\"", path, "\"flags\":\"O_RDWR\"",
	      NULL);
	touch(in_dir("plain"));
	truth("an unwatched path is not told", 0, pid, in_dir("plain\""), NULL);
	fd = open("/etc/passwd", O_RDONLY);
	close(fd);
	truth("reading what is watched for writing is not told", 0, pid, "\"path\":\"/etc/passwd\"",
	      NULL);
}

static void changes(int pid)
{
	char *key = in_dir(".ssh/key"), *other = in_dir(".ssh/other");
	int fd;

	must(!chmod(key, 0640), "chmod");
	truth("chmod", 1, pid, "\"sys_fchmodat\"", text_of("\"path\":\"%s\"", key),
	      "{\"int_arg\":416}", NULL);
	fd = open(key, O_WRONLY);
	must(!fchown(fd, 1, 2) && !ftruncate(fd, 0), "fchown");
	close(fd);
	truth("fchown by descriptor", 1, pid, "\"sys_fchownat\"", "{\"int_arg\":1},{\"int_arg\":2}",
	      "\"toctou\":false", NULL);
	truth("ftruncate by descriptor", 1, pid, "\"sys_truncate\"",
	      text_of("\"path\":\"%s\"", key), NULL);
	must(!rename(key, other), "rename");
	truth("rename, both names", 1, pid, "\"sys_renameat2\"",
	      text_of("{\"file_arg\":{\"path\":\"%s\"}},{\"file_arg\":{\"path\":\"%s\"}}", key,
		      other),
	      NULL);
	must(!link(other, in_dir("hard")), "link");
	truth("a hard link out of a watched place", 1, pid, "\"sys_linkat\"",
	      text_of("\"path\":\"%s\"", other), NULL);
	must(!symlink("/etc/shadow", key), "symlink");
	truth("a symbolic link in one", 1, pid, "\"sys_symlinkat\"",
	      "{\"string_arg\":\"/etc/shadow\"}", text_of("\"path\":\"%s\"", key), NULL);
	must(!unlink("./.ssh/../.ssh/other"), "unlink");
	truth("unlink of an unclean path", 1, pid, "\"sys_unlinkat\"",
	      text_of("\"path\":\"%s\"", other), NULL);
	must(!unlink("./hard"), "unlink");
	truth("unlink of an unclean, unwatched path is not told", 0, pid, "\"sys_unlinkat\"",
	      in_dir("hard\""), NULL);
}

static void refused(void)
{
	pid_t child = fork();

	if (!child) {
		must(!setgid(65534) && !setuid(65534), "setuid");
		_exit(open("/etc/shadow", O_RDONLY) < 0 ? 0 : 1);
	}
	must(!wait_for(child), "refusal");
	truth("a refused open", 1, child, "\"sys_openat\"", "\"path\":\"/etc/shadow\"",
	      "\"return\":{\"int_arg\":-13}", "\"toctou\":true", NULL);
	truth("setgid", 1, child, "\"sys_setgid\"", "\"new_gid\":65534", NULL);
	truth("setuid", 1, child, "\"sys_setuid\"", "\"old_uid\":0,\"new_uid\":65534", NULL);
}

int main(void)
{
	must(mkdtemp(dir) && !mkdir(in_dir(".ssh"), 0700), "mkdtemp");
	opens(getpid());
	changes(getpid());
	refused();
	unlink(in_dir(".ssh/key"));
	unlink(in_dir("harmless"));
	unlink(in_dir("plain"));
	rmdir(in_dir(".ssh"));
	rmdir(dir);
	return 0;
}
