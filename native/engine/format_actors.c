// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The process and parent objects of every line. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "format.h"
#include "names.h"
#include "procfs.h"

static uint32_t host_ns[TX_NS_COUNT];

void format_setup(void)
{
	const struct proc *kthreadd = proc_find(2, 0);

	/* The host's namespaces are those of kthreadd; from inside a container, of its pid 1. */
	if (kthreadd && kthreadd->task.kthread && kthreadd->task.ns[TX_NS_MNT])
		memcpy(host_ns, kthreadd->task.ns, sizeof(host_ns));
	else
		procfs_host_namespaces(host_ns);
}

const uint32_t *format_host_namespaces(void)
{
	return host_ns;
}

static void exec_id(struct json *j, const char *key, uint32_t pid, uint64_t ktime)
{
	char text[320];
	int n = snprintf(text, sizeof(text), "%s:%llu:%u", line_node_name(),
			 (unsigned long long)ktime, pid);

	json_key(j, key);
	json_text(j, "\"");
	json_base64(j, text, n);
	json_text(j, "\"");
}

/* The next argument of a NUL-separated list; false at its end. */
static bool next_arg(const char **at, const char *end, const char **arg, size_t *len)
{
	const char *stop;

	if (*at >= end)
		return false;
	stop = memchr(*at, 0, end - *at);
	*arg = *at;
	*len = (stop ? stop : end) - *at;
	*at += *len + 1;
	return true;
}

/* Tetragon's one string: without the program's name, arguments with blanks in quotes. */
static bool arguments_string(struct json *j, const struct proc_text *t, const char *args,
			     size_t room)
{
	static char text[2 * TX_ARGS_MAX];
	const char *at = args, *end = args + t->args_len, *arg;
	size_t len, n = 0;
	bool first = true;

	if (!next_arg(&at, end, &arg, &len))
		return true;
	while (next_arg(&at, end, &arg, &len)) {
		bool quote = !len || memchr(arg, ' ', len);

		if (n + len + 4 > sizeof(text))
			break;
		if (!first)
			text[n++] = ' ';
		if (quote)
			text[n++] = '"';
		memcpy(text + n, arg, len);
		n += len;
		if (quote)
			text[n++] = '"';
		first = false;
	}
	if (!n)
		return true;
	json_key(j, "arguments");
	return json_string(j, text, n, room);
}

static bool argv_array(struct json *j, const struct proc_text *t, const char *args, size_t room)
{
	const char *at = args, *end = args + t->args_len, *arg;
	size_t len, from;
	bool whole = true;

	if (!t->args_len)
		return true;
	json_key_array(j, "argv");
	from = j->len;
	while (whole && next_arg(&at, end, &arg, &len)) {
		size_t used = j->len - from + 3;

		if (used >= room)
			return json_close(j, ']'), false;
		json_comma(j);
		whole = json_string(j, arg, len, room - used);
	}
	json_close(j, ']');
	return whole;
}

static void flags_string(struct json *j, const struct proc *p, bool truncated)
{
	static const struct {
		uint32_t bit;
		const char *token;
	} tokens[] = { { PROC_EXECVE, "execve" },
		       { PROC_PROCFS, "procFS" },
		       { PROC_TRUNC_ARGS, "truncArgs" },
		       { PROC_MISS, "miss" },
		       { PROC_ERROR_FILENAME, "errorFilename" },
		       { PROC_ERROR_ARGS, "errorArgs" },
		       { PROC_NO_CWD, "nocwd" },
		       { PROC_ROOT_CWD, "rootcwd" },
		       { PROC_ERROR_CWD, "errorCWD" },
		       { PROC_CLONE, "clone" },
		       { PROC_UNKNOWN, "unknown" } };
	uint32_t flags = p->flags | (truncated ? PROC_TRUNC_ARGS : 0);
	char text[160];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		if (flags & tokens[i].bit)
			n += snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "",
				      tokens[i].token);
	if (n)
		json_key_bytes(j, "flags", text, n);
}

static void namespaces(struct json *j, const struct tx_task *t)
{
	json_key_object(j, "ns");
	for (int i = 0; i < TX_NS_COUNT; i++) {
		if (!t->ns[i])
			continue;
		json_key_object(j, name_namespace(i));
		json_key_unsigned(j, "inum", t->ns[i]);
		if (t->ns[i] == host_ns[i])
			json_key_bool(j, "is_host", true);
		json_close(j, '}');
	}
	json_close(j, '}');
}

