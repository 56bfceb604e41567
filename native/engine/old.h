/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The objects for kernels without bpf_loop (bpf/tier.bpf.h). They have the same maps, programs and
 * variables as the others, which the Makefile sees to: one skeleton fits both.
 */
#ifndef TELOVIX_OLD_H
#define TELOVIX_OLD_H

#include <stdbool.h>
#include <stddef.h>

struct engine_bpf;

/* Whether this kernel needs them: tried once. */
bool old_kernel(void);

/* It is to be taken for one that does. */
void old_force(void);

/* The base object, opened; NULL and errno. */
struct engine_bpf *old_open(void);

const void *old_engine_bytes(size_t *size);
const void *old_policy_bytes(size_t *size);

#endif
