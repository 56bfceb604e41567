/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Which kernel mechanism serves which sensor, and what is lost by it. */
#ifndef TELOVIX_BACKEND_H
#define TELOVIX_BACKEND_H

#include "json.h"

enum hook {
	HOOK_EXEC,
	HOOK_FORK,
	HOOK_EXIT,
	HOOK_FREE,
	HOOK_SOCK_STATE,
	HOOK_SYS_EXIT,
	HOOK_ITER,
	HOOKS
};

enum backend_status { BACKEND_OK, BACKEND_DEGRADED, BACKEND_REJECTED };

struct backend {
	const char *mechanism; /* "tp_btf", "raw_tp", "iter", "procfs"; NULL when rejected */
	char reason[160];      /* of the last refusal */
};

extern struct backend backends[HOOKS];

/* The mechanism for `telovix.backend` of lines from this hook. */
const char *backend_of(enum hook hook);

/* Writes the backends[] array of engine_start and probe: one row per base sensor. */
void backend_write(struct json *j);

#endif
