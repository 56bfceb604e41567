// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Where the kernel's list of LSMs does not name bpf, LSM programs load and attach and never run. So
 * one is attached to the hook that every bpf(2) passes, and the next bpf(2) of ours must be seen.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "probe_kinds.h"

/* Sets element 0 of the map and lets the call go on. */
static int load_counter(int map)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_10, .off = -4, .imm = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X,
		  .dst_reg = BPF_REG_2,
		  .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -4 },
		{ .code = BPF_LD | BPF_DW | BPF_IMM,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = map },
		{ .code = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0, .off = 1 },
		{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return probe_load(BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "bpf", insns,
			  sizeof(insns) / sizeof(insns[0]));
}

int probe_lsm_fires(const char **step)
{
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "telovix_probe", 4, 8, 1, NULL);
	int prog, link = -1, err = 0;
	uint64_t seen = 0;
	uint32_t zero = 0;

	*step = "load";
	if (map < 0)
		return -errno;
	prog = load_counter(map);
	if (prog < 0) {
		err = prog;
	} else {
		link = bpf_raw_tracepoint_open(NULL, prog);
		if (link < 0) {
			*step = "attach";
			err = -errno;
		}
	}
	/* The first look-up is what is seen, the second sees it. */
	for (int i = 0; !err && i < 2; i++)
		if (bpf_map_lookup_elem(map, &zero, &seen))
			err = -errno;
	if (!err && !seen) {
		*step = "lsm= does not name bpf";
		err = -ENOENT;
	}
	if (link >= 0)
		close(link);
	if (prog >= 0)
		close(prog);
	close(map);
	return err;
}
