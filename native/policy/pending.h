/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Calls that policies tell at their return, and whose return never comes: the thread has ended in
 * the call, or the policy was exchanged meanwhile. They are told without it. Also what the policy
 * programs could not tell: it becomes engine_loss.
 */
#ifndef TELOVIX_PENDING_H
#define TELOVIX_PENDING_H

#include <stdint.h>

/* Once a second at most, whenever it is called. */
void pending_turn(uint64_t now);

/* Programs are about to be detached: no return is seen any more. */
void pending_finish(uint64_t now);

#endif
