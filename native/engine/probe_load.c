// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>

#include "btf_kernel.h"
#include "probe_kinds.h"

/* Type id of what a program is attached to, for those kinds that name it when they are loaded. */
static int target_id(const char *name, int attach)
{
	const struct btf *btf = btf_kernel();
	char text[128];
	int id;

	if (!btf)
		return -ENOENT;
	snprintf(text, sizeof(text), "%s%s",
		 attach == BPF_TRACE_RAW_TP ? "btf_trace_"
		 : attach == BPF_LSM_MAC    ? "bpf_lsm_"
		 : attach == BPF_TRACE_ITER ? "bpf_iter_"
					    : "",
		 name);
	if (attach == BPF_TRACE_RAW_TP)
		id = btf__find_by_name_kind(btf, text, BTF_KIND_TYPEDEF);
	else
		id = btf_kernel_function(text);
	return id > 0 ? id : -ENOENT;
}

int probe_load(int type, int attach, const char *btf_name, const struct bpf_insn *insns,
	       size_t count)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach);
	int fd;

	if (btf_name) {
		int id = target_id(btf_name, attach);

		if (id < 0)
			return id;
		opts.attach_btf_id = id;
	}
	fd = bpf_prog_load(type, "telovix_probe", "Dual BSD/GPL", insns, count, &opts);
	return fd < 0 ? -errno : fd;
}

bool probe_cgroup2(char *path, size_t size)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	bool found = false;

	while (f && !found && (entry = getmntent(f)))
		if (!strcmp(entry->mnt_type, "cgroup2")) {
			snprintf(path, size, "%s", entry->mnt_dir);
			found = true;
		}
	if (f)
		endmntent(f);
	return found;
}
