// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Arguments that LSM hooks and raw tracepoints do not have. */
#include <stdio.h>

#include "btf_kernel.h"
#include "facts_lsm.h"
#include "resolve_hook.h"

static int no_module(const char *name)
{
	(void)name;
	return -1;
}

static int is_there(const char *name)
{
	(void)name;
	return 1;
}

/* What such a hook has does not change with the place it is served at: beyond it there is nothing.
 */
static void beyond_the_hook(void)
{
	struct facts other = facts;
	struct want *w;

	begin(TX_HOOK_LSM, 0, "", "file_open");
	argument(TX_ARG_INT, 1, "");
	w = resolved();
	CHECK(w->status == POINT_REJECTED && !w->placed && !w->feature && w->argument == 1);
	CHECK_TEXT(w->reason, "argument 1: the hook has 1 arguments");
	begin(TX_HOOK_LSM, 0, "", "mmap_file");
	argument(TX_ARG_UINT64, 3, "");
	CHECK(resolved()->status == POINT_OK);
	/* By a probe on its function, which is not told all of them. */
	other.lsm = other.fmod_ret = false;
	begin(TX_HOOK_LSM, 0, "", "mmap_file");
	argument(TX_ARG_UINT64, 3, "");
	argument(TX_ARG_INT, 4, "");
	CHECK(!resolve_hook_on(&other, &plan, &hook, 7, &wants));
	CHECK(wants->status == POINT_REJECTED && wants->argument == 2);
	CHECK_TEXT(wants->reason, "argument 4: the hook has 4 arguments");
	begin(TX_HOOK_RAW_TRACEPOINT, 0, "sched", "sched_process_exec");
	argument(TX_ARG_AUTO, 2, "");
	argument(TX_ARG_INT, 3, "");
	w = resolved();
	CHECK(w->status == POINT_REJECTED && !w->placed && w->argument == 2);
	CHECK_TEXT(w->reason, "argument 3: the tracepoint has 3 arguments");
}

/* Where the kernel's types lack the hook, nobody can say that there is no such argument. */
static void hooks_without_types(void)
{
	struct facts other = facts;

	other.raw_tracepoint = no_module;
	other.symbol = is_there;
	begin(TX_HOOK_RAW_TRACEPOINT, 0, "sched", "tx_no_such_tracepoint");
	argument(TX_ARG_INT, 4, "");
	CHECK(!resolve_hook_on(&other, &plan, &hook, 7, &wants));
	CHECK(wants->status == POINT_DEGRADED && wants->placed && wants->feature);
	CHECK_TEXT(wants->reason,
		   "how many arguments the tracepoint has is not known: BTF lacks it");
	begin(TX_HOOK_LSM, 0, "", "tx_no_such_hook");
	argument(TX_ARG_INT, 5, "");
	CHECK(!resolve_hook_on(&other, &plan, &hook, 7, &wants));
	CHECK(wants->status == POINT_DEGRADED && wants->placed && wants->feature);
	CHECK(strstr(wants->reason, "how many arguments the hook has is not known: BTF lacks it"));
}

int main(void)
{
	facts_lookups(&facts);
	if (!btf_kernel() || !facts_lsm_prototype("file_open")) {
		printf("# skipped: this kernel's BTF cannot be read, or lacks the LSM hooks\n");
		return 0;
	}
	beyond_the_hook();
	hooks_without_types();
	wants_free(wants);
	resolve_release();
	return unit_end("resolve_declared");
}
