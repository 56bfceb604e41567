// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* How many arguments an LSM hook or a raw tracepoint has. */
#include <bpf/btf.h>
#include <stdio.h>

#include "btf_kernel.h"
#include "facts_lsm.h"
#include "resolve_source.h"

/*
 * What the policy names has so many arguments, however it is served here: of LSM hooks and raw
 * tracepoints. -1: the kernel's types do not know it.
 */
static int declared(const struct arg_work *w)
{
	bool is_lsm = w->want->hook->kind == TX_HOOK_LSM;
	const struct btf_type *proto;
	uint32_t id;

	id = is_lsm ? facts_lsm_prototype(w->s->call) : btf_kernel_raw_tracepoint(w->s->at->name);
	proto = id ? btf__type_by_id(btf_kernel(), id) : NULL;
	/* A tracepoint's first one is who hooks it. */
	return proto ? btf_vlen(proto) - !is_lsm : -1;
}

bool arg_is_declared(struct arg_work *w)
{
	bool is_lsm = w->want->hook->kind == TX_HOOK_LSM;
	const char *what = is_lsm ? "hook" : "tracepoint";
	int count;

	if (!is_lsm && w->s->at->backend != POINT_RAW_TP)
		return true;
	count = declared(w);
	if (count < 0)
		want_lacks(w->want, POINT_DEGRADED,
			   "how many arguments the %s has is not known: BTF lacks it", what);
	else if (w->plan->index >= (unsigned)count)
		snprintf(w->why, sizeof(w->why), "the %s has %d arguments", what, count);
	return count < 0 || w->plan->index < (unsigned)count;
}