void format_bits(struct json *j, const char *key, uint64_t bits, const char *(*name)(uint32_t bit))
{
	bool any = false;

	for (; bits; bits &= bits - 1) {
		const char *text = name(__builtin_ctzll(bits));

		if (!text)
			continue;
		if (!any)
			json_key_array(j, key);
		any = true;
		json_comma(j);
		json_text(j, "\"");
		json_text(j, text);
		json_text(j, "\"");
	}
	if (any)
		json_close(j, ']');
}

void format_ids(struct json *j, const struct tx_creds *c)
{
	json_key_unsigned(j, "uid", c->uid);
	json_key_unsigned(j, "gid", c->gid);
	json_key_unsigned(j, "euid", c->euid);
	json_key_unsigned(j, "egid", c->egid);
	json_key_unsigned(j, "suid", c->suid);
	json_key_unsigned(j, "sgid", c->sgid);
	json_key_unsigned(j, "fsuid", c->fsuid);
	json_key_unsigned(j, "fsgid", c->fsgid);
	format_bits(j, "securebits", c->securebits, name_securebit);
}

void format_capabilities(struct json *j, const struct tx_creds *c)
{
	format_bits(j, "permitted", c->cap_permitted, name_capability);
	format_bits(j, "effective", c->cap_effective, name_capability);
	format_bits(j, "inheritable", c->cap_inheritable, name_capability);
}

static void credentials(struct json *j, const struct tx_creds *c)
{
	json_key_object(j, "cap");
	format_capabilities(j, c);
	json_close(j, '}');
	json_key_object(j, "process_credentials");
	format_ids(j, c);
	json_close(j, '}');
}

static void process_object(struct json *j, const struct proc *p, uint32_t tid,
			   enum process_detail detail)
{
	size_t room = detail == DETAIL_FULL ? ARGS_OUT_FULL : ARGS_OUT_EVENT;
	const struct proc_text *t = p->text;
	bool whole;

	exec_id(j, "exec_id", p->pid, p->ktime);
	json_key_unsigned(j, "pid", p->pid);
	json_key_unsigned(j, "tid", tid ? tid : p->task.tid);
	json_key_unsigned(j, "uid", p->task.creds.euid);
	json_key_bytes(j, "cwd", proc_cwd(p), t->cwd_len);
	json_key_bytes(j, "binary", proc_binary(p), t->binary_len);
	whole = arguments_string(j, t, proc_args(p), room);
	whole &= argv_array(j, t, proc_args(p), room);
	flags_string(j, p, !whole);
	json_key(j, "start_time");
	json_time(j, p->wall_start);
	json_key_unsigned(j, "auid", p->task.auid);
	if (p->parent_ktime)
		exec_id(j, "parent_exec_id", p->parent_pid, p->parent_ktime);
	json_key_unsigned(j, "ppid", p->ppid);
	if (t->docker[0])
		json_key_string(j, "docker", t->docker);
	json_key_bytes(j, "cgroup", proc_cgroup(p), t->cgroup_len);
	namespaces(j, &p->task);
	if (detail == DETAIL_EVENT)
		return;
	json_key_u64(j, "cgroup_id", p->task.cgroup_id);
	json_key_bytes(j, "comm", p->task.comm, strnlen(p->task.comm, TX_COMM));
	json_key_u64(j, "start_ktime_ns", p->start);
	credentials(j, &p->task.creds);
	json_key_bool(j, "in_init_tree", t->docker[0] && p->task.nspid == 1);
}

static void parent_object(struct json *j, const struct proc *p)
{
	const struct proc *up = p->parent;

	exec_id(j, "exec_id", p->parent_pid, p->parent_ktime);
	json_key_unsigned(j, "pid", p->parent_pid);
	if (!up)
		return;
	json_key_unsigned(j, "uid", up->task.creds.euid);
	json_key_bytes(j, "binary", proc_binary(up), up->text->binary_len);
	arguments_string(j, up->text, proc_args(up), ARGS_OUT_EVENT);
	json_key(j, "start_time");
	json_time(j, up->wall_start);
	if (up->parent_ktime)
		exec_id(j, "parent_exec_id", up->parent_pid, up->parent_ktime);
}

void format_actors(struct json *j, struct proc *p, uint32_t tid, enum process_detail detail)
{
	json_key_object(j, "process");
	process_object(j, p, tid, detail);
	json_close(j, '}');
	if (!p->parent_ktime)
		return;
	json_key_object(j, "parent");
	parent_object(j, p);
	json_close(j, '}');
}
