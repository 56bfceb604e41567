// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Whole hooks on kernels that need not be there: names among the values, and what is said of why.
 */
#include "resolve_plan.h"
#include "resolve_world.h"

static struct want *resolved(const struct facts *facts)
{
	wants_free(wants);
	wants = NULL;
	plan.hash++; /* it has changed */
	CHECK(!resolve_hook_on(facts, &plan, &hook, 0, &wants));
	return wants;
}

/* A filter on the first argument, by a name. */
static struct want *filtered(uint8_t kind, uint8_t flags, const char *name)
{
	begin(TX_HOOK_KPROBE, TX_HOOK_F_SYSCALL, "", "sys_openat");
	argument(TX_ARG_UINT64, 0, "");
	selector = (struct tx_plan_selector){ .filters = { 0, 1 } };
	hook.selectors.count = 1;
	filter = (struct tx_plan_filter){ .kind = kind, .flags = flags, .values = { 0, 1 } };
	value = (struct tx_plan_value){ .text = put(name) };
	a_format.count = 9; /* openat's has four arguments */
	return resolved(&distribution);
}

static void misspelt(void)
{
	struct want *w = filtered(TX_FILTER_INT_RANGE, 0, "sys_duo2");

	CHECK(w->status == POINT_REJECTED && !w->placed && !w->feature);
	CHECK_TEXT(w->reason, "no such system call on this kernel: sys_duo2 (nearest: sys_dup2)");
	/* What is not in the map would widen what is matched. */
	w = filtered(TX_FILTER_INT_RANGE, TX_FILTER_F_NOT, "sys_dupXXX");
	CHECK(w->status == POINT_REJECTED && !w->placed);
	/* So is the next hook with the same selectors. */
	plan.hash--;
	CHECK(resolved(&distribution)->status == POINT_REJECTED);
	w = filtered(TX_FILTER_INT_EQUAL, 0, "sys_opneat");
	CHECK_TEXT(w->reason,
		   "no such system call on this kernel: sys_opneat (nearest: sys_openat)");
}

static void spelt(void)
{
	static const char *const names[] = { "sys_dup", "dup", CALLS_MACHINE "/sys_dup", "*",
					     /* of other machines, marked so or not */
					     "i386/sys_socketcall", "arm32/sys_open",
					     "sys_socketcall" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK(filtered(TX_FILTER_INT_EQUAL, 0, names[i])->status == POINT_OK);
		CHECK(filtered(TX_FILTER_INT_RANGE, TX_FILTER_F_NOT, names[i])->placed);
	}
	/* A text filter's values are no names of calls. */
	CHECK(filtered(TX_FILTER_STR_EQUAL, 0, "sys_dupXXX")->status != POINT_REJECTED);
}

static void fields(void)
{
	struct want *w;

	a_format.count = 3;
	begin(TX_HOOK_TRACEPOINT, 0, "sched", "sched_process_exec");
	argument(TX_ARG_UINT64, 9, "");
	w = resolved(&distribution);
	CHECK(w->status == POINT_REJECTED && !w->placed && !w->feature && w->argument == 1);
	CHECK_TEXT(w->reason, "argument 9: the tracepoint's record has 3 fields");
	begin(TX_HOOK_TRACEPOINT, 0, "sched", "nothing");
	argument(TX_ARG_UINT64, 0, "");
	format_error = -ENOENT;
	w = resolved(&distribution);
	CHECK(w->status == POINT_REJECTED && !w->argument);
	CHECK_TEXT(w->reason, "no such tracepoint on this kernel: sched/nothing "
			      "(nearest: sched/nothing)");
	format_error = 0;
}

static void features(void)
{
	struct facts no_uprobes = locked;
	struct want *w;

	begin(TX_HOOK_KPROBE, 0, "", "fd_install");
	argument(TX_ARG_UINT64, 0, "");
	w = resolved(&locked);
	CHECK(w->status == POINT_REJECTED && w->feature && !w->argument);
	begin(TX_HOOK_KPROBE, 0, "", "fd_instal");
	argument(TX_ARG_UINT64, 0, "");
	w = resolved(&locked);
	CHECK(w->status == POINT_REJECTED && !w->feature);
	begin(TX_HOOK_UPROBE, 0, "", "f");
	argument(TX_ARG_UINT64, 0, "");
	no_uprobes.uprobe = false;
	w = resolved(&no_uprobes);
	CHECK(w->status == POINT_REJECTED && w->feature);
}

int main(void)
{
	misspelt();
	spelt();
	fields();
	features();
	wants_free(wants);
	resolve_release();
	return unit_end("resolve_values");
}
