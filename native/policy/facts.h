/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the running kernel can do and what it knows: what the choice of backends rests on. */
#ifndef TELOVIX_FACTS_H
#define TELOVIX_FACTS_H

#include <stdbool.h>
#include <stddef.h>

struct format;

enum facts_preempt {
	PREEMPT_UNKNOWN,
	PREEMPT_NONE,
	PREEMPT_VOLUNTARY,
	PREEMPT_FULL, /* "lazy" too: the kernel's own code may be interrupted by another task */
	PREEMPT_RT,
};

extern const char *const facts_preempt_names[]; /* "unknown", "none", … */

enum facts_lsm_hook {
	LSM_HOOK_NONE,
	LSM_HOOK_VOID,  /* its return value means nothing */
	LSM_HOOK_ERRNO, /* 0 or a negative errno: can deny */
};

struct facts {
	bool kprobe;
	bool fentry; /* and fexit: BPF trampolines */
	bool fmod_ret;
	bool lsm; /* BPF programs at LSM hooks are run: one was attached and seen to fire */
	bool tracepoint;
	bool raw_tp;
	bool uprobe;
	bool override_return;
	bool old;            /* served by the objects of bpf/tier.bpf.h that do with less */
	bool cgroup_connect; /* the root cgroup takes programs that may refuse connections */
	enum facts_preempt preempt;
	/* How many functions have the name; -1: unknown. */
	int (*symbol)(const char *name);
	/* Known to BTF, so that a trampoline can be built for it. */
	bool (*function)(const char *name);
	enum facts_lsm_hook (*lsm_hook)(const char *name);
	/* Which argument of the hook is argument index of the function that calls it; -1: none. */
	int (*lsm_argument)(const char *function, const char *hook, unsigned index);
	/* 1: there is one, 0: none, -1: unknown (no BTF). */
	int (*raw_tracepoint)(const char *name);
	/* The tracepoint's format, good until the next call; NULL and -ENOENT: no such tracepoint,
	 * other: it can't be read. */
	const struct format *(*format)(const char *subsystem, const char *event, int *err);
	/* The nearest name, or none. */
	void (*nearest)(const char *name, char *buf, size_t size);
	/* The same of tracepoints, as "group/event". */
	void (*nearest_event)(const char *group, const char *event, char *buf, size_t size);
};

/* Of this kernel, found out by trying when first asked for. */
const struct facts *facts_get(void);

/* Only what is looked up, nothing that is tried. */
void facts_lookups(struct facts *facts);

/* Lets go of lists and BTF; what was tried stays known. */
void facts_release(void);

enum facts_preempt facts_preempt_model(void);

/* Whether a program may be interrupted by another thread: where nothing in the kernel is, it is
 * not. */
bool facts_may_preempt(void);

/* Pure part of the above: sched/preempt of debugfs ("none (voluntary) full"), /proc/version, the
 * kernel's command line and its configuration; empty: not known. */
enum facts_preempt facts_preempt_from(const char *chosen, const char *version, const char *cmdline,
				      const char *config);

#endif
