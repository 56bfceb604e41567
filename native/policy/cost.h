/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the runs at a hook point take, from figures of which only a part is measured. */
#ifndef TELOVIX_COST_H
#define TELOVIX_COST_H

#include "points.h"

/* One more second, of which these are the totals. The average of the last POINT_SECONDS in ns a
 * second, of all CPUs together; 0 while there are fewer. */
uint64_t cost_add(struct point_cost *cost, const struct tx_point_cost *total);

/* The same average once more; of fewer seconds while there are fewer. */
uint64_t cost_rate(const struct point_cost *cost);

/* What was spent so far no longer counts. */
void cost_restart(struct point_cost *cost);

#endif
