// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Whole hooks, against the types of the running kernel where it has any. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "btf_kernel.h"
#include "resolve_format.h"
#include "resolve_hook.h"

static void of_the_task(void)
{
	struct tx_plan_arg *a;
	struct want *w;

	begin(TX_HOOK_LSM, 0, "", "bprm_check_security");
	argument(TX_ARG_LINUX_BINPRM, 0, "");
	a = argument(TX_ARG_STRING, 0, "mm.owner.real_parent.comm");
	a->source = TX_SOURCE_CURRENT_TASK;
	argument(TX_ARG_AUTO, 0, "file.f_path");
	w = resolved();
	CHECK(w->status == POINT_OK && w->placed && w->policy == 7 && w->args == 3);
	CHECK(w->place.backend == POINT_LSM);
	CHECK(w->arg[0].type == TX_ARG_LINUX_BINPRM && !w->arg[0].steps);
	CHECK(w->arg[1].source == TX_SOURCE_CURRENT_TASK && w->arg[1].steps == 4);
	CHECK(w->arg[1].step[0].deref && w->arg[1].step[1].deref && w->arg[1].step[2].deref);
	CHECK(!w->arg[1].step[3].deref && (w->arg[1].flags & TX_ARGROW_ADDRESS));
	CHECK(w->arg[1].max == 16);
	CHECK(w->arg[2].type == TX_ARG_PATH && w->arg[2].steps == 2);
}

static void of_a_function(void)
{
	struct want *w;

	begin(TX_HOOK_KPROBE, TX_HOOK_F_RETURN, "", "vfs_read");
	argument(TX_ARG_AUTO, 0, "");
	argument(TX_ARG_CHAR_BUF, 1, "")->size_index = 2;
	argument(TX_ARG_AUTO, 2, "");
	argument(TX_ARG_STRING, 2, "");
	args[7] = (struct tx_plan_arg){ .type = TX_ARG_AUTO,
					.source = TX_SOURCE_RETURN,
					.size_index = TX_PLAN_NONE };
	hook.return_arg = 7;
	w = resolved();
	CHECK(w->status == POINT_DEGRADED && w->place.backend == POINT_FEXIT);
	CHECK_TEXT(w->reason, "argument 2: declared as string, the kernel says size_t");
	CHECK(w->args == 5 && w->has_return);
	CHECK(w->arg[0].type == TX_ARG_FILE);
	CHECK(w->arg[1].size_index == 2 && w->arg[1].max == TX_ARG_DATA);
	CHECK(w->arg[2].type == TX_ARG_SIZE && w->arg[2].width == 8);
	CHECK(w->arg[4].source == TX_SOURCE_RETURN && w->arg[4].type == TX_ARG_INT64);
}

static void missing_arguments(void)
{
	struct want *w;

	begin(TX_HOOK_KPROBE, 0, "", "vfs_llseek");
	argument(TX_ARG_INT, 4, "");
	argument(TX_ARG_INT, 0, "f_pos.nothing");
	w = resolved();
	CHECK(w->status == POINT_DEGRADED && w->placed);
	CHECK(strstr(w->reason, "argument 4: the function has 3 arguments"));
	CHECK(w->arg[0].type == TX_ARG_NOP && w->arg[1].type == TX_ARG_NOP);
	/* A filter on what can't be read would decide on nothing. */
	begin(TX_HOOK_KPROBE, 0, "", "vfs_llseek");
	argument(TX_ARG_INT, 4, "");
	selector = (struct tx_plan_selector){ .filters = { 0, 1 } };
	filter = (struct tx_plan_filter){ .kind = TX_FILTER_INT_EQUAL, .arg = 0 };
	hook.selectors.count = 1;
	w = resolved();
	CHECK(w->status == POINT_REJECTED && !w->placed);
	begin(TX_HOOK_KPROBE, 0, "", "vfs_llseek");
	argument(TX_ARG_INT, 100, "");
	w = resolved();
	CHECK(w->status == POINT_REJECTED && !w->placed);
	CHECK_TEXT(w->reason, "argument 100: at most 6 arguments can be read");
	begin(TX_HOOK_RAW_TRACEPOINT, 0, "sched", "sched_process_exec");
	argument(TX_ARG_AUTO, 2, "");
	argument(TX_ARG_INT, 0, "pid");
	w = resolved();
	CHECK(w->status == POINT_OK && w->arg[0].type == TX_ARG_LINUX_BINPRM);
	CHECK(w->arg[1].steps == 1 && w->arg[1].width == 4);
}

