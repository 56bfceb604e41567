// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "clock.h"
#include "facts_lsm.h"
#include "reads.h"
#include "skipped.h"

#define PROGRAM_NAME 64

static int generic_fds[GENERICS] = { [0 ... GENERICS - 1] = -1 };

int programs_generic(enum generic generic)
{
	return generic < GENERICS ? generic_fds[generic] : -1;
}

/* One copy of the object, being filled. */
struct instance {
	struct bpf_object *obj;
	struct point *point[FAMILIES][ATTACH_COPIES];
	bool generic[GENERICS];
	uint32_t programs, limit;
};

static void fail(struct point *point, const char *words, int err)
{
	if (attach_falls_back(point))
		return;
	snprintf(point->error, sizeof(point->error), "the program is refused: %.70s",
		 *words ? words : strerror(-err));
}

bool programs_serve(const struct point *point)
{
	struct generic_pair pair = attach_generics(point);

	if (point->attached || point->error[0] || point->place.backend == POINT_USDT ||
	    is_cgroup_gate(&point->place))
		return true;
	if (attach_family(point) != FAMILIES || own_wanted(point))
		return point->program >= 0;
	return generic_fds[pair.entry] >= 0 &&
	       (pair.leave == GENERIC_NONE || generic_fds[pair.leave] >= 0);
}

/* An LSM hook's denial may also be an fmod_ret program on the function that calls the hook. */
static int set_target(struct bpf_program *prog, const struct point *point)
{
	const char *name = point->place.name;
	bool modifies = point->place.backend == POINT_FMOD_RET || point->place.override;

	if (point->place.backend == POINT_RAW_TP)
		return 0;
	if (modifies) {
		int err = bpf_program__set_type(prog, BPF_PROG_TYPE_TRACING);

		if (!err)
			err = bpf_program__set_expected_attach_type(prog, BPF_MODIFY_RETURN);
		if (err)
			return err;
		name = lsm_function_of(name);
	}
	return bpf_program__set_attach_target(prog, 0, name);
}

static struct bpf_program *copy_of(struct instance *in, enum family family, int copy)
{
	char name[PROGRAM_NAME];

	snprintf(name, sizeof(name), "%s%d", attach_families[family].prefix, copy);
	return bpf_object__find_program_by_name(in->obj, name);
}

/* When all copies are taken the point has to wait for the next instance. */
static void add_copy(struct instance *in, struct point *point)
{
	enum family family = attach_family(point);
	struct bpf_program *prog;
	int copy = 0, err;

	while (copy < ATTACH_COPIES && in->point[family][copy])
		copy++;
	prog = copy < ATTACH_COPIES ? copy_of(in, family, copy) : NULL;
	if (!prog || in->programs == in->limit)
		return;
	err = set_target(prog, point);
	if (err) {
		fail(point, "the kernel's BTF knows no such target", err);
		return;
	}
	bpf_program__set_autoload(prog, true);
	if (attach_families[family].ids != SIZE_MAX)
		((uint32_t *)((char *)object_constants(in->obj) +
			      attach_families[family].ids))[copy] = point->id;
	if (attach_families[family].calls)
		((uint8_t *)object_constants(in->obj) + attach_families[family].calls)[copy] =
			!!(point->place.row_flags & TX_HOOK_SYSCALL_REGS);
	in->point[family][copy] = point;
	in->programs++;
}

static void add_generic(struct instance *in, enum generic generic, struct point *point)
{
	struct bpf_program *prog;

	if (generic == GENERIC_NONE || generic_fds[generic] >= 0 || in->generic[generic] ||
	    in->programs == in->limit)
		return;
	prog = bpf_object__find_program_by_name(in->obj, attach_generic_names[generic]);
	if (!prog) {
		fail(point, "no program for it", -ENOENT);
		return;
	}
	bpf_program__set_autoload(prog, true);
	in->generic[generic] = true;
	in->programs++;
}

static void fill(struct instance *in, struct point **points, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct generic_pair pair = attach_generics(points[i]);

		if (programs_serve(points[i]) || own_wanted(points[i]))
			continue;
		if (attach_family(points[i]) != FAMILIES) {
			add_copy(in, points[i]);
			continue;
		}
		add_generic(in, pair.entry, points[i]);
		add_generic(in, pair.leave, points[i]);
	}
}

