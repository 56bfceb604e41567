// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "track.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "format.h"
#include "keep.h"
#include "loss.h"
#include "policies.h"
#include "procfs.h"

bool track_valid(const struct tx_proc *e, size_t len)
{
	return len >= sizeof(*e) && len >= sizeof(*e) + e->path_len + e->script_len + e->cwd_len +
						    e->cgroup_len + e->args_len;
}

/* Without memory for its process an event can't be told: a loss like any other. */
static void out_of_memory(const struct tx_header *h)
{
	loss_add(LOSS_FORMAT, h->cpu, 1, h->ktime, h->ktime);
}

static uint32_t cwd_flags(const char *cwd, size_t len, bool cut)
{
	if (cut)
		return PROC_ERROR_CWD;
	if (!len)
		return PROC_NO_CWD;
	return len == 1 && *cwd == '/' ? PROC_ROOT_CWD : 0;
}

/* Kernel threads have no file; they are shown as ps shows them. */
static size_t thread_name(const struct tx_task *task, char name[TX_COMM + 3])
{
	return snprintf(name, TX_COMM + 3, "[%.*s]", TX_COMM, task->comm);
}

static struct proc_text *text_of(const struct tx_proc *e, const char *script, size_t script_len,
				 const char *args, size_t args_len, uint32_t *flags)
{
	const char *path = e->data, *cwd = path + e->path_len + e->script_len;
	const char *cgroup = cwd + e->cwd_len;
	size_t path_len = e->path_len;
	char name[TX_COMM + 3];
	struct proc_text *t;
	bool cut;

	if (!path_len) {
		path_len = thread_name(&e->task, name);
		path = name;
		if (!e->task.kthread)
			*flags |= PROC_ERROR_FILENAME;
	}
	*flags |= cwd_flags(cwd, e->cwd_len, e->flags & TX_PF_CWD_CUT);
	t = proc_text_make(path, path_len, cwd, e->cwd_len, cgroup, e->cgroup_len, script,
			   script_len, args, args_len, &cut);
	if (cut)
		*flags |= PROC_TRUNC_ARGS;
	return t;
}

void track_exec(const struct tx_proc *e, const char *backend)
{
	const char *args = e->data + e->path_len + e->script_len + e->cwd_len + e->cgroup_len;
	struct proc *old = proc_find(e->task.tgid, e->task.start), *parent, *p;
	static char proc_args_buf[TX_ARGS_MAX];
	size_t args_len = e->args_len;
	uint32_t flags = PROC_EXECVE, old_pid = 0;
	uint64_t old_ktime = 0;
	struct proc_text *t;

	if (e->flags & TX_PF_ARGS_ERROR) {
		ssize_t n =
			procfs_read(e->task.tgid, "cmdline", proc_args_buf, sizeof(proc_args_buf));

		args = proc_args_buf;
		args_len = n > 0 ? n : 0;
		flags |= n > 0 ? 0 : PROC_ERROR_ARGS;
	} else if (e->args_total > e->args_len) {
		flags |= PROC_TRUNC_ARGS;
	}
	if (old) {
		parent = old->parent;
		old_pid = old->parent_pid;
		old_ktime = old->parent_ktime;
		flags |= old->flags & PROC_EXECVE ? 0 : PROC_CLONE;
	} else {
		parent = proc_find(e->task.ppid, 0);
		flags |= PROC_MISS;
	}
	t = text_of(e, e->data + e->path_len, e->script_len, args, args_len, &flags);
	p = t ? proc_add(&e->task, e->h.ktime, parent, t, flags) : NULL;
	proc_text_drop(t);
	if (!p) {
		out_of_memory(&e->h);
		return;
	}
	if (!p->parent_ktime) {
		p->parent_pid = old_pid;
		p->parent_ktime = old_ktime;
	}
	p->ino = e->ino;
	p->dev = e->dev;
	p->nlink = e->nlink;
	keep_add(p);
	policies_on_exec(p);
	format_exec(p, &e->h, backend, e->flags & TX_PF_SETID);
}

/* The parent's strings, unless the child was born into another cgroup. */
static struct proc_text *fork_text(const struct tx_proc *e, struct proc *creator)
{
	struct proc_text *t = creator->text;
	bool cut;

	if ((e->flags & TX_PF_CGROUP_SAME) || !e->cgroup_len)
		return proc_text_hold(t);
	return proc_text_make(proc_binary(creator), t->binary_len, proc_cwd(creator), t->cwd_len,
			      e->data, e->cgroup_len, proc_script(creator), t->script_len,
			      proc_args(creator), t->args_len, &cut);
}

