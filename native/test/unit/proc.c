// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "proc.h"

#include "unit.h"

static struct proc *add(uint32_t pid, uint64_t start, uint64_t ktime, struct proc *parent)
{
	struct tx_task task = { .tgid = pid, .tid = pid, .start = start };
	struct proc *p;
	bool cut;
	struct proc_text *t = proc_text_make("/bin/x", 6, "/", 1, "/", 1, "", 0, "x", 2, &cut);

	p = proc_add(&task, ktime, parent, t, 0);
	proc_text_drop(t);
	return p;
}

static void lives(void)
{
	struct proc *parent = add(10, 100, 100, proc_kernel());
	struct proc *child = add(11, 200, 200, parent);

	CHECK(proc_find(11, 200) == child && child->parent == parent);
	CHECK(!proc_find(11, 201));
	/* the parent leaves the table, the child still knows it */
	proc_exit(parent, 300);
	CHECK(proc_find(10, 100) == parent);
	proc_expire(300 + PROC_GRACE_NS + 1);
	CHECK(!proc_find(10, 100) && child->parent == parent && !parent->parent);
	CHECK(parent->parent_ktime == 1);
	/* an exec takes the place of the fork; a reused number that of the dead */
	child = add(11, 200, 400, child->parent);
	CHECK(proc_find(11, 200) == child && child->ktime == 400);
	proc_exit(child, 500);
	add(11, 600, 600, NULL);
	CHECK(proc_find(11, 200) == child && proc_find(11, 0)->start == 600);
}

static void bounds(void)
{
	struct proc *p = proc_kernel();
	uint64_t evicted = proc_stats.evicted;

	/* a chain of processes each forked by the one before, all dead but the last */
	for (uint32_t i = 0; i < 3 * PROC_MAX; i++) {
		struct proc *next = add(100 + i, i + 1, i + 1, p);

		proc_exit(p, i);
		p = next;
	}
	CHECK(proc_stats.live + proc_stats.exited <= PROC_MAX);
	CHECK(proc_stats.evicted == evicted);
	for (uint32_t i = 0; i < 2 * PROC_MAX; i++)
		add(1000000 + i, i + 1, i + 1, proc_kernel());
	CHECK(proc_stats.live + proc_stats.exited <= PROC_MAX);
	CHECK(proc_stats.evicted > evicted);
	CHECK(proc_find(0, 0) == proc_kernel());
}

static void containers(void)
{
	static const char path[] =
		"/system.slice/docker-"
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
		".scope";
	bool cut;
	struct proc_text *t =
		proc_text_make("/b", 2, "/", 1, path, sizeof(path) - 1, "", 0, "", 0, &cut);

	CHECK_TEXT(t->docker, "0123456789abcdef0123456789abcde");
	proc_text_drop(t);
}

int main(void)
{
	CHECK(!proc_table_open());
	lives();
	bounds();
	containers();
	proc_table_close();
	CHECK(proc_stats.live == 0 && proc_stats.exited == 0 && proc_stats.text_bytes == 0);
	return unit_end("proc");
}
