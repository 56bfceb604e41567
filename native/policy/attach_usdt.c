// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Static probes of programs. libbpf reads a probe's arguments from the file and numbers what it
 * found in maps of its own, so all of them are attached through one object that stays open.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "clock.h"
#include "skipped.h"

static struct bpf_object *object;

static struct bpf_program *program(void)
{
	return object ? bpf_object__find_program_by_name(object, "usdt__policy") : NULL;
}

int usdt_program(void)
{
	struct bpf_program *prog = program();

	return prog ? bpf_program__fd(prog) : -1;
}

static int load(struct point *point)
{
	char refused[64], words[96];
	int err = -ENOENT;

	object = object_copy(NULL);
	if (!object)
		return -ENOMEM;
	if (program()) {
		bpf_program__set_autoload(program(), true);
		err = object_load(object, refused, words);
		snprintf(point->error, sizeof(point->error), "%.95s", words);
	}
	if (err)
		usdt_close();
	return err;
}

int usdt_attach(struct point *point)
{
	LIBBPF_OPTS(bpf_usdt_opts, opts, .usdt_cookie = point->id);
	const struct point_place *place = &point->place;
	int err = object ? 0 : load(point);

	if (err)
		return err;
	point->usdt = bpf_program__attach_usdt(program(), -1, place->path, place->group,
					       place->name, &opts);
	return point->usdt ? 0 : -errno;
}

void usdt_detach(struct point *point)
{
	if (point->usdt)
		bpf_link__destroy(point->usdt);
	point->usdt = NULL;
}

void usdt_close(void)
{
	skipped_look(usdt_program(), clock_boot_ns());
	bpf_object__close(object);
	object = NULL;
}
