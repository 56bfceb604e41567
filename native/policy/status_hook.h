/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How each hook of a policy is served, as policies.json tells it. */
#ifndef TELOVIX_STATUS_HOOK_H
#define TELOVIX_STATUS_HOOK_H

#include "json.h"
#include "policies_part.h"

/* Of all hooks that are served, or should be. POINT_OK both when there is none. */
void hook_statuses(const struct version *v, enum point_status *worst, enum point_status *best);

/* "reason": of the first of its hooks, when all are rejected. */
void hook_write_reason(struct json *j, const struct version *v);

/* The elements of "hooks". */
void hook_write_all(struct json *j, const struct version *v);

/* The workloads a plan asks for, as elements of "workloads". */
void hook_write_workloads(struct json *j, const struct plan *plan);

#endif
