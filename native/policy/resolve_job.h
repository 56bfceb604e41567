/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One hook being resolved. */
#ifndef TELOVIX_RESOLVE_JOB_H
#define TELOVIX_RESOLVE_JOB_H

#include "resolve_arg.h"

struct resolve_job {
	const struct facts *facts;
	const struct plan *plan;
	const struct tx_plan_hook *hook;
	uint32_t policy;
	struct needs needs;
	char call[256], group[128], path[256];
	struct want *first, **last;
	uint32_t count;
	int err; /* -ENOMEM */
};

/* A want at the end of the job's list, or NULL. */
struct want *job_want(struct resolve_job *job);

/* Wants for what was chosen, arguments included; call: the name it was chosen for. */
void job_take(struct resolve_job *job, const struct choice *choice, const char *call);

/* Arguments of a want whose place is set; rejected ones lose their place. */
void job_arguments(struct resolve_job *job, struct want *want, struct arg_source *source);

/* What its actions ask for and nobody here can do is said of each want. */
void job_settle_actions(struct resolve_job *job);

/* A hook whose filters name a system call that is none is rejected. */
void job_check_values(struct resolve_job *job);

void job_uprobe(struct resolve_job *job);
void job_usdt(struct resolve_job *job);

/* Every system call, every traceable function that matches. */
void job_all_calls(struct resolve_job *job);
void job_all_functions(struct resolve_job *job);

#endif
