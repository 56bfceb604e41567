/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the engine holds of the kernel side: loaded by itself, or taken over from one that died. */
#ifndef TELOVIX_KERNEL_H
#define TELOVIX_KERNEL_H

#include <stdint.h>

#include "backend.h"
#include "events.h"

#define KERNEL_PROGRAMS 64
#define KERNEL_NAME 64

struct engine_bpf;
struct bpf_link;

struct kernel_program {
	char name[KERNEL_NAME];
	int fd;
};

enum kernel_map {
	KERNEL_RING_EXEC,
	KERNEL_RING_MAIN,
	KERNEL_COUNTERS,
	KERNEL_BSS,
	/* Shared with the object that serves policies. */
	KERNEL_INTS,
	KERNEL_TEXTS,
	KERNEL_PTASKS,
	KERNEL_CONTROL,
	KERNEL_MAPS
};

enum kernel_self { SELF_ENGINE, SELF_OWNER, SELF_SLOTS };

struct kernel {
	struct engine_bpf *skel; /* NULL when taken over */
	int maps[KERNEL_MAPS];
	struct kernel_program programs[KERNEL_PROGRAMS]; /* by name */
	int program_count;
	struct bpf_link *links[HOOKS];
	const char *link_names[HOOKS]; /* the program of each link */
	volatile uint32_t *self;       /* process ids whose own calls are left out */
	void *bss;                     /* mapped by us, when taken over */
	size_t bss_bytes;
};

/* Fills maps and programs from the skeleton. */
void kernel_from_skeleton(struct kernel *k, struct engine_bpf *skel);

/* Maps the variables of programs taken over; maps[KERNEL_BSS] is open. */
int kernel_map_bss(struct kernel *k);

void kernel_sort_programs(struct kernel *k);

/* The program's descriptor, or -1. */
int kernel_program(const struct kernel *k, const char *name);

/* Says which descriptors are of a map, a program and a link: by them the kernel side knows what
 * others open (bpf/bpfcall.bpf.h). Of freshly loaded programs only. */
void kernel_show_own(struct kernel *k);

/* Ends our own hold of the links: what is not pinned is detached by it. */
void kernel_detach(struct kernel *k);

void kernel_close(struct kernel *k);

#endif
