/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Kernels that need not be there: a few names they know, and what works on each. */
#ifndef TELOVIX_RESOLVE_WORLD_H
#define TELOVIX_RESOLVE_WORLD_H

#include <errno.h>
#include <stdio.h>

#include "calls_table.h"
#include "resolve_choose.h"
#include "resolve_format.h"
#include "unit.h"

/* Not every test needs all of it. */
#pragma clang diagnostic ignored "-Wunused-const-variable"
#pragma clang diagnostic ignored "-Wunused-function"

static int one_of(const char *const *list, const char *name)
{
	for (; *list; list++)
		if (!strcmp(*list, name))
			return 1;
	return 0;
}

static int symbol(const char *name)
{
	static const char *const names[] = { CALLS_PREFIX "sys_openat",
					     CALLS_PREFIX "sys_symlinkat",
					     CALLS_PREFIX "sys_execve",
					     CALLS_PREFIX "sys_getpid",
					     CALLS_PREFIX "sys_delete_module",
					     "__ia32_compat_sys_openat",
					     "__ia32_sys_symlinkat",
					     "fd_install",
					     "static_twin",
					     "module_only",
					     "security_file_open",
					     "security_mmap_file",
					     "security_inode_free",
					     "security_inode_copy_up",
					     NULL };

	return !strcmp(name, "static_twin") ? 3 : one_of(names, name);
}

static bool function(const char *name)
{
	return symbol(name) == 1 && strcmp(name, "module_only");
}

static enum facts_lsm_hook lsm_hook(const char *name)
{
	static const char *const names[] = { "file_open",    "mmap_file", "inode_symlink",
					     "inode_create", "capable",   NULL };

	return one_of(names, name)                    ? LSM_HOOK_ERRNO
	       : !strcmp(name, "inode_free_security") ? LSM_HOOK_VOID
						      : LSM_HOOK_NONE;
}

static int lsm_argument(const char *name, const char *hook, unsigned index)
{
	(void)name;
	if (!strcmp(hook, "mmap_file"))
		return index < 2 ? (int)index : index == 2 ? 3 : -1;
	return index < 2 ? (int)index : -1;
}

static int raw_tracepoint(const char *name)
{
	return !strcmp(name, "sched_process_exec");
}

static struct format a_format;
static int format_error;

static const struct format *format(const char *subsystem, const char *event, int *err)
{
	*err = format_error;
	if (!format_error && strcmp(subsystem, "sched") && strcmp(event, "sys_enter_openat"))
		*err = -ENOENT;
	return *err ? NULL : &a_format;
}

static void nearest(const char *name, char *buf, size_t size)
{
	(void)name;
	snprintf(buf, size, "fd_install");
}

static void nearest_event(const char *group, const char *event, char *buf, size_t size)
{
	(void)group;
	snprintf(buf, size, "sched/%s", event);
}

#define LOOKUPS                                                                               \
	.raw_tp = true, .uprobe = true, .symbol = symbol, .function = function,               \
	.lsm_hook = lsm_hook, .lsm_argument = lsm_argument, .raw_tracepoint = raw_tracepoint, \
	.format = format, .nearest = nearest, .nearest_event = nearest_event

static const struct facts distribution = { .kprobe = true,
					   .fentry = true,
					   .lsm = true,
					   .tracepoint = true,
					   .preempt = PREEMPT_VOLUNTARY,
					   LOOKUPS };
static const struct facts realtime = { .kprobe = true,
				       .fentry = true,
				       .lsm = true,
				       .tracepoint = true,
				       .preempt = PREEMPT_RT,
				       LOOKUPS };
static const struct facts locked = { .tracepoint = true, .preempt = PREEMPT_NONE, LOOKUPS };
static const struct facts no_lsm = { .kprobe = true,
				     .fentry = true,
				     .fmod_ret = true,
				     .tracepoint = true,
				     .preempt = PREEMPT_NONE,
				     LOOKUPS };
static const struct facts no_lsm_rt = {
	.kprobe = true, .fentry = true, .fmod_ret = true, .preempt = PREEMPT_RT, LOOKUPS
};
static const struct facts injectable = {
	.kprobe = true, .override_return = true, .preempt = PREEMPT_NONE, LOOKUPS
};
static const struct facts no_probe = { .fentry = true, .preempt = PREEMPT_NONE, LOOKUPS };

static const struct needs observe = { .post = true };
static const struct needs returns = { .post = true, .returns = true };
static const struct needs kills = { .enforce = true, .signal = true };
static const struct needs denies = { .enforce = true, .override = true };
static const struct needs denies_and_kills = {
	.enforce = true, .override = true, .signal = true, .kills_too = true
};
static const struct needs denies_and_returns = { .enforce = true,
						 .override = true,
						 .returns = true };
static const struct needs many = { .post = true, .many = true };

static struct choice c;

static bool at(int i, enum point_backend backend, const char *name, uint32_t part)
{
	return i < c.count && c.at[i].backend == backend && !strcmp(c.at[i].name, name) &&
	       c.at[i].part == part;
}

#endif
