// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "facts.h"

#include "facts_events.h"
#include "facts_lsm.h"
#include "nearest.h"
#include "unit.h"

static void preemption(void)
{
	static const char rt[] = "Linux version 6.12.1 (gcc) #1 SMP PREEMPT_RT Debian";
	static const char dynamic[] = "Linux version 6.12.1 (gcc) #1 SMP PREEMPT_DYNAMIC Debian";
	static const char full[] = "Linux version 5.15.0 #1 SMP PREEMPT";
	static const char plain[] = "Linux version 5.15.0 #1 SMP";

	CHECK(facts_preempt_from("", rt, "", "") == PREEMPT_RT);
	CHECK(facts_preempt_from("none (voluntary) full", dynamic, "", "") == PREEMPT_VOLUNTARY);
	CHECK(facts_preempt_from("none voluntary (full)", dynamic, "preempt=none", "") ==
	      PREEMPT_FULL);
	CHECK(facts_preempt_from("(none) voluntary full lazy", dynamic, "", "") == PREEMPT_NONE);
	CHECK(facts_preempt_from("full (lazy)", dynamic, "", "") == PREEMPT_FULL);
	CHECK(facts_preempt_from("", dynamic, "quiet preempt=full root=/dev/sda", "") ==
	      PREEMPT_FULL);
	CHECK(facts_preempt_from("", dynamic, "preempt=full preempt=none", "") == PREEMPT_NONE);
	CHECK(facts_preempt_from("", dynamic, "xpreempt=full", "") == PREEMPT_UNKNOWN);
	CHECK(facts_preempt_from("", dynamic, "",
				 "CONFIG_PREEMPT_BUILD=y\nCONFIG_PREEMPT_VOLUNTARY=y\n") ==
	      PREEMPT_VOLUNTARY);
	CHECK(facts_preempt_from("", "", "", "CONFIG_A=y\nCONFIG_PREEMPT=y\n") == PREEMPT_FULL);
	CHECK(facts_preempt_from("", "", "",
				 "# CONFIG_PREEMPT is not set\nCONFIG_PREEMPT_NONE=y\n") ==
	      PREEMPT_NONE);
	CHECK(facts_preempt_from("", full, "", "") == PREEMPT_FULL);
	CHECK(facts_preempt_from("", plain, "", "") == PREEMPT_VOLUNTARY);
	CHECK(facts_preempt_from("", "", "", "") == PREEMPT_UNKNOWN);
	CHECK_TEXT(facts_preempt_names[PREEMPT_RT], "rt");
}

static void distance(void)
{
	CHECK(nearest_distance("fd_install", "fd_install", 3) == 0);
	CHECK(nearest_distance("fd_instal", "fd_install", 3) == 1);
	CHECK(nearest_distance("kitten", "sitting", 3) == 3);
	CHECK(nearest_distance("kitten", "sitting", 2) == 3); /* more than the limit */
	CHECK(nearest_distance("", "abc", 3) == 3);
	CHECK(nearest_distance("abc", "xyz", 1) == 2);
	CHECK(nearest_distance("opneat", "openat", 1) == 1); /* two letters swapped */
	CHECK(nearest_distance("poenat", "openat", 1) == 1);
	CHECK(nearest_distance("opnaet", "openat", 3) == 2);
}

static const char *nearest_event(const char *group, const char *event)
{
	static char list[256], found[NEAREST_TEXT + 1];

	strcpy(list, "sched:sched_process_exec\nsched:sched_process_exit\n"
		     "raw_syscalls:sys_enter\nsyscalls:sys_enter_openat\n");
	events_nearest(list, group, event, found, sizeof(found));
	return found;
}

static void tracepoints(void)
{
	CHECK_TEXT(nearest_event("sched", "sched_proces_exec"), "sched/sched_process_exec");
	CHECK_TEXT(nearest_event("shed", "sched_process_exec"), "sched/sched_process_exec");
	CHECK_TEXT(nearest_event("nope", "sys_enter"), "raw_syscalls/sys_enter");
	CHECK_TEXT(nearest_event("nope", "nothing"), "");
}

static void lsm_names(void)
{
	CHECK_TEXT(lsm_hook_of("security_file_open"), "file_open");
	CHECK_TEXT(lsm_hook_of("security_bprm_check"), "bprm_check_security");
	CHECK_TEXT(lsm_hook_of("security_create_user_ns"), "userns_create");
	CHECK(lsm_hook_of("vfs_open") == NULL);
	CHECK_TEXT(lsm_function_of("file_open"), "security_file_open");
	CHECK_TEXT(lsm_function_of("bprm_check_security"), "security_bprm_check");
}

int main(void)
{
	preemption();
	distance();
	tracepoints();
	lsm_names();
	return unit_end("resolve_facts");
}
