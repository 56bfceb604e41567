/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What credentials a thread had before the call that changed them. */
#ifndef TELOVIX_CREDS_H
#define TELOVIX_CREDS_H

#include <stdbool.h>

#include "events.h"
#include "proc.h"

/*
 * Fills old and takes over the new ones. True when the call changed something or failed: only then
 * there is an event.
 */
bool creds_change(struct proc *p, const struct tx_credcall *e, struct tx_creds *old);

#endif
