// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The directories, and which of their files have changed. The kernel is not asked to tell: while
 * one directory of a file system is watched so, every open and close of every file on it looks up
 * who is to be told, which costs all of them more than our asking costs anybody.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "hash.h"
#include "policies_part.h"

/* What is written into a file that stays in its place shows in the file alone. */
#define LOOK_NS (NS_PER_S / 2)

/* What the files are, in any order. */
struct marks {
	uint64_t plans, control;
};

static struct {
	struct marks seen;       /* of the last look */
	struct marks settled;    /* as they were when it was last told that they had changed */
	struct timespec changed; /* the directory */
	uint64_t next_look;
} look;

static uint64_t mark_of(const char *name)
{
	uint64_t words[6] = { 0 };
	struct stat st;

	if (fstatat(policies.dir_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	words[0] = st.st_ino;
	words[1] = st.st_size;
	words[2] = st.st_mtim.tv_sec;
	words[3] = st.st_mtim.tv_nsec;
	words[4] = st.st_ctim.tv_sec;
	words[5] = st.st_ctim.tv_nsec;
	return hash_bytes(hash_bytes(HASH_SEED, name, strlen(name)), words, sizeof(words));
}

/* The lease is only looked at, once a second: its renewal is no change of anything else. */
static void add_mark(struct marks *marks, const char *name)
{
	if (!strcmp(name, "control.json") || !strcmp(name, "workloads.json"))
		marks->control += mark_of(name);
	else if (scan_is_plan(name))
		marks->plans += mark_of(name);
}

/* False: the directory can't be read now. */
static bool read_marks(struct marks *marks)
{
	static char entries[32768] __attribute__((aligned(__alignof__(struct dirent64))));
	ssize_t n = 0;

	*marks = (struct marks){ 0 };
	if (lseek(policies.dir_fd, 0, SEEK_SET))
		return false;
	while ((n = syscall(SYS_getdents64, policies.dir_fd, entries, sizeof(entries))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry = (void *)(entries + at);

			add_mark(marks, entry->d_name);
			at += entry->d_reclen;
		}
	return !n;
}

int watch_open(const struct policies_options *o)
{
	policies.dir = o->dir;
	policies.dir_fd = open(o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	policies.out_fd = open(o->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (policies.dir_fd < 0 || policies.out_fd < 0)
		return -errno;
	memset(&look, 0, sizeof(look));
	/* All is looked at to begin with. */
	if (read_marks(&look.seen))
		look.settled = look.seen;
	return 0;
}

static bool dir_is_same(const struct stat *st)
{
	return look.changed.tv_sec == st->st_mtim.tv_sec &&
	       look.changed.tv_nsec == st->st_mtim.tv_nsec;
}

/*
 * A file that is being written is not looked at before two looks in a row find it the same. The
 * directory itself is asked in every turn, what is in it when it has changed, and twice a second.
 */
void watch_look(uint64_t now)
{
	struct marks marks;
	struct stat dir;

	if (fstat(policies.dir_fd, &dir) || (dir_is_same(&dir) && now < look.next_look))
		return;
	look.changed = dir.st_mtim;
	look.next_look = now + LOOK_NS;
	if (!read_marks(&marks))
		return;
	if (memcmp(&marks, &look.seen, sizeof(marks))) {
		look.seen = marks;
		look.next_look = now;
		return;
	}
	policies.plans_dirty |= marks.plans != look.settled.plans;
	policies.control_dirty |= marks.control != look.settled.control;
	look.settled = marks;
}
