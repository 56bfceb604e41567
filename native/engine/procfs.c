// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "procfs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

static void proc_path(char path[64], uint32_t pid, const char *name)
{
	snprintf(path, 64, "/proc/%u/%s", pid, name);
}

ssize_t procfs_read(uint32_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	size_t len = 0;
	ssize_t n;
	int fd;

	proc_path(path, pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (len < size && (n = read(fd, buf + len, size - len)) > 0)
		len += n;
	close(fd);
	return len;
}

ssize_t procfs_link(uint32_t pid, const char *name, char *buf, size_t size)
{
	static const char deleted[] = " (deleted)";
	char path[64];
	ssize_t n;

	proc_path(path, pid, name);
	n = readlink(path, buf, size);
	if (n > (ssize_t)sizeof(deleted) - 1 &&
	    !memcmp(buf + n - sizeof(deleted) + 1, deleted, sizeof(deleted) - 1))
		n -= sizeof(deleted) - 1;
	return n;
}

static uint32_t namespace_number(uint32_t pid, const char *name)
{
	char link[64] = "";
	ssize_t n = procfs_link(pid, name, link, sizeof(link) - 1);
	const char *at = n > 0 ? memchr(link, '[', n) : NULL;

	return at ? strtoul(at + 1, NULL, 10) : 0;
}

static void read_namespaces(uint32_t pid, uint32_t ns[TX_NS_COUNT])
{
	static const char *const names[TX_NS_COUNT] = {
		[TX_NS_UTS] = "ns/uts",
		[TX_NS_IPC] = "ns/ipc",
		[TX_NS_MNT] = "ns/mnt",
		[TX_NS_PID] = "ns/pid",
		[TX_NS_PID_CHILD] = "ns/pid_for_children",
		[TX_NS_NET] = "ns/net",
		[TX_NS_TIME] = "ns/time",
		[TX_NS_TIME_CHILD] = "ns/time_for_children",
		[TX_NS_CGROUP] = "ns/cgroup",
		[TX_NS_USER] = "ns/user",
	};

	for (int i = 0; i < TX_NS_COUNT; i++)
		ns[i] = namespace_number(pid, names[i]);
}

void procfs_host_namespaces(uint32_t ns[TX_NS_COUNT])
{
	read_namespaces(1, ns);
}

static void parse_status(const char *status, struct tx_task *task)
{
	struct tx_creds *c = &task->creds;
	const char *at;

	if ((at = strstr(status, "\nUid:")))
		sscanf(at + 5, "%u %u %u %u", &c->uid, &c->euid, &c->suid, &c->fsuid);
	if ((at = strstr(status, "\nGid:")))
		sscanf(at + 5, "%u %u %u %u", &c->gid, &c->egid, &c->sgid, &c->fsgid);
	if ((at = strstr(status, "\nCapInh:")))
		c->cap_inheritable = strtoull(at + 8, NULL, 16);
	if ((at = strstr(status, "\nCapPrm:")))
		c->cap_permitted = strtoull(at + 8, NULL, 16);
	if ((at = strstr(status, "\nCapEff:")))
		c->cap_effective = strtoull(at + 8, NULL, 16);
	if ((at = strstr(status, "\nPPid:")))
		task->ppid = strtoul(at + 6, NULL, 10);
	if ((at = strstr(status, "\nNSpid:"))) {
		const char *end = strchr(at + 1, '\n'), *last = at + 7;

		for (const char *t = last; end && t < end; t++)
			if (*t == '\t')
				last = t;
		task->nspid = strtoul(last, NULL, 10);
	}
	if ((at = strstr(status, "\nKthread:")))
		task->kthread = strtoul(at + 9, NULL, 10);
}

bool procfs_task(uint32_t pid, struct tx_task *task)
{
	char text[4096];
	const char *open_at, *close_at;
	uint64_t ticks = 0;
	ssize_t n;

	memset(task, 0, sizeof(*task));
	task->tgid = pid;
	task->tid = pid;
	task->auid = ~0u;
	n = procfs_read(pid, "stat", text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = 0;
	/* comm may hold anything, brackets too: fields begin behind the last one. */
	open_at = strchr(text, '(');
	close_at = strrchr(text, ')');
	if (!open_at || !close_at || close_at < open_at)
		return false;
	snprintf(task->comm, sizeof(task->comm), "%.*s", (int)(close_at - open_at - 1),
		 open_at + 1);
	sscanf(close_at + 1,
	       " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
	       "%" SCNu64,
	       &ticks);
	task->start = ticks * (NS_PER_S / sysconf(_SC_CLK_TCK));
	n = procfs_read(pid, "status", text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = 0;
	parse_status(text, task);
	n = procfs_read(pid, "loginuid", text, sizeof(text) - 1);
	if (n > 0) {
		text[n] = 0;
		task->auid = strtoul(text, NULL, 10);
	}
	read_namespaces(pid, task->ns);
	task->creds.user_ns = task->ns[TX_NS_USER];
	return true;
}
