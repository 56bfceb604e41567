/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One tiny program per program kind, loaded and attached for a moment. */
#ifndef TELOVIX_PROBE_KINDS_H
#define TELOVIX_PROBE_KINDS_H

#include <stdbool.h>
#include <stddef.h>

struct probe_kind {
	const char *name;
	/* 0, or negative errno with the step ("load", "attach") that was refused. */
	int (*try)(const char **step);
};

extern const struct probe_kind probe_kinds[];
extern const size_t probe_kind_count;

/* Tries the kind of that name; -ENOENT when there is none. */
int probe_kind_try(const char *name, const char **step);

/* An LSM program that is attached is not yet one that runs: this one is seen to. */
int probe_lsm_fires(const char **step);

/*
 * Loads a program of a few instructions; btf_name: its target, by the kernel's BTF. A descriptor or
 * a negative errno.
 */
struct bpf_insn;
int probe_load(int type, int attach, const char *btf_name, const struct bpf_insn *insns,
	       size_t count);

/* Where the host's cgroup2 hierarchy is mounted; false: it is not. */
bool probe_cgroup2(char *path, size_t size);

#endif
