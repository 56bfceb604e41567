// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Watched files come to lie where nothing was watched, and the other way about: by renames, links
 * and mounts. */
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "trigger.h"

#define EXCHANGE 2 /* RENAME_EXCHANGE */
#define AGAIN 20

static char top[] = "/tmp/tx-cold-XXXXXX";

static char *at(const char *name)
{
	return text_of("%s/%s", top, name);
}

static void look(const char *name, int flags)
{
	int fd = open(at(name), flags, 0600);

	must(fd >= 0 && !close(fd), name);
}

static void make(const char *dir)
{
	must(!mkdir(at(dir), 0700), dir);
}

/* A file in a directory that is known for being of no interest by now. */
static void ordinary(const char *dir)
{
	char *file = text_of("%s/f", dir);

	make(dir);
	for (int i = 0; i < 3; i++)
		look(file, O_RDWR | O_CREAT);
}

/* Nothing else opens it so. */
static void told(const char *test, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		look(name, O_RDONLY | O_NOCTTY);
	truth(test, count, getpid(), "\"sys_openat\"", text_of("\"path\":\"%s\"", at(name)),
	      "O_NOCTTY", NULL);
}

static void not_told(const char *test, const char *name)
{
	look(name, O_RDONLY | O_NOCTTY);
	truth(test, 0, getpid(), text_of("\"path\":\"%s\"", at(name)), "O_NOCTTY", NULL);
}

static void renames(void)
{
	ordinary("a");
	must(!rename(at("a"), at(".ssh")), "rename");
	told("a directory renamed to a watched name", 1, ".ssh/f");
	must(!rename(at(".ssh"), at("b")), "rename");
	not_told("and back to an ordinary one", "b/f");
	make("p");
	ordinary("p/q");
	must(!rename(at("p"), at(".azure")), "rename");
	told("a directory above it renamed", 1, ".azure/q/f");
	ordinary("k");
	make(".kube");
	must(!rename(at("k/f"), at("k/config")), "rename");
	look("k/config", O_RDONLY);
	must(!syscall(SYS_renameat2, AT_FDCWD, at("k"), AT_FDCWD, at(".kube"), EXCHANGE),
	     "exchange");
	told("two directories exchanged", 1, ".kube/config");
	make(".ssh");
	must(!rename(at("b/f"), at(".ssh/moved")), "rename");
	told("a file moved to a watched place", 1, ".ssh/moved");
}

static void names(void)
{
	ordinary("n");
	must(!link(at("n/f"), at(".ssh/linked")), "link");
	told("a hard link in a watched place", 1, ".ssh/linked");
	not_told("by its ordinary name", "n/f");
	look("n/.netrc", O_WRONLY | O_CREAT);
	told("a watched name in an ordinary directory", 1, "n/.netrc");
	look("n/.bashrc", O_WRONLY | O_CREAT);
	not_told("read, where only writing is watched", "n/.bashrc");
	look("n/.bashrc", O_WRONLY | O_APPEND);
	truth("written", 1, getpid(), text_of("\"path\":\"%s\"", at("n/.bashrc")), "O_APPEND",
	      NULL);
}

static void again(void)
{
	/* Numbers and addresses of a removed directory are given again. */
	for (int i = 0; i < AGAIN; i++) {
		char *removed = text_of("r%d", i), *file = text_of("r%d/f", i);

		ordinary(removed);
		must(!unlink(at(file)) && !rmdir(at(removed)), "rmdir");
		make(".docker");
		look(".docker/config.json", O_WRONLY | O_CREAT);
		look(".docker/config.json", O_RDONLY | O_NOCTTY);
		must(!unlink(at(".docker/config.json")) && !rmdir(at(".docker")), "rmdir");
	}
	truth("directories made where others were removed", AGAIN, getpid(),
	      text_of("\"path\":\"%s\"", at(".docker/config.json")), "O_NOCTTY", NULL);
}

static void mounts(void)
{
	must(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL),
	     "unshare");
	ordinary("m");
	make(".gnupg");
	must(!mount(at("m"), at(".gnupg"), NULL, MS_BIND, NULL), "mount");
	told("a directory mounted at a watched place", 1, ".gnupg/f");
	not_told("where it is, too", "m/f");
	look("n/.pgpass", O_WRONLY | O_CREAT);
	must(!mount(at("m/f"), at("n/.pgpass"), NULL, MS_BIND, NULL), "mount");
	told("a file mounted over a watched one", 3, "n/.pgpass");
	make("x");
	must(!mount("none", at("x"), "tmpfs", 0, NULL), "tmpfs");
	ordinary("x/y");
	must(!mount(at("x"), at(".aws"), NULL, MS_MOVE, NULL) || errno == ENOENT, "move");
	make(".aws");
	must(!mount(at("x"), at(".aws"), NULL, MS_MOVE, NULL), "move");
	look(".aws/credentials", O_WRONLY | O_CREAT);
	told("a mount moved to a watched place", 1, ".aws/credentials");
	for (int i = 0; i < 3; i++)
		must(!umount2(at(i == 0 ? ".aws" : i == 1 ? "n/.pgpass" : ".gnupg"), 0), "umount");
}

/* Opened again and again, so that the directory's path is remembered; it must be the one it has. */
static void again_watched(void)
{
	char *const deep[] = { ".ssh/far", text_of(".ssh/far/%0130d", 1),
			       text_of(".ssh/far/%0130d/%0130d", 1, 2) };

	make(".ssh/one");
	look(".ssh/one/f", O_WRONLY | O_CREAT);
	told("a watched directory, again and again", AGAIN, ".ssh/one/f");
	look(".ssh/one/another", O_WRONLY | O_CREAT);
	told("another file in it", 2, ".ssh/one/another");
	must(!rename(at(".ssh/one/another"), at(".ssh/one/named")), "rename");
	told("by its new name", 2, ".ssh/one/named");
	must(!rename(at(".ssh/one"), at(".ssh/two")), "rename");
	told("and the directory by its own", 2, ".ssh/two/f");
	must(!rename(at(".ssh"), at(".gnupg")), "rename");
	told("and with the one above it", 2, ".gnupg/two/f");
	must(!rename(at(".gnupg"), at("plain")), "rename");
	not_told("not where nothing is watched", "plain/two/f");
	must(!rename(at("plain"), at(".ssh")), "rename");
	for (int i = 0; i < 3; i++)
		make(deep[i]);
	look(text_of("%s/f", deep[2]), O_WRONLY | O_CREAT);
	told("too long a path to be remembered", 3, text_of("%s/f", deep[2]));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

int main(void)
{
	must(mkdtemp(top) != NULL, "mkdtemp");
	renames();
	names();
	again();
	again_watched();
	mounts();
	return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
