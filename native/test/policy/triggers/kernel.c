// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* bpf(2), perf events, modules. */
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "act.h"

/* Kernels before 5.11 count BPF memory of all of a user's processes against each one's limit. */
static void take_memory(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	must(!setrlimit(RLIMIT_MEMLOCK, &unlimited), "setrlimit");
}

/* bpf-map NAME ENTRIES */
static long run_bpf_map(char **a)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8 };
	long fd;

	take_memory();
	attr.max_entries = number(a[1]);
	strncpy(attr.map_name, a[0], sizeof(attr.map_name) - 1);
	fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	return fd < 0 ? -1 : 0;
}

/* bpf-prog NAME: a socket filter of two instructions */
static long run_bpf_prog(char **a)
{
	struct bpf_insn code[] = { { .code = 0xb7, .dst_reg = 0, .imm = 0 }, { .code = 0x95 } };
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER };
	long fd;

	take_memory();
	attr.insns = (unsigned long)code;
	attr.insn_cnt = 2;
	attr.license = (unsigned long)"GPL";
	strncpy(attr.prog_name, a[0], sizeof(attr.prog_name) - 1);
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	return fd < 0 ? -1 : 0;
}

/* perf: a software clock of this thread */
static long run_perf(char **a)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = PERF_COUNT_SW_CPU_CLOCK };

	(void)a;
	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0) < 0 ? -1 : 0;
}

/* insmod PATH */
static long run_insmod(char **a)
{
	int fd = open(a[0], O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : syscall(SYS_finit_module, fd, "", 0);
}

static long run_rmmod(char **a)
{
	return syscall(SYS_delete_module, a[0], O_NONBLOCK);
}

const struct action kernel_actions[] = {
	{ "bpf-map", 2, run_bpf_map }, { "bpf-prog", 1, run_bpf_prog }, { "perf", 0, run_perf },
	{ "insmod", 1, run_insmod },   { "rmmod", 1, run_rmmod },       { NULL, 0, NULL },
};
