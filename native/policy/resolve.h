/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A plan's hook on this host: at which points, by which mechanism, with what loss. */
#ifndef TELOVIX_RESOLVE_H
#define TELOVIX_RESOLVE_H

#include "points.h"

/*
 * Makes the wants of a hook, linked by next_of_policy; there is at least one, and what can't be
 * done is said in it (status, reason, placed). Nothing is attached and no point is made yet: see
 * want_join. policy: index in tx_policies. 0, or -ENOMEM; free them with wants_free.
 */
int resolve_hook(const struct plan *plan, const struct tx_plan_hook *hook, uint32_t policy,
		 struct want **wants);

/* The same on a kernel of other facts; types are still those of the running one. */
struct facts;
int resolve_hook_on(const struct facts *facts, const struct plan *plan,
		    const struct tx_plan_hook *hook, uint32_t policy, struct want **wants);

void wants_free(struct want *wants);

/* Lets go of symbols and BTF after a burst. */
void resolve_release(void);

#endif