static void functions_that_are_not(void)
{
	struct want *w;

	begin(TX_HOOK_KPROBE, TX_HOOK_F_IGNORE_MISSING, "", "no_such_function_at_all");
	w = resolved();
	CHECK(w->status == POINT_DEGRADED && !w->placed);
	CHECK(strstr(w->reason, "left out, as the policy allows: no such function"));
	begin(TX_HOOK_KPROBE, 0, "", "no_such_function_at_all");
	w = resolved();
	CHECK(w->status == POINT_REJECTED && !w->placed);
	begin(TX_HOOK_KPROBE, 0, "", "vfs_rea");
	w = resolved();
	if (strstr(w->reason, "nearest")) /* where the list of symbols may be read */
		CHECK_TEXT(w->reason, "no such function on this kernel: vfs_rea "
				      "(nearest: vfs_read)");
}

static void all_calls(void)
{
	int count = 0;

	begin(TX_HOOK_KPROBE, TX_HOOK_F_SYSCALL | TX_HOOK_F_GENERATED_SYSCALLS, "", "");
	for (struct want *w = resolved(); w; w = w->next_of_policy, count++)
		CHECK(w->place.backend == POINT_SYS_ENTER && w->status == POINT_OK);
	CHECK(count > 300);
}

static int matching(const char *pattern)
{
	int placed = 0;

	begin(TX_HOOK_KPROBE, TX_HOOK_F_GENERATED_FTRACE, "", pattern);
	for (struct want *w = resolved(); w; w = w->next_of_policy) {
		placed += w->placed;
		CHECK(w->placed || w->status == POINT_REJECTED);
	}
	return placed;
}

static void all_functions(void)
{
	int some = matching("^vfs_rea[a-z]+$");

	if (!some) {
		printf("# skipped: this kernel's functions are not listed\n");
		return;
	}
	CHECK(matching("^vfs_read$") == 1);
	CHECK(matching("vfs_read$") >= 1);
	/* The last letter may be absent: it is no part of what all matches begin with. */
	CHECK(matching("^vfs_readx*$") == 1 && matching("^vfs_read{1,2}$") == 1);
	CHECK(matching("^vfs_nothing$|^vfs_read$") == 1);
	CHECK(matching("^vfs_\\d+$") == 0);
	CHECK(matching("^no_function_begins_so") == 0);
	CHECK_TEXT(wants->reason, "no function of this kernel matches ^no_function_begins_so");
	CHECK(matching("^vfs_(read") == 0);
	CHECK_TEXT(wants->reason, "the pattern is no regular expression we can use");
	CHECK(matching("(v)\\1") == 0 && matching("a{999}") == 0);
	/* More than there are hook points: as many as there are, and a word about the rest. */
	CHECK(matching(".") == TX_HOOK_POINTS - 1);
}

static void registers(void)
{
	struct want *w;
	struct tx_plan_arg *a;

	begin(TX_HOOK_KPROBE, 0, "", "vfs_read");
	a = argument(TX_ARG_UINT64, 0, "rsi");
	a->source = TX_SOURCE_PT_REGS;
	a = argument(TX_ARG_INT, 0, "r8d");
	a->source = TX_SOURCE_PT_REGS;
	a = argument(TX_ARG_STRING, 0, "rdi");
	a->source = TX_SOURCE_PT_REGS;
	w = resolved();
#ifdef __x86_64__
	CHECK(w->status == POINT_OK && w->place.backend == POINT_KPROBE);
	CHECK(w->arg[0].step[0].offset == 104 && w->arg[0].width == 8);
	CHECK(w->arg[1].step[0].offset == 72 && w->arg[1].width == 4);
	CHECK(w->arg[2].step[0].offset == 112 && w->arg[2].step[0].deref);
#endif
	begin(TX_HOOK_LSM, 0, "", "file_open");
	a = argument(TX_ARG_UINT64, 0, "rsi");
	a->source = TX_SOURCE_PT_REGS;
	w = resolved();
	CHECK(w->status == POINT_DEGRADED);
}

int main(void)
{
	facts_lookups(&facts);
	if (!btf_kernel() || !btf_kernel_function("vfs_read") ||
	    !btf_kernel_function("bpf_lsm_file_open")) {
		printf("# skipped: this kernel's BTF cannot be read, or lacks the LSM hooks\n");
		return 0;
	}
	of_the_task();
	of_a_function();
	missing_arguments();
	functions_that_are_not();
	all_calls();
	all_functions();
	registers();
	wants_free(wants);
	resolve_release();
	return unit_end("resolve_kernel");
}
