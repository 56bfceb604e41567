/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The LSM hooks of the running kernel, by its BTF. */
#ifndef TELOVIX_FACTS_LSM_H
#define TELOVIX_FACTS_LSM_H

#include <stdint.h>

#include "facts.h"

struct btf;

enum facts_lsm_hook facts_lsm_hook(const char *name);
int facts_lsm_argument(const char *function, const char *hook, unsigned index);

/* FUNC_PROTO of what the hook calls, with the hook's arguments; 0: the kernel's BTF has none. */
uint32_t facts_lsm_prototype(const char *hook);

/* The same for two prototypes; a prototype of 0 is one nobody knows. */
int lsm_argument_of(const struct btf *btf, uint32_t function, uint32_t hook, unsigned index);

/* The hook's name for the function's, which is "security_" and mostly, but not always, that name.
 * And back. */
const char *lsm_hook_of(const char *function);
const char *lsm_function_of(const char *hook);

#endif
