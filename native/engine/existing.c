// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "existing.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "events.h"
#include "format.h"
#include "proc.h"
#include "procfs.h"
#include "track.h"

/* One record of the iterator as it came, copied out of the stream. */
static struct tx_proc **found;
static size_t found_count, found_room;

static int keep(const void *record, size_t len)
{
	struct tx_proc *copy;

	if (found_count == PROC_MAX)
		return 0;
	if (found_count == found_room) {
		size_t room = found_room ? 2 * found_room : 512;
		void *grown = realloc(found, room * sizeof(*found));

		if (!grown)
			return -ENOMEM;
		found = grown;
		found_room = room;
	}
	copy = malloc(len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, record, len);
	found[found_count++] = copy;
	return 0;
}

/* The stream is records one after the other; a read may end inside one. */
static int read_stream(int fd)
{
	static char buf[64 << 10];
	size_t have = 0;

	for (;;) {
		ssize_t n = read(fd, buf + have, sizeof(buf) - have);
		size_t at = 0;

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		have += n;
		while (have - at >= sizeof(struct tx_proc)) {
			struct tx_proc head;
			size_t len;

			memcpy(&head, buf + at, sizeof(head));
			len = sizeof(head) + head.path_len + head.cwd_len + head.cgroup_len;
			if (len > sizeof(buf))
				return -EPROTO;
			if (have - at < len)
				break;
			if (keep(buf + at, len))
				return -ENOMEM;
			at += len;
		}
		have -= at;
		memmove(buf, buf + at, have);
	}
}

/* Opens what an iterator program writes; by descriptor, since the program may be an adopted one. */
static int open_iterator(int prog_fd)
{
	int link = prog_fd < 0 ? -1 : bpf_link_create(prog_fd, 0, BPF_TRACE_ITER, NULL), fd;

	if (link < 0)
		return prog_fd < 0 ? -ENOENT : -errno;
	fd = bpf_iter_create(link);
	if (fd < 0)
		fd = -errno;
	close(link); /* the stream holds it */
	return fd;
}

static int run_iterator(int prog_fd)
{
	int fd = open_iterator(prog_fd), err;

	if (fd < 0)
		return fd;
	err = read_stream(fd);
	close(fd);
	return err;
}

static int by_pid(const void *a, const void *b)
{
	const struct tx_proc *x = *(struct tx_proc *const *)a, *y = *(struct tx_proc *const *)b;

	return x->task.tgid < y->task.tgid ? -1 : x->task.tgid > y->task.tgid;
}

static bool already_found(uint32_t pid, size_t known)
{
	size_t low = 0, high = known;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (found[middle]->task.tgid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < known && found[low]->task.tgid == pid;
}

/* Those the iterator did not show (some kernels hide pid 1 from it), or all where there is none. */
static int read_procfs(void)
{
	size_t known = found_count;
	static char storage[sizeof(struct tx_proc) + 2 * TX_PATH_MAX] __attribute__((aligned(8)));
	struct tx_proc *e = (void *)storage;
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	if (!dir)
		return -errno;
	if (known)
		qsort(found, known, sizeof(*found), by_pid);
	while ((entry = readdir(dir))) {
		uint32_t pid = strtoul(entry->d_name, NULL, 10);
		ssize_t n;

		memset(e, 0, sizeof(*e));
		if (!isdigit((unsigned char)entry->d_name[0]) || already_found(pid, known) ||
		    !procfs_task(pid, &e->task))
			continue;
		n = procfs_link(pid, "exe", e->data, TX_PATH_MAX);
		e->path_len = n > 0 ? n : 0;
		n = procfs_link(pid, "cwd", e->data + e->path_len, TX_PATH_MAX);
		e->cwd_len = n > 0 ? n : 0;
		if (keep(e, sizeof(*e) + e->path_len + e->cwd_len))
			break;
	}
	closedir(dir);
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct tx_proc *x = *(struct tx_proc *const *)a, *y = *(struct tx_proc *const *)b;

	if (x->task.start != y->task.start)
		return x->task.start < y->task.start ? -1 : 1;
	return x->task.tgid < y->task.tgid ? -1 : x->task.tgid > y->task.tgid;
}

int existing_collect(int iter_task)
{
	int err = run_iterator(iter_task);

	if (err) {
		while (found_count)
			free(found[--found_count]);
		backends[HOOK_ITER].mechanism = "procfs";
	}
	err = read_procfs();
	/* Parents first, whatever their numbers are after a wrap. */
	if (found_count)
		qsort(found, found_count, sizeof(*found), by_start);
	return err;
}

const struct tx_proc *existing_find(uint32_t pid, uint64_t start)
{
	struct tx_proc wanted = { .task = { .tgid = pid, .start = start } }, *key = &wanted, **at;

	at = found_count ? bsearch(&key, found, found_count, sizeof(*found), by_start) : NULL;
	return at ? *at : NULL;
}

void existing_track(void)
{
	for (size_t i = 0; i < found_count; i++)
		track_existing(found[i]);
}

void existing_sockets(int iter_task_file)
{
	int fd = open_iterator(iter_task_file);
	char drain[4096];

	if (fd < 0)
		return;
	while (read(fd, drain, sizeof(drain)) > 0)
		;
	close(fd);
}

static const char *source_of(const struct tx_proc *e)
{
	return e->h.type == TX_TASK ? "iter" : "procfs";
}

static void forget_all(void)
{
	while (found_count)
		free(found[--found_count]);
	free(found);
	found = NULL;
	found_room = 0;
}

void existing_tell(void)
{
	for (size_t i = 0; i < found_count; i++) {
		struct proc *p = proc_find(found[i]->task.tgid, found[i]->task.start);

		if (p)
			format_exec(p, NULL, source_of(found[i]), false);
	}
	forget_all();
}

/* What comes from /proc has a coarser start: the number must do. */
static bool is_known(const struct tx_proc *e)
{
	return proc_find(e->task.tgid, e->h.type == TX_TASK ? e->task.start : 0);
}

void existing_tell_missed(void)
{
	for (size_t i = 0; i < found_count; i++) {
		struct tx_task now;
		struct proc *p;

		if (is_known(found[i]) || !procfs_task(found[i]->task.tgid, &now))
			continue;
		p = track_existing(found[i]);
		if (!p)
			continue;
		p->flags |= PROC_MISS;
		proc_stats.missed++;
		format_exec(p, NULL, source_of(found[i]), false);
	}
	forget_all();
}
