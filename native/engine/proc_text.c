// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The strings of a process, in one allocation under a common budget. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"

/* Above the budget a process keeps this much of its arguments. */
#define ARGS_MIN 256

/*
 * A container id is 64 hex digits somewhere in the cgroup path: docker-<id>.scope, /docker/<id>,
 * cri-containerd-<id>.scope, libpod-<id>.scope. The last one found is the innermost.
 */
static void find_container(struct proc_text *t, const char *cgroup, size_t len)
{
	size_t run = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && isxdigit((unsigned char)cgroup[i])) {
			run++;
			continue;
		}
		if (run == 64) {
			memcpy(t->docker, cgroup + i - 64, 31);
			t->docker[31] = 0;
		}
		run = 0;
	}
}

struct proc_text *proc_text_make(const char *binary, size_t binary_len, const char *cwd,
				 size_t cwd_len, const char *cgroup, size_t cgroup_len,
				 const char *script, size_t script_len, const char *args,
				 size_t args_len, bool *cut)
{
	struct proc_text *t;
	size_t bytes;
	char *at;

	*cut = false;
	if (args_len > ARGS_MIN && proc_stats.text_bytes > PROC_TEXT_BYTES) {
		args_len = ARGS_MIN;
		*cut = true;
		proc_stats.text_refused++;
	}
	bytes = sizeof(*t) + binary_len + cwd_len + cgroup_len + script_len + args_len;
	t = malloc(bytes);
	if (!t)
		return NULL;
	*t = (struct proc_text){ .refs = 1,
				 .bytes = bytes,
				 .binary_len = binary_len,
				 .cwd_len = cwd_len,
				 .cgroup_len = cgroup_len,
				 .script_len = script_len,
				 .args_len = args_len };
	at = t->data;
	at = (char *)memcpy(at, binary, binary_len) + binary_len;
	at = (char *)memcpy(at, cwd, cwd_len) + cwd_len;
	at = (char *)memcpy(at, cgroup, cgroup_len) + cgroup_len;
	at = (char *)memcpy(at, script, script_len) + script_len;
	memcpy(at, args, args_len);
	find_container(t, t->data + binary_len + cwd_len, cgroup_len);
	proc_stats.text_bytes += bytes;
	return t;
}

struct proc_text *proc_text_hold(struct proc_text *t)
{
	t->refs++;
	return t;
}

void proc_text_drop(struct proc_text *t)
{
	if (!t || --t->refs)
		return;
	proc_stats.text_bytes -= t->bytes;
	free(t);
}
