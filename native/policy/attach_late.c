// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Calls whose memory was not in are looked at again when it has come (bpf/policy_late.bpf.h): by
 * events of each CPU, one for pages that were in memory all the same and one for those that had to
 * be fetched. Faults of programs themselves pass by them, and those of the kernel are few.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attach.h"
#include "log.h"
#include "policy.skel.h"
#include "reads.h"

#define KINDS 2

static const uint64_t kinds[KINDS] = { PERF_COUNT_SW_PAGE_FAULTS_MIN,
				       PERF_COUNT_SW_PAGE_FAULTS_MAJ };

static struct {
	int program;
	int *links; /* KINDS of each CPU; negative: none */
	int cpus;
	bool refused; /* once is enough */
} late;

bool point_is_late(enum point_backend backend)
{
	switch (backend) {
	case POINT_KPROBE:
	case POINT_KRETPROBE:
	case POINT_FENTRY:
	case POINT_TRACEPOINT:
	case POINT_RAW_TP:
	case POINT_SYS_ENTER:
		return true;
	default:
		return false;
	}
}

void point_costs_clear(uint32_t id)
{
	int map = object_map("tx_point_costs"), cpus = map < 0 ? 0 : libbpf_num_possible_cpus();
	struct tx_point_cost *zeroes = cpus > 0 ? calloc(cpus, sizeof(*zeroes)) : NULL;

	if (zeroes && id)
		bpf_map_update_elem(map, &id, zeroes, BPF_ANY);
	free(zeroes);
}

/* Whether it may lie in memory of the process. */
static bool is_remote(const struct tx_arg_row *row)
{
	switch (row->type) {
	case TX_ARG_STRING:
	case TX_ARG_CHAR_BUF:
	case TX_ARG_CHAR_IOVEC:
	case TX_ARG_IOV_ITER:
	case TX_ARG_SOCKADDR:
	case TX_ARG_SOCKADDR_UN:
	case TX_ARG_BPF_ATTR:
		return true;
	default:
		return row->flags & TX_ARGROW_USER;
	}
}

/* A mark for the root cgroup's gate depends on the call's address, too. */
static bool is_wanted_by(const struct point *point)
{
	if (!point_is_late(point->place.backend))
		return false;
	for (const struct want *w = point->wants; w; w = w->next) {
		if (w->status == POINT_REJECTED)
			continue;
		if (w->deny_hook[0][0] == POINT_DENY_CGROUP)
			return true;
		for (int i = 0; i < w->args; i++)
			if (is_remote(&w->arg[i]))
				return true;
	}
	return false;
}

static bool is_wanted(void)
{
	for (const struct point *point = points_first(); point; point = point->next)
		if (is_wanted_by(point))
			return true;
	return false;
}

/* A CPU that is not there has no event, yet. 0, or the first other error. */
static int link_all(void)
{
	int err = 0;

	for (int i = 0; i < KINDS * late.cpus && !err; i++) {
		if (late.links[i] >= 0)
			continue;
		late.links[i] = perf_link_faults(late.program, kinds[i % KINDS], i / KINDS);
		if (late.links[i] < 0 && late.links[i] != -ENODEV && late.links[i] != -ENXIO)
			err = late.links[i];
	}
	return err;
}

static int load(void)
{
	struct bpf_object *obj = object_copy(NULL);
	struct bpf_program *prog =
		obj ? bpf_object__find_program_by_name(obj, "late__policy") : NULL;
	char refused[64], words[96];
	int err = prog ? bpf_program__set_autoload(prog, true) : -ENOMEM;

	if (!err)
		err = object_load(obj, refused, words);
	if (!err)
		late.program = fcntl(bpf_program__fd(prog), F_DUPFD_CLOEXEC, 0);
	if (!err && late.program < 0)
		err = -errno;
	bpf_object__close(obj);
	return err;
}

/* Programs that find memory not in count on it, or count a loss. */
static int announce(bool there)
{
	int fd = object_map(".bss");
	struct policy_bpf__bss *variables =
		mmap(NULL, sizeof(*variables), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (variables == MAP_FAILED)
		return -errno;
	variables->tx_late = there;
	munmap(variables, sizeof(*variables));
	return 0;
}

static void open_all(void)
{
	int err;

	late.cpus = libbpf_num_possible_cpus();
	late.links = late.cpus > 0 ? malloc(KINDS * late.cpus * sizeof(*late.links)) : NULL;
	if (!late.links)
		return;
	late.program = -1;
	for (int i = 0; i < KINDS * late.cpus; i++)
		late.links[i] = -1;
	err = load();
	/* Is it the way of reading that this verifier does not like? */
	if (err && object_read_directly(false)) {
		int first = err;

		err = load();
		if (err)
			object_read_directly(true);
		else
			reads_blame_policy("the second look", strerror(-first));
	}
	if (!err)
		err = link_all();
	if (!err)
		err = announce(true);
	if (!err)
		return;
	late_close();
	late.refused = true;
	log_line("Calls whose memory is not in when they begin are not looked at again: %s.",
		 strerror(-err));
}

void late_settle(void)
{
	bool wanted = is_wanted();

	if (wanted && !late.links && !late.refused)
		open_all();
	else if (wanted && late.links)
		link_all();
	else if (!wanted)
		late_close();
}

void late_each_link(void (*fn)(const char *name, int fd, void *arg), void *arg)
{
	for (int i = 0; late.links && i < KINDS * late.cpus; i++)
		if (late.links[i] >= 0)
			fn("page_faults", late.links[i], arg);
}

void late_close(void)
{
	if (!late.links)
		return;
	announce(false);
	for (int i = 0; i < KINDS * late.cpus; i++)
		if (late.links[i] >= 0)
			close(late.links[i]);
	if (late.program >= 0)
		close(late.program);
	free(late.links);
	late.links = NULL;
}
