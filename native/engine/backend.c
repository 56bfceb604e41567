// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "backend.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct backend backends[HOOKS];

static const struct sensor {
	const char *name, *hook_name;
	enum hook hook;
	const char *limit; /* what this backend does not see; NULL: nothing */
} sensors[] = {
	{ "exec", "sched_process_exec", HOOK_EXEC, NULL },
	{ "fork", "sched_process_fork", HOOK_FORK, NULL },
	{ "exit", "sched_process_exit", HOOK_EXIT, NULL },
	{ "existing-processes", "iter/task", HOOK_ITER, NULL },
	{ "tcp", "inet_sock_set_state", HOOK_SOCK_STATE, NULL },
	{ "tcp-accept", "sys_exit:accept", HOOK_SYS_EXIT,
	  "connections accepted through io_uring are reported at close only" },
	{ "listen", "sys_exit:listen", HOOK_SYS_EXIT, "not through io_uring" },
	{ "udp", "sys_exit:sendto", HOOK_SYS_EXIT, "not through io_uring" },
	{ "dns", "sys_exit:sendto", HOOK_SYS_EXIT, "not through io_uring" },
	{ "file-open", "sys_exit:openat", HOOK_SYS_EXIT, "not through io_uring" },
	{ "file-change", "sys_exit:unlinkat", HOOK_SYS_EXIT,
	  "paths come from user memory, symbolic links in them are not resolved; not through "
	  "io_uring" },
	{ "privilege", "sys_exit:setuid", HOOK_SYS_EXIT, NULL },
	{ "syscall", "sys_exit", HOOK_SYS_EXIT, NULL },
};

const char *backend_of(enum hook hook)
{
	return backends[hook].mechanism;
}

void backend_write(struct json *j)
{
	static const char *const status[] = { "ok", "degraded", "rejected" };

	json_key_array(j, "backends");
	for (size_t i = 0; i < sizeof(sensors) / sizeof(sensors[0]); i++) {
		const struct sensor *s = &sensors[i];
		const struct backend *b = &backends[s->hook];
		int level = !b->mechanism              ? BACKEND_REJECTED
			    : s->limit || b->reason[0] ? BACKEND_DEGRADED
						       : BACKEND_OK;

		json_comma(j);
		json_open(j, '{');
		json_key_string(j, "sensor", s->name);
		json_key_string(j, "hook", s->hook_name);
		json_key_string(j, "backend", b->mechanism ? b->mechanism : "none");
		json_key_string(j, "status", status[level]);
		if (level != BACKEND_OK)
			json_key_string(j, "reason",
					b->reason[0] ? b->reason
					: s->limit   ? s->limit
						     : "not available");
		json_close(j, '}');
	}
	json_close(j, ']');
}
