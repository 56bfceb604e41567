// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "kernel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine.skel.h"

static int by_name(const void *a, const void *b)
{
	const struct kernel_program *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void kernel_sort_programs(struct kernel *k)
{
	qsort(k->programs, k->program_count, sizeof(k->programs[0]), by_name);
}

void kernel_from_skeleton(struct kernel *k, struct engine_bpf *skel)
{
	struct bpf_program *prog;

	k->skel = skel;
	k->maps[KERNEL_RING_EXEC] = bpf_map__fd(skel->maps.tx_ring_exec);
	k->maps[KERNEL_RING_MAIN] = bpf_map__fd(skel->maps.tx_ring_main);
	k->maps[KERNEL_COUNTERS] = bpf_map__fd(skel->maps.tx_counters);
	k->maps[KERNEL_BSS] = bpf_map__fd(skel->maps.bss);
	k->maps[KERNEL_INTS] = bpf_map__fd(skel->maps.tx_ints);
	k->maps[KERNEL_TEXTS] = bpf_map__fd(skel->maps.tx_texts);
	k->maps[KERNEL_PTASKS] = bpf_map__fd(skel->maps.tx_ptasks);
	k->maps[KERNEL_CONTROL] = bpf_map__fd(skel->maps.tx_control);
	k->self = skel->bss->tx_self;
	bpf_object__for_each_program(prog, skel->obj)
	{
		struct kernel_program *p = &k->programs[k->program_count];

		if (bpf_program__fd(prog) < 0 || k->program_count == KERNEL_PROGRAMS)
			continue;
		snprintf(p->name, sizeof(p->name), "%s", bpf_program__name(prog));
		p->fd = bpf_program__fd(prog);
		k->program_count++;
	}
	kernel_sort_programs(k);
}

int kernel_map_bss(struct kernel *k)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct engine_bpf__bss *bss;

	k->bss_bytes = (sizeof(*bss) + page - 1) / page * page;
	bss = mmap(NULL, k->bss_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, k->maps[KERNEL_BSS], 0);
	if (bss == MAP_FAILED)
		return -errno;
	k->bss = bss;
	k->self = bss->tx_self;
	return 0;
}

int kernel_program(const struct kernel *k, const char *name)
{
	for (int i = 0; i < k->program_count; i++)
		if (!strcmp(k->programs[i].name, name))
			return k->programs[i].fd;
	return -1;
}

void kernel_detach(struct kernel *k)
{
	for (int h = 0; h < HOOKS; h++) {
		bpf_link__destroy(k->links[h]);
		k->links[h] = NULL;
	}
}

void kernel_close(struct kernel *k)
{
	kernel_detach(k);
	if (k->skel) {
		engine_bpf__destroy(k->skel);
		k->skel = NULL;
		return;
	}
	if (k->bss)
		munmap(k->bss, k->bss_bytes);
	for (int i = 0; i < KERNEL_MAPS; i++)
		if (k->maps[i] > 0)
			close(k->maps[i]);
	for (int i = 0; i < k->program_count; i++)
		close(k->programs[i].fd);
}

void kernel_show_own(struct kernel *k)
{
	k->skel->bss->tx_bpf_own[0] = k->maps[KERNEL_BSS];
	k->skel->bss->tx_bpf_own[1] = k->programs[0].fd;
	for (int i = 0; i < HOOKS; i++)
		if (k->links[i])
			k->skel->bss->tx_bpf_own[2] = bpf_link__fd(k->links[i]);
}
