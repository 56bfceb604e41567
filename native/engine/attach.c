// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Which program serves which hook, and putting them to work. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend.h"
#include "engine.skel.h"
#include "load.h"
#include "log.h"

/* Per hook, best first. Handlers of system calls are found by their name's ending. */
const struct load_hook load_hooks[HOOKS] = {
	[HOOK_EXEC] = { "tp_btf__sched_process_exec", "raw_tp__sched_process_exec" },
	[HOOK_FORK] = { "tp_btf__sched_process_fork", "raw_tp__sched_process_fork" },
	[HOOK_EXIT] = { "tp_btf__sched_process_exit", "raw_tp__sched_process_exit" },
	[HOOK_FREE] = { "tp_btf__sched_process_free", "raw_tp__sched_process_free" },
	[HOOK_SOCK_STATE] = { "tp_btf__inet_sock_set_state", "raw_tp__inet_sock_set_state" },
	[HOOK_SYS_EXIT] = { "tp_btf__sys_exit", "raw_tp__sys_exit" },
	[HOOK_ITER] = { "iter__task", NULL },
};

const char *const load_handler_names[TX_HANDLERS] = {
	[TX_H_GENERIC] = "call_generic", [TX_H_CREDS] = "call_creds",
	[TX_H_OPEN] = "call_open",       [TX_H_PATH] = "call_path",
	[TX_H_FDPATH] = "call_fdpath",   [TX_H_CONNECT] = "call_connect",
	[TX_H_ACCEPT] = "call_accept",   [TX_H_LISTEN] = "call_listen",
	[TX_H_SEND] = "call_send",       [TX_H_RECV] = "call_recv",
};

int load_attach(struct kernel *k)
{
	for (int h = 0; h < HOOKS; h++) {
		const char *name = backends[h].mechanism && !strcmp(backends[h].mechanism, "raw_tp")
					   ? load_hooks[h].raw_tp
					   : load_hooks[h].tp_btf;
		struct bpf_program *prog = bpf_object__find_program_by_name(k->skel->obj, name);

		if (!backends[h].mechanism || h == HOOK_ITER || !prog)
			continue;
		k->links[h] = bpf_program__attach(prog);
		k->link_names[h] = name;
		if (!k->links[h]) {
			snprintf(backends[h].reason, sizeof(backends[h].reason), "attach: %s",
				 strerror(errno));
			backends[h].mechanism = NULL;
		}
	}
	/* Without, filters forget a process at its end already. */
	k->skel->bss->tx_frees = !!backends[HOOK_FREE].mechanism;
	if (!backends[HOOK_EXEC].mechanism && !backends[HOOK_SYS_EXIT].mechanism) {
		log_failure("Run telovix-engine probe for details.",
			    "No program could be attached: %s.", backends[HOOK_EXEC].reason);
		return -EACCES;
	}
	return 0;
}

void load_handlers(struct engine_bpf *skel)
{
	const char *kind = backends[HOOK_SYS_EXIT].mechanism;
	int map = bpf_map__fd(skel->maps.tx_handlers);

	for (uint32_t i = 0; kind && i < TX_HANDLERS; i++) {
		struct bpf_program *prog;
		char name[64];
		int fd;

		if (!load_handler_names[i])
			continue;
		snprintf(name, sizeof(name), "%s__%s", kind, load_handler_names[i]);
		prog = bpf_object__find_program_by_name(skel->obj, name);
		fd = prog ? bpf_program__fd(prog) : -1;
		if (fd >= 0)
			bpf_map_update_elem(map, &i, &fd, 0);
	}
}
