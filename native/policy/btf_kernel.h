/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The running kernel's BTF: read when first asked for, shared, and let go of after a burst of
 * resolving (it takes about 10 MB).
 */
#ifndef TELOVIX_BTF_KERNEL_H
#define TELOVIX_BTF_KERNEL_H

#include <stdint.h>

struct btf;

/* NULL: the kernel has none, or it can't be read. */
const struct btf *btf_kernel(void);

/* The kernel's with a module's behind it; NULL when there is no such. The last one asked for stays
 * valid until the next. */
const struct btf *btf_kernel_module(const char *name);

/* Type id of a function of the kernel proper, 0 when BTF does not know it. */
uint32_t btf_kernel_function(const char *name);

/* Its FUNC_PROTO, or 0. */
uint32_t btf_kernel_prototype(const char *name);

/* FUNC_PROTO of a raw tracepoint's handler; its first parameter is not the tracepoint's. 0: none.
 */
uint32_t btf_kernel_raw_tracepoint(const char *name);

void btf_kernel_release(void);

#endif
