// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "probe_kinds.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "facts_fs.h"

/* The whole program: return value. */
static int load(enum bpf_prog_type type, enum bpf_attach_type attach, const char *btf_name,
		int value)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = value },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return probe_load(type, attach, btf_name, insns, 2);
}

/* helper(r1 as it came, 0). Loaded, not fired: known to this kernel and allowed to us. */
static int try_helper(const char **step, enum bpf_prog_type type, int helper, bool keeps_context)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = keeps_context ? BPF_REG_2 : BPF_REG_1 },
		{ .code = BPF_JMP | BPF_CALL, .imm = helper },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = probe_load(type, 0, NULL, insns, 4);

	*step = "load";
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* Closes what a try opened and gives its verdict. */
static int verdict(const char **step, int prog, int link)
{
	int err = prog < 0 ? prog : link < 0 ? link : 0;

	*step = prog < 0 ? "load" : "attach";
	if (link >= 0)
		close(link);
	if (prog >= 0)
		close(prog);
	return err;
}

static int or_errno(int fd)
{
	return fd < 0 ? -errno : fd;
}

static int try_ringbuf(const char **step)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "telovix_probe", 0, 0, sysconf(_SC_PAGESIZE),
				NULL);

	*step = "create";
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int try_tp_btf(const char **step)
{
	int prog = load(BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, "sched_process_exit", 0);

	return verdict(step, prog, prog < 0 ? -1 : or_errno(bpf_raw_tracepoint_open(NULL, prog)));
}

static int try_raw_tp(const char **step)
{
	int prog = load(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, NULL, 0);

	return verdict(step, prog,
		       prog < 0 ? -1
				: or_errno(bpf_raw_tracepoint_open("sched_process_exit", prog)));
}

static long read_number(const char *path)
{
	FILE *f = fopen(path, "re");
	long n = -1;

	if (!f)
		return -errno;
	if (fscanf(f, "%ld", &n) != 1)
		n = -EINVAL;
	fclose(f);
	return n;
}

static int try_tracepoint(const char **step)
{
	char text[32];
	long id =
		facts_read(FACTS_TRACEFS, "events/sched/sched_process_exit/id", text, sizeof(text));
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT };
	int prog = load(BPF_PROG_TYPE_TRACEPOINT, 0, NULL, 0);

	if (id > 0)
		attr.config = id = strtol(text, NULL, 10);
	return verdict(step, prog,
		       prog < 0 ? -1
		       : id < 0 ? (int)id
				: perf_link(&attr, prog, -1, 0));
}

static int try_iter(const char **step)
{
	int prog = load(BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, "task", 0);

	return verdict(step, prog,
		       prog < 0 ? -1 : or_errno(bpf_link_create(prog, 0, BPF_TRACE_ITER, NULL)));
}

static int try_kprobe(const char **step)
{
	long type = read_number("/sys/bus/event_source/devices/kprobe/type");
	struct perf_event_attr attr = { .type = type, .config1 = (uintptr_t) "do_exit" };
	int prog = load(BPF_PROG_TYPE_KPROBE, 0, NULL, 0);

	return verdict(step, prog,
		       prog < 0   ? -1
		       : type < 0 ? (int)type
				  : perf_link(&attr, prog, -1, 0));
}

static int try_kprobe_multi(const char **step)
{
	const char *symbol = "do_exit";
	LIBBPF_OPTS(bpf_link_create_opts, opts, .kprobe_multi.syms = &symbol,
		    .kprobe_multi.cnt = 1);
	int prog = load(BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_MULTI, NULL, 0);

	return verdict(
		step, prog,
		prog < 0 ? -1 : or_errno(bpf_link_create(prog, 0, BPF_TRACE_KPROBE_MULTI, &opts)));
}

static int try_trampoline(const char **step, enum bpf_prog_type type, enum bpf_attach_type attach,
			  const char *function)
{
	int prog = load(type, attach, function, 0);

	return verdict(step, prog, prog < 0 ? -1 : or_errno(bpf_raw_tracepoint_open(NULL, prog)));
}

/* Setting the clock is rare, so these are the hooks where a moment's program meets nobody. */
static int try_fentry(const char **step)
{
	return try_trampoline(step, BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "security_settime64");
}

static int try_fmod_ret(const char **step)
{
	return try_trampoline(step, BPF_PROG_TYPE_TRACING, BPF_MODIFY_RETURN, "security_settime64");
}

/* File offset of our own code: any instruction of this executable will do. */
static uint64_t own_offset(void)
{
	uint64_t from, to, offset, at = (uintptr_t)own_offset;
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %*s %lx", &from, &to, &offset) == 3 && at >= from &&
		    at < to) {
			fclose(f);
			return at - from + offset;
		}
	if (f)
		fclose(f);
	return 0;
}

static int try_uprobe(const char **step)
{
	long type = read_number("/sys/bus/event_source/devices/uprobe/type");
	struct perf_event_attr attr = { .type = type,
					.config1 = (uintptr_t) "/proc/self/exe",
					.config2 = own_offset() };
	int prog = load(BPF_PROG_TYPE_KPROBE, 0, NULL, 0);

	return verdict(step, prog,
		       prog < 0   ? -1
		       : type < 0 ? (int)type
				  : perf_link(&attr, prog, getpid(), 0));
}

static int open_cgroup(void)
{
	char path[256];

	if (!probe_cgroup2(path, sizeof(path)))
		return -ENOENT;
	return or_errno(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int try_cgroup_connect(const char **step)
{
	int prog = load(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT, NULL, 1);
	int cgroup = prog < 0 ? -1 : open_cgroup(), link = cgroup;

	if (cgroup >= 0) {
		link = or_errno(bpf_link_create(prog, cgroup, BPF_CGROUP_INET4_CONNECT, NULL));
		close(cgroup);
	}
	return verdict(step, prog, link);
}

static int try_send_signal(const char **step)
{
	return try_helper(step, BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_send_signal, false);
}

static int try_override_return(const char **step)
{
	return try_helper(step, BPF_PROG_TYPE_KPROBE, BPF_FUNC_override_return, true);
}

const struct probe_kind probe_kinds[] = {
	{ "ringbuf", try_ringbuf },
	{ "tp_btf", try_tp_btf },
	{ "raw_tp", try_raw_tp },
	{ "tracepoint", try_tracepoint },
	{ "iter", try_iter },
	{ "kprobe", try_kprobe },
	{ "kprobe.multi", try_kprobe_multi },
	{ "fentry", try_fentry },
	{ "fmod_ret", try_fmod_ret },
	{ "lsm", probe_lsm_fires },
	{ "uprobe", try_uprobe },
	{ "cgroup_connect", try_cgroup_connect },
	{ "send_signal", try_send_signal },
	{ "override_return", try_override_return },
};
const size_t probe_kind_count = sizeof(probe_kinds) / sizeof(probe_kinds[0]);

int probe_kind_try(const char *name, const char **step)
{
	*step = "";
	for (size_t i = 0; i < probe_kind_count; i++)
		if (!strcmp(probe_kinds[i].name, name))
			return probe_kinds[i].try(step);
	return -ENOENT;
}