static int keep(const struct bpf_program *prog)
{
	int fd = bpf_program__fd(prog);

	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static void take_loaded(struct instance *in)
{
	for (int g = 0; g < GENERICS; g++)
		if (in->generic[g])
			generic_fds[g] = keep(
				bpf_object__find_program_by_name(in->obj, attach_generic_names[g]));
	for (int f = 0; f < FAMILIES; f++)
		for (int c = 0; c < ATTACH_COPIES; c++)
			if (in->point[f][c])
				in->point[f][c]->program = keep(copy_of(in, f, c));
}

/* Blames the points behind the refused program. False: nobody could be blamed. */
static bool blame(struct instance *in, struct point **points, size_t count, const char *refused,
		  const char *words, int err)
{
	bool blamed = false;

	for (int f = 0; f < FAMILIES; f++)
		for (int c = 0; c < ATTACH_COPIES; c++)
			if (in->point[f][c] &&
			    !strcmp(bpf_program__name(copy_of(in, f, c)), refused)) {
				fail(in->point[f][c], words, err);
				blamed = true;
			}
	for (size_t i = 0; i < count; i++) {
		struct generic_pair pair = attach_generics(points[i]);

		if ((pair.entry < GENERICS && !strcmp(attach_generic_names[pair.entry], refused)) ||
		    (pair.leave < GENERICS && !strcmp(attach_generic_names[pair.leave], refused))) {
			fail(points[i], words, err);
			blamed = true;
		}
	}
	return blamed;
}

static void give_up(struct point **points, size_t count, const char *words, int err)
{
	for (size_t i = 0; i < count; i++)
		if (!programs_serve(points[i]))
			fail(points[i], words, err);
}

static int open_and_load(struct instance *in, struct point **points, size_t count, uint32_t limit,
			 char refused[64], char words[96])
{
	memset(in, 0, sizeof(*in));
	in->limit = limit;
	in->obj = object_copy(NULL);
	if (!in->obj)
		return -ENOMEM;
	fill(in, points, count);
	return in->programs ? object_load(in->obj, refused, words) : 0;
}

/* How many programs were loaded, or refused. */
static uint32_t load_own(struct point **points, size_t count, uint32_t limit)
{
	uint32_t loaded = 0;

	for (size_t i = 0; i < count && loaded < limit; i++)
		if (own_wanted(points[i]) && !programs_serve(points[i])) {
			own_load(points[i]);
			loaded++;
		}
	return loaded;
}

void programs_load(struct point **points, size_t count, uint32_t limit)
{
	struct instance in;
	char refused[64], words[96];
	uint32_t own = load_own(points, count, limit);
	int err = own ? 0 : open_and_load(&in, points, count, limit, refused, words);

	if (own)
		return;
	if (!in.obj) {
		give_up(points, count, "the programs cannot be opened", -ENOMEM);
		return;
	}
	/* Is it the way of reading that this verifier does not like? */
	if (err && object_read_directly(false)) {
		char first[64], said[96];

		memcpy(first, refused, sizeof(first));
		memcpy(said, words, sizeof(said));
		bpf_object__close(in.obj);
		err = open_and_load(&in, points, count, limit, refused, words);
		if (err)
			object_read_directly(true);
		else
			reads_blame_policy(first, said);
	}
	if (!err)
		take_loaded(&in);
	else if (!blame(&in, points, count, refused, words, err))
		give_up(points, count, words, err);
	bpf_object__close(in.obj);
	/* Every turn serves or blames somebody. */
	if (!in.programs)
		give_up(points, count, "no program for it", -ENOENT);
}

void programs_each(void (*fn)(const char *name, int fd, void *arg), void *arg)
{
	for (int g = 0; g < GENERICS; g++)
		if (generic_fds[g] >= 0)
			fn(attach_generic_names[g], generic_fds[g], arg);
	if (usdt_program() >= 0)
		fn("usdt__policy", usdt_program(), arg);
}

void program_close(int *fd)
{
	if (*fd < 0)
		return;
	skipped_look(*fd, clock_boot_ns());
	close(*fd);
	*fd = -1;
}

void programs_close(void)
{
	for (int g = 0; g < GENERICS; g++)
		program_close(&generic_fds[g]);
}
