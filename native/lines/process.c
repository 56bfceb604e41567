// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// The `process` and `parent` objects of a line.
#include "lines.h"

enum { COMM_MAX = 64, FLAGS_MAX = 256, CGROUP_MAX = 1024, DOCKER_MAX = 64 };

const struct text ns_names[NS_KINDS] = {
	LITERAL("uts"), LITERAL("ipc"),    LITERAL("mnt"),  LITERAL("pid"),
	LITERAL("net"), LITERAL("cgroup"), LITERAL("user"), LITERAL("time"),
};

static int read_inode(struct json *json, u64 *inode)
{
	struct text key;
	u32 count = 0, found = 0;
	if (!json_open(json, '{'))
		return 0;
	while (json_member(json, &count, &key)) {
		if (!IS(key, "inum")) {
			if (!json_skip(json, 0))
				return 0;
		} else if (found++ || !json_count(json, inode, SAFE_INTEGER))
			return 0;
	}
	return !json->odd && found;
}

static int read_namespaces(struct json *json, struct process *process)
{
	struct text key;
	u32 count = 0;
	if (!json_open(json, '{'))
		return 0;
	while (json_member(json, &count, &key)) {
		u32 kind = 0;
		while (kind < NS_KINDS && !same(ns_names[kind], key))
			kind++;
		if (kind == NS_KINDS) {
			if (!json_skip(json, 0))
				return 0;
			continue;
		}
		if (process->seen_ns >> kind & 1 || !read_inode(json, process->ns + kind))
			return 0;
		process->seen_ns |= 1u << kind;
	}
	return !json->odd;
}

static int read_credentials(struct json *json, struct process *process)
{
	struct text key;
	u32 count = 0;
	if (!json_open(json, '{'))
		return 0;
	while (json_member(json, &count, &key)) {
		if (!IS(key, "gid")) {
			if (!json_skip(json, 0))
				return 0;
			continue;
		}
		if (process->seen & HAS_GID || !json_count(json, &process->gid, ID_MAX))
			return 0;
		process->seen |= HAS_GID;
	}
	return !json->odd;
}

static int read_argv(struct json *json, struct process *process)
{
	u32 count = 0;
	if (!json_open(json, '['))
		return 0;
	while (json_item(json, &count))
		if (process->argc == MAX_ARGS ||
		    !json_string(json, process->argv + process->argc++, 2 * PATH_MAX))
			return 0;
	return !json->odd;
}

static int read_field(struct json *json, struct process *p, u32 field)
{
	struct text ignored;
	if (p->seen & field)
		return 0;
	p->seen |= field;
	switch (field) {
	case HAS_EXEC_ID:
		return json_string(json, &p->exec_id, EXEC_ID_MAX);
	case HAS_PARENT:
		return json_string(json, &p->parent_exec_id, EXEC_ID_MAX);
	case HAS_PID:
		return json_count(json, &p->pid, ID_MAX);
	case HAS_PPID:
		return json_count(json, &p->ppid, ID_MAX);
	case HAS_TID:
		return json_count(json, &p->tid, ID_MAX);
	case HAS_UID:
		return json_count(json, &p->uid, ID_MAX);
	case HAS_AUID:
		return json_count(json, &p->auid, ID_MAX);
	case HAS_BINARY:
		return json_string(json, &p->binary, PATH_MAX);
	case HAS_COMM:
		return json_string(json, &p->comm, COMM_MAX);
	case HAS_ARGV:
		return read_argv(json, p);
	case HAS_CWD:
		return json_string(json, &p->cwd, PATH_MAX);
	case HAS_START:
		return json_micros(json, &p->start_us);
	case HAS_FLAGS:
		return json_string(json, &p->flags, FLAGS_MAX);
	case HAS_NS:
		return read_namespaces(json, p);
	case HAS_CGROUP:
		return json_string(json, &p->cgroup, CGROUP_MAX);
	case HAS_DOCKER:
		return json_string(json, &p->docker, DOCKER_MAX);
	case HAS_ARGUMENTS:
		return json_string(json, &ignored, MAX_LINE);
	case HAS_CREDENTIALS:
		return read_credentials(json, p);
	}
	return 0;
}

