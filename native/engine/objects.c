// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "objects.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

static int has_loop = -1;
static bool asked, has_cast, has_preempt_disable;

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

static bool offers(const struct btf *kernel, const char *function)
{
	return kernel && btf__find_by_name_kind(kernel, function, BTF_KIND_FUNC) > 0;
}

static void ask(void)
{
	struct btf *kernel = asked ? NULL : btf__load_vmlinux_btf();

	if (asked)
		return;
	asked = true;
	has_cast = offers(kernel, "bpf_rdonly_cast");
	has_preempt_disable = offers(kernel, "bpf_preempt_disable");
	btf__free(kernel);
}

bool objects_may_read_directly(void)
{
	ask();
	return has_cast && !old_kernel();
}

bool objects_may_stay(void)
{
	ask();
	return has_preempt_disable;
}

const struct objects *objects_take(bool directly)
{
	if (old_kernel())
		return &objects_old;
	return directly && objects_may_read_directly() ? &objects_direct : &objects_plain;
}
