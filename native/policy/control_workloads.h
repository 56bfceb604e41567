/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which control groups the workloads are that policies speak of: PLANDIR/workloads.json, kept by
 * the sensor, who knows pods and containers.
 *
 *   [{"namespace": "TEXT", "selector": "TEXT as in the plan", "cgroups": [NUMBER, …]}, …]
 */
#ifndef TELOVIX_CONTROL_WORKLOADS_H
#define TELOVIX_CONTROL_WORKLOADS_H

#include <stdbool.h>

#include "build.h"

#define WORKLOADS_MAX (4 << 20)     /* bytes of the file */
#define WORKLOADS_CGROUPS (1 << 17) /* all together */

/*
 * Reads the file. *changed: what it says is other than before. A file that is not there is an empty
 * one; one that can't be understood changes nothing. 0, or a negative errno and a sentence in why.
 */
int workloads_read(int dir_fd, bool *changed, char *why, size_t why_size);

/* For struct build_facts. */
const uint64_t *workloads_find(const struct build_scope *scope, uint32_t *count);

void workloads_close(void);

#endif
