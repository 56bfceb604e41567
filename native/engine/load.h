/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Loads the BPF object with the best backend per hook and attaches it. */
#ifndef TELOVIX_LOAD_H
#define TELOVIX_LOAD_H

#include <bpf/libbpf.h>

#include "options.h"

struct engine_bpf;

/* 0, or a negative errno after a message. On success all programs but the iterators are attached.
 */
int load_programs(struct engine_bpf **skeleton, const struct options *o);
void load_close(struct engine_bpf *skeleton);

/* Loads without attaching, to fill the backends for `probe`. */
int load_try(const struct options *o);

#endif
