/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Policies as a part of the running engine: opened after the base programs, a share of every turn,
 * closed before. */
#ifndef TELOVIX_SERVE_H
#define TELOVIX_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel.h"
#include "options.h"
#include "policy.h"

/* 0 when there is nothing to serve, too; a negative errno after a message. */
int serve_open(const struct options *o, const struct kernel *k, bool adopted);

/* A record of a policy's event. */
void serve_record(const struct tx_policy_event *e, size_t len);

/* The process we work for is another now. */
void serve_owner(uint32_t pid);

void serve_turn(uint64_t now);

/* Once a second: at what the kernel has skipped. */
void serve_look(uint64_t now);

/* Detaches everything; records already in the rings are still told. */
void serve_detach(void);
void serve_close(void);

#endif
