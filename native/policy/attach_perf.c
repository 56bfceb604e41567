// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Kprobes, uprobes and tracepoints: a perf event, and the program linked to it with its cookie. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attach.h"
#include "facts_fs.h"
#include "objects.h"

#define SOURCES "/sys/bus/event_source/devices/"
#define REF_CTR_SHIFT 32

/* The kernel numbers its event sources as it comes up. "config:0" in a format file: bit 0. */
static long source_number(const char *kind, const char *file)
{
	char path[128], text[32];
	const char *digits = text;
	long err;

	snprintf(path, sizeof(path), SOURCES "%s/%s", kind, file);
	err = facts_read_file(path, text, sizeof(text));
	if (err < 0)
		return err;
	if (!strncmp(text, "config:", 7))
		digits += 7;
	return strtol(digits, NULL, 10);
}

static int link_on(struct perf_event_attr *attr, int program, int pid, int cpu, uint64_t cookie)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .perf_event.bpf_cookie = cookie);
	int event, link;

	attr->size = sizeof(*attr);
	event = syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (event < 0)
		return -errno;
	link = bpf_link_create(program, event, BPF_PERF_EVENT, &opts);
	if (link < 0)
		link = -errno;
	if (link == -EINVAL && old_kernel() && !ioctl(event, PERF_EVENT_IOC_SET_BPF, program) &&
	    !ioctl(event, PERF_EVENT_IOC_ENABLE, 0))
		return event;
	close(event);
	return link;
}

int perf_link(struct perf_event_attr *attr, int program, int pid, uint64_t cookie)
{
	return link_on(attr, program, pid, pid < 0 ? 0 : -1, cookie);
}

int perf_link_faults(int program, uint64_t kind, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .config = kind, .sample_period = 1, .exclude_user = 1
	};

	return link_on(&attr, program, -1, cpu, 0);
}

int perf_link_kprobe(int program, const char *function, bool at_return, uint64_t cookie)
{
	long type = source_number("kprobe", "type"), bit = 0;
	struct perf_event_attr attr = { .config1 = (uintptr_t)function };

	if (type < 0)
		return type;
	if (at_return)
		bit = source_number("kprobe", "format/retprobe");
	if (bit < 0 || bit > 63)
		return -EOPNOTSUPP;
	attr.type = type;
	attr.config = at_return ? 1ULL << bit : 0;
	return perf_link(&attr, program, -1, cookie);
}

int perf_link_uprobe(int program, const struct point_place *place, bool at_return, uint64_t cookie)
{
	long type = source_number("uprobe", "type"), bit = 0;
	struct perf_event_attr attr = { .config1 = (uintptr_t)place->path,
					.config2 = place->offset };

	if (type < 0)
		return type;
	if (at_return)
		bit = source_number("uprobe", "format/retprobe");
	if (bit < 0 || bit > 63)
		return -EOPNOTSUPP;
	attr.type = type;
	attr.config = (at_return ? 1ULL << bit : 0) | place->ref_ctr << REF_CTR_SHIFT;
	return perf_link(&attr, program, -1, cookie);
}

int perf_link_tracepoint(int program, const char *group, const char *event, uint64_t cookie)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT };
	char path[300], text[32];
	long err;

	snprintf(path, sizeof(path), "events/%.128s/%.128s/id", group, event);
	err = facts_read(FACTS_TRACEFS, path, text, sizeof(text));
	if (err < 0)
		return err;
	attr.config = strtol(text, NULL, 10);
	return perf_link(&attr, program, -1, cookie);
}
