// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "old.h"

#include <bpf/libbpf.h>

#include "engine_old.skel.h"
#include "policy_old.skel.h"

static int has_loop = -1;

void old_force(void)
{
	has_loop = 0;
}

bool old_kernel(void)
{
	/* The newest of what the other objects need. Where nothing can be tried, they will say why.
	 */
	if (has_loop < 0)
		has_loop = libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_loop,
						   NULL) != 0;
	return !has_loop;
}

struct engine_bpf *old_open(void)
{
	return engine_bpf__open();
}

const void *old_engine_bytes(size_t *size)
{
	return engine_bpf__elf_bytes(size);
}

const void *old_policy_bytes(size_t *size)
{
	return policy_bpf__elf_bytes(size);
}
