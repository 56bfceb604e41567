// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "probe_kinds.h"

struct gate {
	const char *program;
	enum bpf_attach_type type;
};

static const struct gate connects[2] = { { "cgroup__connect4", BPF_CGROUP_INET4_CONNECT },
					 { "cgroup__connect6", BPF_CGROUP_INET6_CONNECT } };
static const struct gate sends[2] = { { "cgroup__sendmsg4", BPF_CGROUP_UDP4_SENDMSG },
				      { "cgroup__sendmsg6", BPF_CGROUP_UDP6_SENDMSG } };

bool is_cgroup_gate(const struct point_place *place)
{
	return place->backend == POINT_DENY && place->name[0] == POINT_DENY_CGROUP;
}

static int open_root(void)
{
	char path[256];
	int fd;

	if (!probe_cgroup2(path, sizeof(path)))
		return -ENOENT;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int link_gates(struct bpf_object *obj, const struct gate gates[2], int root, int links[2])
{
	char refused[64], words[96];
	struct bpf_program *programs[2];
	int err;

	for (int i = 0; i < 2; i++) {
		programs[i] = bpf_object__find_program_by_name(obj, gates[i].program);
		bpf_program__set_autoload(programs[i], true);
	}
	err = object_load(obj, refused, words);
	for (int i = 0; i < 2 && !err; i++) {
		links[i] = bpf_link_create(bpf_program__fd(programs[i]), root, gates[i].type, NULL);
		err = links[i] < 0 ? -errno : 0;
	}
	return err;
}

int cgroup_link(struct point *point)
{
	bool connects_only = !strcmp(point->place.name, "@connect");
	struct bpf_object *obj = object_copy(NULL);
	int root = open_root(), err = root < 0 ? root : obj ? 0 : -ENOMEM;

	if (!err)
		err = link_gates(obj, connects_only ? connects : sends, root, point->link);
	if (root >= 0)
		close(root);
	bpf_object__close(obj);
	return err;
}
