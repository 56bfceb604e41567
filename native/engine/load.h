/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Loads the BPF object with the best backend per hook and attaches it. */
#ifndef TELOVIX_LOAD_H
#define TELOVIX_LOAD_H

#include <bpf/libbpf.h>
#include <stdbool.h>

#include "kernel.h"
#include "options.h"

struct load_hook {
	const char *tp_btf, *raw_tp;
};

extern const struct load_hook load_hooks[HOOKS];
extern const char *const load_handler_names[TX_HANDLERS];

/*
 * A number that is the same for engines that may take over each other's programs: same object, same
 * sizes, same watched paths. The watched list must have been read.
 */
uint64_t load_shape(const struct options *o);

/* 0, or a negative errno after a message. Nothing is attached yet. */
int load_programs(struct kernel *k, const struct options *o);
void load_handlers(struct engine_bpf *skel);

/* What hides kernel addresses in socket cookies, the same in all programs of this load. */
uint64_t load_cookie_key(void);

/* Attaches all programs but the iterators. */
int load_attach(struct kernel *k);

/* Loads without attaching, to fill the backends for `probe`. */
int load_try(const struct options *o);

#endif
