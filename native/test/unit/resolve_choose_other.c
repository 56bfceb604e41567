// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The choice of mechanisms for functions and tracepoints, on kernels of every kind. */
#include "resolve_world.h"

static void other(const struct facts *facts, const struct needs *needs, bool fentry,
		  const char *name)
{
	memset(&c, 0, sizeof(c));
	choose_function(facts, needs, fentry, name, &c);
}

static void functions(void)
{
	other(&distribution, &observe, false, "fd_install");
	CHECK(at(0, POINT_KPROBE, "fd_install", WANT_POST | WANT_ENFORCE));
	other(&distribution, &returns, false, "fd_install");
	CHECK(at(0, POINT_FEXIT, "fd_install", WANT_POST));
	struct needs kills_and_returns = kills;
	kills_and_returns.returns = true;
	other(&distribution, &kills_and_returns, false, "fd_install");
	CHECK(at(0, POINT_KRETPROBE, "fd_install", WANT_POST | WANT_ENFORCE));
	CHECK(c.at[0].row_flags == TX_HOOK_RETURN_PAIR);
	/* On a preemptible kernel fexit may skip runs. */
	other(&realtime, &returns, false, "fd_install");
	CHECK(c.status == POINT_OK && c.at[0].backend == POINT_KRETPROBE);
	other(&distribution, &returns, false, "module_only");
	CHECK(c.at[0].backend == POINT_KRETPROBE);
	other(&no_probe, &observe, false, "fd_install");
	CHECK(c.status == POINT_OK && c.at[0].backend == POINT_FENTRY);
	other(&no_probe, &kills, false, "fd_install");
	CHECK(c.status == POINT_DEGRADED && at(0, POINT_FENTRY, "fd_install", WANT_POST));
	CHECK_TEXT(c.reason, "only reported: nothing is enforced from fentry and fexit programs");
	other(&no_probe, &observe, false, "module_only");
	CHECK(c.status == POINT_REJECTED);
	other(&distribution, &observe, false, "static_twin");
	CHECK(c.status == POINT_DEGRADED);
	CHECK_TEXT(c.reason, "3 functions have this name: one is seen");
	other(&distribution, &denies, false, "fd_install");
	CHECK(c.status == POINT_REJECTED);
	other(&injectable, &denies, false, "fd_install");
	CHECK(c.status == POINT_OK && c.at[0].override);
	other(&distribution, &observe, false, "fd_instal");
	CHECK(c.status == POINT_REJECTED && c.missing);
	CHECK_TEXT(c.reason, "no such function on this kernel: fd_instal (nearest: fd_install)");
}

static void fentries(void)
{
	other(&distribution, &observe, true, "fd_install");
	CHECK(c.status == POINT_OK && at(0, POINT_FENTRY, "fd_install", WANT_POST));
	other(&distribution, &returns, true, "fd_install");
	CHECK(at(0, POINT_FEXIT, "fd_install", WANT_POST));
	other(&realtime, &observe, true, "fd_install");
	CHECK(c.status == POINT_OK && c.at[0].backend == POINT_KPROBE && c.reason[0]);
	other(&injectable, &observe, true, "fd_install");
	CHECK(c.status == POINT_DEGRADED && c.at[0].backend == POINT_KPROBE);
	other(&locked, &observe, true, "fd_install");
	CHECK(c.status == POINT_REJECTED);
}

static void tracepoint(const struct facts *facts, const struct needs *needs, bool raw,
		       const char *group, const char *event)
{
	memset(&c, 0, sizeof(c));
	choose_tracepoint(facts, needs, raw, group, event, &c);
}

static void tracepoints(void)
{
	struct needs reads = { .post = true, .indices = 1 << 4 };

	tracepoint(&locked, &reads, false, "sched", "sched_process_exec");
	CHECK(c.status == POINT_OK && c.at[0].backend == POINT_TRACEPOINT);
	tracepoint(&locked, &reads, false, "nothing", "here");
	CHECK(c.status == POINT_REJECTED && c.missing && !c.feature);
	CHECK_TEXT(c.reason, "no such tracepoint on this kernel: nothing/here "
			     "(nearest: sched/here)");
	tracepoint(&locked, &reads, true, "sched", "sched_process_exec");
	CHECK(c.at[0].backend == POINT_RAW_TP);
	tracepoint(&locked, &reads, true, "sched", "nothing");
	CHECK(c.status == POINT_REJECTED && c.missing);
	tracepoint(&locked, &denies, false, "sched", "sched_process_exec");
	CHECK(c.status == POINT_REJECTED);
	format_error = -EACCES; /* no tracefs */
	tracepoint(&locked, &reads, false, "syscalls", "sys_enter_openat");
	CHECK(c.status == POINT_OK && at(0, POINT_SYS_ENTER, "openat", WANT_POST | WANT_ENFORCE));
	tracepoint(&locked, &reads, false, "syscalls", "sys_exit_newfstat");
	CHECK(at(0, POINT_SYS_EXIT, "fstat", WANT_POST | WANT_ENFORCE));
	tracepoint(&locked, &reads, false, "sched", "sched_process_exec");
	CHECK(c.status == POINT_REJECTED);
	tracepoint(&locked, &observe, false, "sched", "sched_process_exec");
	CHECK(c.status == POINT_OK && c.at[0].backend == POINT_RAW_TP);
	format_error = 0;
}

int main(void)
{
	functions();
	fentries();
	tracepoints();
	return unit_end("resolve_choose_other");
}
