// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "proc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "keep.h"

#define BUCKETS 16384u

struct proc_list {
	struct proc *oldest, *newest;
};

struct proc_stats proc_stats;
static struct proc *buckets[BUCKETS];
static struct proc_list living, exited;
static struct proc *kernel;

static struct proc **bucket_of(uint32_t pid)
{
	return &buckets[(pid * 2654435761u) >> 18 & (BUCKETS - 1)];
}

static struct proc_list *list_of(const struct proc *p)
{
	return p->exited_at ? &exited : &living;
}

static void list_append(struct proc_list *list, struct proc *p)
{
	p->newer = NULL;
	p->older = list->newest;
	if (list->newest)
		list->newest->newer = p;
	else
		list->oldest = p;
	list->newest = p;
}

static void list_remove(struct proc_list *list, struct proc *p)
{
	if (p->older)
		p->older->newer = p->newer;
	else
		list->oldest = p->newer;
	if (p->newer)
		p->newer->older = p->older;
	else
		list->newest = p->older;
}

struct proc *proc_hold(struct proc *p)
{
	p->refs++;
	return p;
}

void proc_drop(struct proc *p)
{
	/* A loop, not recursion: a chain of dead parents must not eat the stack. */
	while (p && --p->refs == 0) {
		struct proc *parent = p->parent;

		proc_text_drop(p->text);
		free(p);
		p = parent;
	}
}

/*
 * Takes an entry out of the table. It lives on while a child holds it, but lets go of its own
 * parent: otherwise a daemon that re-forks itself for ever would keep all its ancestors in memory.
 * parent_pid and parent_ktime still name it.
 */
static void unlink_entry(struct proc *p)
{
	struct proc **at = bucket_of(p->pid), *parent = p->parent;

	while (*at && *at != p)
		at = &(*at)->next;
	if (*at)
		*at = p->next;
	list_remove(list_of(p), p);
	if (p->exited_at)
		proc_stats.exited--;
	else
		proc_stats.live--;
	keep_drop(p);
	p->linked = false;
	p->parent = NULL;
	proc_drop(parent);
	proc_drop(p);
}

struct proc *proc_find(uint32_t pid, uint64_t start)
{
	struct proc *found = NULL;

	for (struct proc *p = *bucket_of(pid); p; p = p->next) {
		if (p->pid != pid || (start && p->start != start))
			continue;
		if (start || !p->exited_at)
			return p;
		if (!found)
			found = p;
	}
	return found;
}

struct proc *proc_kernel(void)
{
	return kernel;
}

static void make_room(void)
{
	struct proc *victim;

	if (proc_stats.live + proc_stats.exited < PROC_MAX)
		return;
	victim = exited.oldest ? exited.oldest : living.oldest;
	if (victim == kernel)
		victim = kernel->newer;
	if (!victim)
		return;
	if (!victim->exited_at)
		proc_stats.evicted++;
	unlink_entry(victim);
}

struct proc *proc_add(const struct tx_task *task, uint64_t ktime, struct proc *parent,
		      struct proc_text *text, uint32_t flags)
{
	struct proc *old, *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->refs = 1;
	p->pid = task->tgid;
	p->ppid = task->ppid;
	p->ktime = ktime;
	p->start = task->start;
	p->wall_start = clock_wall_ns(ktime);
	p->task = *task;
	p->flags = flags;
	p->text = proc_text_hold(text);
	if (parent) {
		p->parent = proc_hold(parent);
		p->parent_pid = parent->pid;
		p->parent_ktime = parent->ktime;
	}
	old = proc_find(p->pid, 0);
	if (old && !old->exited_at && old->start <= p->start)
		unlink_entry(old); /* an exec, or a missed exit */
	make_room();
	p->next = *bucket_of(p->pid);
	*bucket_of(p->pid) = p;
	list_append(&living, p);
	proc_stats.live++;
	p->linked = true;
	return p;
}

void proc_exit(struct proc *p, uint64_t now)
{
	if (p->exited_at || !p->linked || p == kernel)
		return;
	list_remove(&living, p);
	proc_stats.live--;
	keep_drop(p);
	p->exited_at = now;
	list_append(&exited, p);
	proc_stats.exited++;
}

void proc_expire(uint64_t now)
{
	while (exited.oldest && exited.oldest->exited_at + PROC_GRACE_NS < now)
		unlink_entry(exited.oldest);
}

int proc_table_open(void)
{
	struct tx_task task = { .comm = "swapper", .auid = ~0u, .kthread = 1 };
	bool cut;
	struct proc_text *text = proc_text_make("<kernel>", 8, "/", 1, "/", 1, "", 0, "", 0, &cut);

	if (!text)
		return -ENOMEM;
	/* As in Tetragon: pid 0 is the kernel, started one nanosecond after boot. */
	kernel = proc_add(&task, 1, NULL, text, PROC_PROCFS);
	proc_text_drop(text);
	return kernel ? 0 : -ENOMEM;
}

void proc_table_close(void)
{
	while (exited.oldest)
		unlink_entry(exited.oldest);
	while (living.oldest)
		unlink_entry(living.oldest);
	kernel = NULL;
}
