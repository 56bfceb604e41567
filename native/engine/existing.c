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

static int run_iterator(struct bpf_program *prog)
{
	struct bpf_link *link = bpf_program__attach_iter(prog, NULL);
	int fd, err;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	err = fd < 0 ? -errno : read_stream(fd);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
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

int existing_read(struct bpf_program *iter_task)
{
	int err = iter_task ? run_iterator(iter_task) : -ENOENT;

	if (err) {
		while (found_count)
			free(found[--found_count]);
		backends[HOOK_ITER].mechanism = "procfs";
	}
	err = read_procfs();
	/* Parents first, whatever their numbers are after a wrap. */
	if (found_count)
		qsort(found, found_count, sizeof(*found), by_start);
	for (size_t i = 0; i < found_count; i++)
		track_existing(found[i]);
	return err;
}

void existing_sockets(struct bpf_program *iter_task_file)
{
	struct bpf_link *link =
		iter_task_file ? bpf_program__attach_iter(iter_task_file, NULL) : NULL;
	char drain[4096];
	int fd;

	if (!link)
		return;
	fd = bpf_iter_create(bpf_link__fd(link));
	while (fd >= 0 && read(fd, drain, sizeof(drain)) > 0)
		;
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
}

void existing_tell(void)
{
	for (size_t i = 0; i < found_count; i++) {
		struct proc *p = proc_find(found[i]->task.tgid, found[i]->task.start);

		if (p)
			format_exec(p, NULL, found[i]->h.type == TX_TASK ? "iter" : "procfs",
				    false);
		free(found[i]);
	}
	free(found);
	found = NULL;
	found_count = found_room = 0;
}
