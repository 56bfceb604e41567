// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "keep.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "existing.h"
#include "state.h"
#include "track.h"

struct state_slot {
	uint64_t born, retired; /* turns; 0: free, not yet */
	uint64_t ktime, start, parent_ktime, ino;
	uint32_t parent_pid, flags, nlink, dev;
	uint32_t cut; /* the text did not fit */
	uint32_t binary_len, cwd_len, cgroup_len, script_len, args_len;
	struct tx_task task;
	char text[];
};
#define TEXT_ROOM (KEEP_SLOT_BYTES - sizeof(struct state_slot))

static char *slots; /* NULL: nothing is kept */
static uint32_t free_slots[STATE_SLOTS_MAX], retiring[STATE_SLOTS_MAX];
static uint32_t free_count, retiring_count;
static uint64_t refused;

static struct state_slot *slot_at(uint32_t index)
{
	return (void *)(slots + (size_t)index * KEEP_SLOT_BYTES);
}

static uint64_t this_turn(void)
{
	return state_now()->turn + 1;
}

/* Arguments are cut first, then what is before them. */
static uint32_t put_text(struct state_slot *s, uint32_t at, const char *text, uint32_t len,
			 uint32_t *kept)
{
	if (len > TEXT_ROOM - at) {
		len = TEXT_ROOM - at;
		s->cut = 1;
	}
	memcpy(s->text + at, text, len);
	*kept = len;
	return at + len;
}

void keep_add(struct proc *p)
{
	const struct proc_text *t = p->text;
	struct state_slot *s;
	uint32_t at = 0;

	if (!slots || p->slot)
		return;
	if (!free_count) {
		refused++;
		return;
	}
	p->slot = free_slots[--free_count] + 1;
	if (p->slot > *state_slots_used())
		__atomic_store_n(state_slots_used(), p->slot, __ATOMIC_RELEASE);
	s = slot_at(p->slot - 1);
	s->retired = 0;
	s->ktime = p->ktime;
	s->start = p->start;
	s->parent_ktime = p->parent_ktime;
	s->parent_pid = p->parent_pid;
	s->ino = p->ino;
	s->flags = p->flags;
	s->nlink = p->nlink;
	s->dev = p->dev;
	s->task = p->task;
	s->cut = 0;
	at = put_text(s, at, proc_binary(p), t->binary_len, &s->binary_len);
	at = put_text(s, at, proc_cgroup(p), t->cgroup_len, &s->cgroup_len);
	at = put_text(s, at, proc_cwd(p), t->cwd_len, &s->cwd_len);
	at = put_text(s, at, proc_script(p), t->script_len, &s->script_len);
	put_text(s, at, proc_args(p), t->args_len, &s->args_len);
	__atomic_store_n(&s->born, this_turn(), __ATOMIC_RELEASE);
}

void keep_drop(struct proc *p)
{
	if (!slots || !p->slot)
		return;
	slot_at(p->slot - 1)->retired = this_turn();
	retiring[retiring_count++] = p->slot - 1;
	p->slot = 0;
}

void keep_committed(void)
{
	while (retiring_count) {
		uint32_t index = retiring[--retiring_count];

		slot_at(index)->born = 0;
		free_slots[free_count++] = index;
	}
}

uint64_t keep_refused(void)
{
	return refused;
}

static int by_start(const void *a, const void *b)
{
	const struct state_slot *x = slot_at(*(const uint32_t *)a);
	const struct state_slot *y = slot_at(*(const uint32_t *)b);

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->ktime < y->ktime ? -1 : x->ktime > y->ktime;
}

static struct proc_text *slot_text(const struct state_slot *s, uint32_t *flags)
{
	const struct tx_proc *e = s->cut ? existing_find(s->task.tgid, s->start) : NULL;
	const char *cgroup = s->text + s->binary_len, *cwd = cgroup + s->cgroup_len;
	const char *script = cwd + s->cwd_len, *args = script + s->script_len;
	struct proc_text *t;
	bool cut;

	/* Of a process that still has the same image, the whole of it can be read. */
	if (e && e->ino == s->ino && e->dev == s->dev)
		return track_text(e, script, s->script_len, flags);
	t = proc_text_make(s->text, s->binary_len, cwd, s->cwd_len, cgroup, s->cgroup_len, script,
			   s->script_len, args, s->args_len, &cut);
	if (cut || s->cut)
		*flags |= PROC_TRUNC_ARGS;
	return t;
}

static bool slot_good(const struct state_slot *s)
{
	return s->task.tgid &&
	       (uint64_t)s->binary_len + s->cwd_len + s->cgroup_len + s->script_len + s->args_len <=
		       TEXT_ROOM;
}

static int restore(uint32_t index)
{
	const struct state_slot *s = slot_at(index);
	struct proc *parent = proc_find(s->parent_pid, 0), *p;
	uint32_t flags = s->flags;
	struct proc_text *t = slot_text(s, &flags);

	if (!t)
		return -ENOMEM;
	if (parent && parent->ktime != s->parent_ktime)
		parent = NULL; /* that image is gone; only its name is known */
	p = proc_add(&s->task, s->ktime, parent, t, flags);
	proc_text_drop(t);
	if (!p)
		return -ENOMEM;
	p->parent_pid = s->parent_pid;
	p->parent_ktime = s->parent_ktime;
	p->ino = s->ino;
	p->dev = s->dev;
	p->nlink = s->nlink;
	p->slot = index + 1;
	return 0;
}

int keep_open(void)
{
	static uint32_t valid[STATE_SLOTS_MAX];
	uint64_t committed;
	uint32_t count = 0;

	slots = (char *)state_slots();
	if (!slots)
		return 0;
	committed = state_now()->turn;
	/* From the top down, so that the lowest are taken first. */
	for (uint32_t i = state_slot_count(); i--;) {
		struct state_slot *s = slot_at(i);
		bool used = i < *state_slots_used();

		if (used && s->born && s->born <= committed &&
		    (!s->retired || s->retired > committed) && slot_good(s)) {
			s->retired = 0;
			valid[count++] = i;
			continue;
		}
		if (used)
			s->born = 0;
		free_slots[free_count++] = i;
	}
	qsort(valid, count, sizeof(valid[0]), by_start);
	for (uint32_t i = 0; i < count; i++)
		if (restore(valid[i]))
			return -ENOMEM;
	return 0;
}

void keep_suspect(void)
{
	for (uint32_t i = 0; slots && i < *state_slots_used(); i++) {
		struct state_slot *s = slot_at(i);
		struct proc *p = s->born ? proc_find(s->task.tgid, s->start) : NULL;

		if (p && p->slot == i + 1)
			p->gone = kill(p->pid, 0) && errno == ESRCH;
	}
}

void keep_settle(uint64_t now)
{
	for (uint32_t i = 0; slots && i < *state_slots_used(); i++) {
		struct state_slot *s = slot_at(i);
		struct proc *p = s->born ? proc_find(s->task.tgid, s->start) : NULL;

		if (p && p->gone)
			proc_exit(p, now);
	}
	existing_tell_missed();
}
