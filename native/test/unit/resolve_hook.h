/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A plan of one hook, against the types of the running kernel. */
#ifndef TELOVIX_RESOLVE_HOOK_H
#define TELOVIX_RESOLVE_HOOK_H

#include "facts.h"
#include "resolve_plan.h"

static struct facts facts = { .kprobe = true,
			      .fentry = true,
			      .lsm = true,
			      .raw_tp = true,
			      .tracepoint = true,
			      .preempt = PREEMPT_NONE };

static struct want *resolved(void)
{
	CHECK(!resolve_hook_on(&facts, &plan, &hook, 7, &wants));
	CHECK(wants != NULL);
	return wants;
}

#endif
