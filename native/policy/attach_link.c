// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "calls_table.h"

/* One link at all system calls' entry, one at their return; a table says which points they serve.
 */
static struct {
	int link;
	uint32_t users;
} calls[2] = { { -1, 0 }, { -1, 0 } };

static const char *words_of(const struct point *point, int err)
{
	bool probe =
		point->place.backend == POINT_KPROBE || point->place.backend == POINT_KRETPROBE;

	if (err == -EADDRNOTAVAIL || err == -ENOTUNIQ)
		return "several functions have this name";
	if (err == -E2BIG)
		return "too many programs are attached there already";
	if (err == -ENOENT || err == -EBUSY || (probe && err == -EINVAL))
		return "the kernel lets nothing be attached there";
	return strerror(-err);
}

static int fail(struct point *point, int err)
{
	snprintf(point->error, sizeof(point->error), "%s", words_of(point, err));
	return err;
}

static int raw_link(const char *tracepoint, int program)
{
	int fd = bpf_raw_tracepoint_open(tracepoint, program);

	return fd < 0 ? -errno : fd;
}

static int set_call(const struct point *point, uint32_t id)
{
	const char *name = point->place.name;
	int number = call_number(name, strlen(name), point->place.compat);
	int map = object_map("tx_call_hooks");
	struct tx_call_hooks hooks;
	uint32_t key = number + (point->place.compat ? TX_SYSCALLS : 0);

	if (number < 0 || number >= TX_SYSCALLS)
		return -ENOENT;
	if (bpf_map_lookup_elem(map, &key, &hooks))
		return -errno;
	if (point->place.backend == POINT_SYS_EXIT)
		hooks.leave = id;
	else
		hooks.enter = id;
	return bpf_map_update_elem(map, &key, &hooks, BPF_ANY) ? -errno : 0;
}

static int link_call(struct point *point)
{
	int leaves = point->place.backend == POINT_SYS_EXIT, err = 0;

	if (!calls[leaves].users) {
		calls[leaves].link =
			raw_link(leaves ? "sys_exit" : "sys_enter",
				 programs_generic(leaves ? GENERIC_SYS_EXIT : GENERIC_SYS_ENTER));
		if (calls[leaves].link < 0)
			return calls[leaves].link;
	}
	calls[leaves].users++;
	err = set_call(point, point->id);
	if (err) {
		point->attached = true;
		unlink_point(point);
	}
	return err;
}

static void unlink_call(struct point *point)
{
	int leaves = point->place.backend == POINT_SYS_EXIT;

	set_call(point, 0);
	if (--calls[leaves].users)
		return;
	close(calls[leaves].link);
	calls[leaves].link = -1;
}

/* What is to see the return is there first: no call is kept waiting for it. */
static int link_pair(struct point *point, bool user)
{
	struct generic_pair pair = attach_generics(point);
	bool own = own_wanted(point);
	int entry = own ? point->program : programs_generic(pair.entry);
	int leave = own ? point->leave_program : programs_generic(pair.leave);
	const struct point_place *place = &point->place;

	if (pair.leave != GENERIC_NONE) {
		point->link[1] = user ? perf_link_uprobe(leave, place, true, point->id)
				      : perf_link_kprobe(leave, place->name, true, point->id);
		if (point->link[1] < 0)
			return point->link[1];
	}
	point->link[0] = user ? perf_link_uprobe(entry, place, false, point->id)
			      : perf_link_kprobe(entry, place->name, false, point->id);
	return point->link[0];
}

int link_point(struct point *point)
{
	int err;

	switch (point_entered_by(point)) {
	case POINT_SYS_ENTER:
	case POINT_SYS_EXIT:
		err = link_call(point);
		break;
	case POINT_USDT:
		err = usdt_attach(point);
		break;
	case POINT_UPROBE:
	case POINT_URETPROBE:
		err = link_pair(point, true);
		break;
	case POINT_KPROBE:
	case POINT_KRETPROBE:
		err = link_pair(point, false);
		break;
	case POINT_TRACEPOINT:
		err = point->link[0] = perf_link_tracepoint(
			own_wanted(point) ? point->program : programs_generic(GENERIC_TRACEPOINT),
			point->place.group, point->place.name, point->id);
		break;
	case POINT_RAW_TP:
		err = point->link[0] = raw_link(point->place.name, point->program);
		break;
	default:
		if (is_cgroup_gate(&point->place)) {
			err = cgroup_link(point);
			break;
		}
		/* Of programs at one hook the latest runs first. */
		err = point->place.row_flags & TX_HOOK_IMA ? point->link[1] = ima_link(point) : 0;
		if (err >= 0)
			err = point->link[0] = raw_link(NULL, point->program);
	}
	if (err < 0) {
		unlink_point(point);
		if (attach_falls_back(point))
			return err;
		return point->error[0] ? err : fail(point, err);
	}
	point->attached = true;
	return 0;
}

void unlink_point(struct point *point)
{
	bool is_call =
		point->place.backend == POINT_SYS_ENTER || point->place.backend == POINT_SYS_EXIT;

	if (is_call && point->attached)
		unlink_call(point);
	usdt_detach(point);
	multi_detach(point);
	for (int i = 0; i < 2; i++) {
		if (point->link[i] >= 0)
			close(point->link[i]);
		point->link[i] = -1;
	}
	point->attached = false;
}

void links_each_shared(void (*fn)(const char *name, int fd, void *arg), void *arg)
{
	for (int i = 0; i < 2; i++)
		if (calls[i].link >= 0)
			fn(i ? "sys_exit" : "sys_enter", calls[i].link, arg);
}