void track_fork(const struct tx_proc *e, const char *backend)
{
	struct proc *creator = track_owner(&e->h), *parent = creator, *p;
	struct proc_text *t;

	/* Found by the iterator between our attaching and now: already told. */
	p = proc_find(e->task.tgid, e->task.start);
	if (p) {
		format_fork(p, &e->h, backend);
		return;
	}
	if (!creator)
		return;
	/* CLONE_PARENT makes a sibling: the image is the creator's, the parent is another. */
	if (e->task.ppid != creator->pid) {
		parent = proc_find(e->task.ppid, 0);
		if (!parent)
			parent = creator;
	}
	t = fork_text(e, creator);
	p = t ? proc_add(&e->task, e->task.start, parent, t,
			 PROC_CLONE |
				 (creator->flags & (PROC_ROOT_CWD | PROC_NO_CWD | PROC_TRUNC_ARGS)))
	      : NULL;
	proc_text_drop(t);
	if (!p) {
		out_of_memory(&e->h);
		return;
	}
	p->ino = creator->ino;
	p->dev = creator->dev;
	p->nlink = creator->nlink;
	keep_add(p);
	policies_on_fork(p);
	format_fork(p, &e->h, backend);
}

/* Reads argv of a living process. */
static size_t read_args(uint32_t pid, char *buf, size_t size, uint32_t *flags)
{
	ssize_t n = procfs_read(pid, "cmdline", buf, size);

	if (n < 0)
		*flags |= PROC_ERROR_ARGS;
	else if ((size_t)n == size)
		*flags |= PROC_TRUNC_ARGS;
	return n > 0 ? n : 0;
}

struct proc_text *track_text(const struct tx_proc *e, const char *script, size_t script_len,
			     uint32_t *flags)
{
	static char args[TX_ARGS_MAX];
	size_t args_len = read_args(e->task.tgid, args, sizeof(args), flags);

	return text_of(e, script, script_len, args, args_len, flags);
}

struct proc *track_existing(const struct tx_proc *e)
{
	uint32_t flags = PROC_PROCFS;
	struct proc_text *t;
	struct proc *p;

	if (proc_find(e->task.tgid, e->task.start))
		return NULL;
	t = track_text(e, "", 0, &flags);
	p = t ? proc_add(&e->task, e->task.start, proc_find(e->task.ppid, 0), t, flags) : NULL;
	proc_text_drop(t);
	if (!p)
		return NULL;
	p->ino = e->ino;
	p->dev = e->dev;
	p->nlink = e->nlink;
	keep_add(p);
	return p;
}

/*
 * A record of a process we have no entry for: its exec or fork was lost. /proc may still know it;
 * its start there has a granularity of 10 ms, so it is compared loosely.
 */
static struct proc *recover(const struct tx_header *h)
{
	static char binary[TX_PATH_MAX], cwd[TX_PATH_MAX], cgroup[TX_CGROUP_MAX], args[TX_ARGS_MAX];
	uint32_t flags = PROC_PROCFS | PROC_MISS;
	ssize_t binary_len = 0, cwd_len = 0, cgroup_len = 0;
	size_t args_len = 0;
	struct tx_task task;
	struct proc_text *t;
	struct proc *p;
	bool cut, found = procfs_task(h->tgid, &task);

	if (found && task.start / (20 * NS_PER_MS) > h->start / (20 * NS_PER_MS) + 1)
		found = false; /* the number was used again */
	if (found) {
		const char *path;
		char name[TX_COMM + 3];

		binary_len = procfs_link(h->tgid, "exe", binary, sizeof(binary));
		if (binary_len <= 0) {
			binary_len = thread_name(&task, name);
			memcpy(binary, name, binary_len);
		}
		cwd_len = procfs_link(h->tgid, "cwd", cwd, sizeof(cwd));
		cgroup_len = procfs_read(h->tgid, "cgroup", cgroup, sizeof(cgroup) - 1);
		path = cgroup_len > 0 ? (cgroup[cgroup_len] = 0, strrchr(cgroup, ':')) : NULL;
		cgroup_len = path ? strcspn(path + 1, "\n") : 0;
		memmove(cgroup, path ? path + 1 : "", cgroup_len);
		args_len = read_args(h->tgid, args, sizeof(args), &flags);
	} else {
		flags = PROC_UNKNOWN | PROC_MISS;
		task = (struct tx_task){ .tgid = h->tgid, .tid = h->tgid, .auid = ~0u };
		task.creds.euid = h->uid;
	}
	task.start = h->start;
	t = proc_text_make(binary, binary_len, cwd, cwd_len > 0 ? cwd_len : 0, cgroup, cgroup_len,
			   "", 0, args, args_len, &cut);
	p = t ? proc_add(&task, h->start, found ? proc_find(task.ppid, 0) : NULL, t, flags) : NULL;
	proc_text_drop(t);
	proc_stats.missed++;
	if (!p)
		out_of_memory(h);
	else
		keep_add(p);
	if (p && found)
		format_exec(p, NULL, "procfs", false);
	else if (p)
		proc_exit(p, h->ktime); /* gone already: let it expire */
	return p;
}

struct proc *track_owner(const struct tx_header *h)
{
	struct proc *p;

	if (!h->tgid)
		return proc_kernel();
	p = proc_find(h->tgid, h->start);
	return p ? p : recover(h);
}

void track_exit(const struct tx_exit *e, const char *backend)
{
	struct proc *p = proc_find(e->h.tgid, e->h.start);

	if (p && p->exited_at) /* the second of two last threads */
		return;
	if (!p)
		p = track_owner(&e->h);
	if (!p)
		return;
	format_exit(p, e, backend);
	policies_on_exit(p);
	proc_exit(p, e->h.ktime);
}
