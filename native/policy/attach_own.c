// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Where there are no attach cookies (bpf/tier.bpf.h): a point has generic programs of its own,
 * which know it from a constant.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "objects.h"
#include "policy.skel.h"

/* A program is 10,000 instructions, and as much again when compiled: of a pattern's thousand
 * functions each would have its own. */
#define OWN_POINTS 128

bool own_wanted(const struct point *point)
{
	enum generic entry = attach_generics(point).entry;

	return old_kernel() && entry != GENERIC_NONE && entry != GENERIC_SYS_ENTER &&
	       entry != GENERIC_SYS_EXIT;
}

static struct bpf_program *want(struct bpf_object *obj, enum generic generic)
{
	struct bpf_program *prog;

	if (generic == GENERIC_NONE)
		return NULL;
	prog = bpf_object__find_program_by_name(obj, attach_generic_names[generic]);
	bpf_program__set_autoload(prog, true);
	return prog;
}

static int keep(const struct bpf_program *prog)
{
	return prog ? fcntl(bpf_program__fd(prog), F_DUPFD_CLOEXEC, 0) : -1;
}

static bool are_used_up(void)
{
	int count = 0;

	for (const struct point *point = points_first(); point; point = point->next)
		count += own_wanted(point) && point->program >= 0;
	return count >= OWN_POINTS;
}

void own_load(struct point *point)
{
	struct generic_pair pair = attach_generics(point);
	struct bpf_object *obj;
	char refused[64], words[96] = "";
	struct bpf_program *entry, *leave;
	int err = -ENOMEM;

	if (are_used_up()) {
		snprintf(point->error, sizeof(point->error),
			 "this kernel takes a program for each: %d have one", OWN_POINTS);
		return;
	}
	obj = object_copy(NULL);
	if (obj) {
		((struct policy_bpf__rodata *)object_constants(obj))->tx_own_point = point->id;
		entry = want(obj, pair.entry);
		leave = want(obj, pair.leave);
		err = object_load(obj, refused, words);
	}
	if (!err) {
		point->program = keep(entry);
		point->leave_program = keep(leave);
	} else {
		snprintf(point->error, sizeof(point->error), "the program is refused: %.70s",
			 *words ? words : strerror(-err));
	}
	bpf_object__close(obj);
}
