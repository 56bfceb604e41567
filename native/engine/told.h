/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Records whose lines a killed predecessor wrote but whose room it had not given back: read from
 * the end of its segments, so that they are not told twice.
 */
#ifndef TELOVIX_TOLD_H
#define TELOVIX_TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "events.h"

struct state_bank;

/*
 * Reads the lines behind the bank's place, of its run and of runs that adopted the same pins. A
 * torn last line is taken back: it counts as not written. credits: losses told there are told.
 */
int told_read(int dir_fd, const struct state_bank *bank, uint64_t pin_id, bool credits);

/* Some of those read may still lie in the rings. */
bool told_any(void);

bool told_has(const struct tx_header *h);
void told_forget(void);

#endif
