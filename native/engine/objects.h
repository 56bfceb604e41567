/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The BPF objects, each compiled three times: for kernels without bpf_loop, with it, and with
 * bpf_rdonly_cast (bpf/tier.bpf.h, bpf/read.bpf.h). All three have the same maps, programs and
 * variables, which the Makefile sees to: one skeleton fits them.
 */
#ifndef TELOVIX_OBJECTS_H
#define TELOVIX_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>

struct engine_bpf;

struct objects {
	/* The base object, opened; NULL and errno. */
	struct engine_bpf *(*open)(void);
	const void *(*engine_bytes)(size_t *size);
	const void *(*policy_bytes)(size_t *size);
};

extern const struct objects objects_old, objects_plain, objects_direct;

/* Whether this kernel needs the first: tried once. */
bool old_kernel(void);

/* It is to be taken for one that does. */
void old_force(void);

/* Whether this kernel has bpf_rdonly_cast: asked once. */
bool objects_may_read_directly(void);

/* Whether its programs may forbid to be preempted (bpf/common.bpf.h). */
bool objects_may_stay(void);

/* Those for this kernel; directly: as far as it may. */
const struct objects *objects_take(bool directly);

#endif
