// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Who is guarded while the list is made anew, again and again. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "format.h"
#include "policies_part.h"
#include "unit.h"

#define TABLE 1024 /* as many as tx_guard has room for */
#define SERVERS 3
#define SENSOR 4000001u /* beyond what the kernel gives out */
#define NEXT_SENSOR 4000002u
#define MADE_UP 4100000u

/* Beyond the death of who changes it, as the kernel's is. */
static struct table {
	uint32_t pid[TABLE], count;
} * table;
static uint32_t taken_out, steps_left = UINT32_MAX;
static pid_t servers[SERVERS];

static bool is_in(uint32_t pid)
{
	for (uint32_t i = 0; i < table->count; i++)
		if (table->pid[i] == pid)
			return true;
	return false;
}

static bool servers_are_in(bool all)
{
	int in = 0;

	for (int i = 0; i < SERVERS; i++)
		in += is_in(servers[i]);
	return in == (all ? SERVERS : 0);
}

/* After each step: what the programs would find in it. */
static int change(uint32_t pid, bool guards)
{
	uint32_t at = 0;

	if (!steps_left--)
		raise(SIGKILL);
	if (guards) {
		if (table->count == TABLE)
			return -1;
		table->pid[table->count++] = pid;
		return 0;
	}
	taken_out++;
	while (at < table->count && table->pid[at] != pid)
		at++;
	CHECK(at < table->count);
	table->pid[at] = table->pid[--table->count];
	CHECK(is_in(1) && is_in(getpid()) && is_in(policies.guarded[2]));
	return 0;
}

static struct proc *add(uint32_t pid, const char *binary)
{
	struct tx_task task = { .tgid = pid, .tid = pid, .start = pid };
	size_t len = strlen(binary);
	struct proc_text *text;
	struct proc *p;
	bool cut;

	memcpy(task.ns, format_host_namespaces(), sizeof(task.ns));
	text = proc_text_make(binary, len, "/", 1, "/", 1, "", 0, "x", 2, &cut);
	p = proc_add(&task, pid, proc_kernel(), text, 0);
	proc_text_drop(text);
	return p;
}

/* Children that wait for their end, and are taken for the host's servers. */
static void begin(void)
{
	table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	CHECK(table != MAP_FAILED && !proc_table_open());
	guard_table = change;
	policies.dir_fd = 0;
	policies.guarded[2] = SENSOR;
	for (int i = 0; i < SERVERS; i++) {
		servers[i] = fork();
		if (!servers[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		add(servers[i], "/usr/sbin/sshd");
	}
	add(getppid(), "/usr/bin/bash");
	guard_open();
	CHECK(is_in(1) && is_in(getpid()) && is_in(SENSOR) && servers_are_in(true));
	CHECK(!is_in(getppid()) && table->count == 3 + SERVERS);
}

static void again_and_again(void)
{
	uint32_t before = table->count;

	for (int i = 0; i < 100; i++)
		guard_all();
	CHECK(table->count == before && !taken_out);
	/* Another sensor: it is in before the last one is out. */
	policies_guard(2, NEXT_SENSOR);
	CHECK(is_in(NEXT_SENSOR) && !is_in(SENSOR) && taken_out == 1 && servers_are_in(true));
}

/* An engine of its own, which dies before its step after so many; false: it got to the end. */
static bool dies(uint32_t steps)
{
	pid_t engine = fork();
	int how = 0;

	if (!engine) {
		steps_left = steps;
		guard_all();
		policies_guard(2, SENSOR);
		_exit(unit_failed);
	}
	CHECK(waitpid(engine, &how, 0) == engine);
	CHECK(WIFSIGNALED(how) || !WEXITSTATUS(how));
	return WIFSIGNALED(how);
}

/* Programs go on with the list as a killed engine leaves it; the next engine begins a new one. */
static void killed(void)
{
	const struct table before = *table;
	uint32_t steps = 0;

	while (dies(steps++)) {
		CHECK(servers_are_in(true) && is_in(1));
		CHECK(is_in(SENSOR) || is_in(NEXT_SENSOR));
		*table = (struct table){ .count = 0 };
		guard_open();
		CHECK(servers_are_in(true) && is_in(1) && is_in(getpid()) && is_in(NEXT_SENSOR));
		*table = before;
	}
	/* Itself, the other sensor, and the one before off. */
	CHECK(steps == 4 && servers_are_in(true) && is_in(SENSOR));
	*table = before;
}

static void wishes(void)
{
	for (int i = 0; i < 10; i++) {
		policies.control.allow_sshd = !(i & 1);
		taken_out = 0;
		guard_all();
		CHECK(taken_out == (i & 1 ? 0 : SERVERS) && servers_are_in(i & 1));
	}
}

/* The table of processes has lost one that lives. */
static void evicted(void)
{
	proc_table_close();
	CHECK(!proc_table_open());
	taken_out = 0;
	guard_all();
	CHECK(!taken_out && servers_are_in(true));
	policies.control.allow_sshd = true;
	guard_all();
	CHECK(servers_are_in(false));
	policies.control.allow_sshd = false;
	for (int i = 0; i < SERVERS; i++)
		guard_look(add(servers[i], "/usr/sbin/sshd"));
	proc_exit(proc_find(servers[0], 0), 1);
	guard_all();
	CHECK(!is_in(servers[0]) && is_in(servers[1]));
}

/* However many servers there are, the engine and the sensor find room. */
static void full(void)
{
	for (uint32_t i = 0; i < TABLE + 100; i++)
		guard_look(add(MADE_UP + i, "/usr/sbin/sshd"));
	CHECK(is_in(MADE_UP) && !is_in(MADE_UP + TABLE) && table->count < TABLE);
	policies_guard(2, SENSOR);
	policies_guard(3, NEXT_SENSOR);
	CHECK(is_in(SENSOR) && is_in(NEXT_SENSOR) && is_in(1) && is_in(getpid()));
}

int main(void)
{
	begin();
	again_and_again();
	killed();
	wishes();
	evicted();
	full();
	for (int i = 0; i < SERVERS; i++) {
		kill(servers[i], SIGKILL);
		waitpid(servers[i], NULL, 0);
	}
	proc_table_close();
	return unit_end("policies_guard");
}
