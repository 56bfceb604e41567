// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Many kprobes by one link: attached in one go and, what matters more, detached in one, where each
 * of its own would wait for a grace period. A link ends when its last point leaves; until then the
 * ids of those that left are not given to others, because their functions still run the program.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "objects.h"

#define MULTI_MIN 8 /* fewer are attached each on its own */

struct multi_link {
	struct multi_link *next;
	int fd[2]; /* at the call, at its return */
	uint32_t users, count;
	uint32_t ids[];
};

static struct multi_link *links;
static int programs[2] = { -1, -1 }; /* kprobe__policy and kretprobe__policy, for such links */
static bool broken;                  /* the kernel knows no such links */

static int load(bool at_return)
{
	enum generic generic = at_return ? GENERIC_KRETPROBE : GENERIC_KPROBE;
	struct bpf_object *obj = object_copy(NULL);
	struct bpf_program *prog;
	char refused[64], words[96];
	int err;

	if (!obj)
		return -ENOMEM;
	prog = bpf_object__find_program_by_name(obj, attach_generic_names[generic]);
	err = prog ? bpf_program__set_expected_attach_type(prog, BPF_TRACE_KPROBE_MULTI) : -ENOENT;
	if (!err) {
		bpf_program__set_autoload(prog, true);
		err = object_load(obj, refused, words);
	}
	if (!err)
		programs[at_return] = fcntl(bpf_program__fd(prog), F_DUPFD_CLOEXEC, 0);
	bpf_object__close(obj);
	return err;
}

static int make_link(struct point **points, uint32_t count, bool at_return)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	const char **names = calloc(count, sizeof(*names));
	__u64 *cookies = calloc(count, sizeof(*cookies));
	int fd = -ENOMEM;

	for (uint32_t i = 0; names && cookies && i < count; i++) {
		names[i] = points[i]->place.name;
		cookies[i] = points[i]->id;
	}
	if (names && cookies) {
		opts.kprobe_multi.syms = names;
		opts.kprobe_multi.cookies = cookies;
		opts.kprobe_multi.cnt = count;
		opts.kprobe_multi.flags = at_return ? BPF_F_KPROBE_MULTI_RETURN : 0;
		fd = bpf_link_create(programs[at_return], 0, BPF_TRACE_KPROBE_MULTI, &opts);
		fd = fd < 0 ? -errno : fd;
	}
	free(names);
	free(cookies);
	return fd;
}

static void close_link(struct multi_link *link)
{
	for (int i = 0; i < 2; i++)
		if (link->fd[i] >= 0)
			close(link->fd[i]);
}

/* The return's first: no call is kept waiting for it. */
static int link_all(struct point **points, uint32_t count, bool pairs)
{
	struct multi_link *link = calloc(1, sizeof(*link) + count * sizeof(link->ids[0]));
	int err = 0;

	if (!link)
		return -ENOMEM;
	link->fd[0] = link->fd[1] = -1;
	if (pairs)
		err = link->fd[1] = make_link(points, count, true);
	if (err >= 0)
		err = link->fd[0] = make_link(points, count, false);
	if (err < 0) {
		close_link(link);
		free(link);
		return err;
	}
	link->users = link->count = count;
	link->next = links;
	links = link;
	for (uint32_t i = 0; i < count; i++) {
		link->ids[i] = points[i]->id;
		points[i]->multi = link;
		points[i]->attached = true;
	}
	return 0;
}

/* One name the kernel does not want spoils the link: halves find it. */
static void link_some(struct point **points, uint32_t count, bool pairs)
{
	int err;

	if (count < MULTI_MIN)
		return;
	err = link_all(points, count, pairs);
	if (err == -EOPNOTSUPP || err == -EINVAL)
		broken = true;
	if (!err || broken)
		return;
	link_some(points, count / 2, pairs);
	link_some(points + count / 2, count - count / 2, pairs);
}

static bool allows(const struct point *point)
{
	for (const struct want *want = point->wants; want; want = want->next)
		if (want->plan->policy->flags & TX_PLAN_F_NO_KPROBE_MULTI)
			return false;
	return !point->place.override;
}

static void attach_kind(struct point **points, size_t count, enum point_backend backend)
{
	bool pairs = backend == POINT_KRETPROBE;
	struct point **some = calloc(count, sizeof(*some));
	uint32_t used = 0;

	for (size_t i = 0; some && i < count; i++)
		if (point_entered_by(points[i]) == backend && allows(points[i]))
			some[used++] = points[i];
	if (used >= MULTI_MIN && (programs[0] >= 0 || !load(false)) &&
	    (!pairs || programs[1] >= 0 || !load(true)))
		link_some(some, used, pairs);
	free(some);
}

void multi_attach(struct point **points, size_t count)
{
	if (old_kernel()) /* its programs know no cookies */
		return;
	if (!broken)
		attach_kind(points, count, POINT_KPROBE);
	if (!broken)
		attach_kind(points, count, POINT_KRETPROBE);
}

void multi_detach(struct point *point)
{
	struct multi_link **at = &links, *link = point->multi;

	point->multi = NULL;
	if (!link || --link->users)
		return;
	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	close_link(link);
	free(link);
}

bool multi_holds(uint32_t id)
{
	for (const struct multi_link *link = links; link; link = link->next)
		for (uint32_t i = 0; i < link->count; i++)
			if (link->ids[i] == id)
				return true;
	return false;
}

void multi_each_link(void (*fn)(const char *name, int fd, void *arg), void *arg)
{
	for (const struct multi_link *link = links; link; link = link->next)
		for (int i = 0; i < 2; i++)
			if (link->fd[i] >= 0)
				fn(i ? "kretprobe:many" : "kprobe:many", link->fd[i], arg);
}

void multi_each_program(void (*fn)(const char *name, int fd, void *arg), void *arg)
{
	for (int i = 0; i < 2; i++)
		if (programs[i] >= 0)
			fn(i ? "kretprobe__policy:many" : "kprobe__policy:many", programs[i], arg);
}

void multi_close(void)
{
	for (int i = 0; i < 2; i++)
		program_close(&programs[i]);
	broken = false;
}