static u32 field_of(struct text key)
{
	static const struct {
		struct text name;
		u32 field;
	} fields[] = {
		{ LITERAL("exec_id"), HAS_EXEC_ID },
		{ LITERAL("parent_exec_id"), HAS_PARENT },
		{ LITERAL("pid"), HAS_PID },
		{ LITERAL("ppid"), HAS_PPID },
		{ LITERAL("tid"), HAS_TID },
		{ LITERAL("uid"), HAS_UID },
		{ LITERAL("auid"), HAS_AUID },
		{ LITERAL("binary"), HAS_BINARY },
		{ LITERAL("comm"), HAS_COMM },
		{ LITERAL("argv"), HAS_ARGV },
		{ LITERAL("cwd"), HAS_CWD },
		{ LITERAL("start_time"), HAS_START },
		{ LITERAL("flags"), HAS_FLAGS },
		{ LITERAL("ns"), HAS_NS },
		{ LITERAL("cgroup"), HAS_CGROUP },
		{ LITERAL("docker"), HAS_DOCKER },
		{ LITERAL("arguments"), HAS_ARGUMENTS },
		{ LITERAL("process_credentials"), HAS_CREDENTIALS },
	};
	for (u32 i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (same(fields[i].name, key))
			return fields[i].field;
	return 0;
}

int read_process(struct json *json, struct process *p)
{
	enum { NEEDED = HAS_EXEC_ID | HAS_PID | HAS_BINARY | HAS_CGROUP };
	struct text key;
	u32 count = 0, seen_cap = 0;
	p->seen = p->argc = p->seen_ns = 0;
	p->cap_effective = 0;
	if (!json_open(json, '{'))
		return 0;
	while (json_member(json, &count, &key)) {
		u32 field = field_of(key);
		if (field            ? !read_field(json, p, field)
		    : IS(key, "cap") ? seen_cap++ || !read_capabilities(json, p)
				     : !json_skip(json, 0))
			return 0;
	}
	if (json->odd || (p->seen & NEEDED) != NEEDED || !p->exec_id.length || !p->binary.length)
		return 0;
	// Its own parent: which of the two is meant depends on what is remembered first.
	if (p->seen & HAS_PARENT && same(p->parent_exec_id, p->exec_id))
		return 0;
	// What an empty one stands for, and arguments in one text only, the long way knows.
	if (p->seen & HAS_PARENT && !p->parent_exec_id.length)
		return 0;
	return p->argc || !(p->seen & HAS_ARGUMENTS);
}

int read_parent(struct json *json, struct ancestor *a)
{
	enum { P_ID = 1, P_PID = 2, P_UID = 4, P_BINARY = 8, P_ARGUMENTS = 16, P_PARENT = 32 };
	struct text key;
	u32 count = 0, seen = 0;
	__builtin_memset(a, 0, sizeof(*a));
	a->uid = ~0ULL;
	if (!json_open(json, '{'))
		return 0;
	while (json_member(json, &count, &key)) {
		u32 field = IS(key, "exec_id")          ? P_ID
			    : IS(key, "pid")            ? P_PID
			    : IS(key, "uid")            ? P_UID
			    : IS(key, "binary")         ? P_BINARY
			    : IS(key, "arguments")      ? P_ARGUMENTS
			    : IS(key, "parent_exec_id") ? P_PARENT
							: 0;
		if (seen & field)
			return 0;
		seen |= field;
		int is_read =
			field == P_ID          ? json_string(json, &a->exec_id, EXEC_ID_MAX)
			: field == P_PID       ? json_count(json, &a->pid, ID_MAX)
			: field == P_UID       ? json_count(json, &a->uid, ID_MAX)
			: field == P_BINARY    ? json_string(json, &a->binary, PATH_MAX)
			: field == P_ARGUMENTS ? json_string(json, &a->arguments, ARGUMENTS_MAX)
			: field == P_PARENT    ? json_string(json, &a->parent_exec_id, EXEC_ID_MAX)
					       : json_skip(json, 0);
		if (!is_read)
			return 0;
	}
	enum { NEEDED = P_ID | P_PID | P_BINARY };
	if (json->odd || (seen & NEEDED) != NEEDED || !a->exec_id.length)
		return 0;
	if (!(seen & P_PARENT) || !a->parent_exec_id.length)
		a->parent_exec_id.at = NULL;
	if (!(seen & P_ARGUMENTS))
		a->arguments.at = NULL;
	a->is_known = 1;
	return 1;
}
