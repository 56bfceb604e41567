// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "attach.h"
#include "policy.skel.h"

int ima_link(const struct point *point)
{
	bool image = !strncmp(point->place.name, "bprm_", 5);
	char refused[64], words[96];
	struct bpf_object *obj = object_copy(NULL);
	struct policy_bpf__rodata *constants = obj ? object_constants(obj) : NULL;
	struct bpf_program *prog;
	int err, fd;

	if (!constants) {
		bpf_object__close(obj);
		return -ENOMEM;
	}
	prog = bpf_object__find_program_by_name(obj, image ? "lsm__ima_bprm" : "lsm__ima_file");
	constants->tx_ima_point[!image] = point->id;
	bpf_program__set_autoload(prog, true);
	err = bpf_program__set_attach_target(prog, 0, point->place.name);
	if (!err)
		err = object_load(obj, refused, words);
	fd = err ? err : bpf_raw_tracepoint_open(NULL, bpf_program__fd(prog));
	if (!err && fd < 0)
		fd = -errno;
	bpf_object__close(obj);
	return fd;
}
