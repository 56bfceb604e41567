// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "adopt.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "existing.h"
#include "keep.h"
#include "line.h"
#include "log.h"
#include "loss.h"
#include "skipped.h"
#include "state.h"
#include "stats.h"
#include "told.h"

static bool pending;
static uint64_t found_at, suspected_at;

int adopt_state(struct ring rings[], struct segments *out, int iter_task_fd)
{
	const struct state_bank *bank = state_now();
	uint64_t now = clock_boot_ns();
	int err;

	for (int i = 0; i < TX_RINGS; i++)
		ring_resume(&rings[i], bank->consumed[i]);
	loss_restore(bank->loss);
	skipped_restore(&bank->skipped);
	loss_add(LOSS_DISK, LOSS_NO_CPU, bank->unwritten, now, now);
	err = told_read(out->dir_fd, bank, state_pin_id(), !bank->credited);
	if (err)
		log_line("The end of the segments cannot be read, some lines may come twice: %s.",
			 strerror(-err));
	err = existing_collect(iter_task_fd);
	if (err)
		log_line("Existing processes could not be read: %s.", strerror(-err));
	found_at = clock_boot_ns();
	pending = true;
	return keep_open();
}

bool adopt_pending(void)
{
	return pending;
}

void adopt_turn(bool drained, uint64_t until)
{
	if (!pending || !drained)
		return;
	if (!suspected_at && until > found_at) {
		keep_suspect();
		suspected_at = clock_boot_ns();
	} else if (suspected_at && until > suspected_at) {
		adopt_settle(until);
	}
}

void adopt_settle(uint64_t now)
{
	pending = false;
	keep_settle(now);
	told_forget();
}

void adopt_commit(struct ring rings[], const size_t released[], const struct segments *out)
{
	const struct state_bank *now = state_now();
	struct state_bank *next = state_next();

	if (next) {
		next->turn = now->turn + 1;
		for (int i = 0; i < TX_RINGS; i++)
			next->consumed[i] = ring_position(&rings[i], released[i]);
		next->credited = pending;
		if (pending) {
			/* What lies there may still be needed, should we be killed as well. */
			next->segment = now->segment;
			next->offset = now->offset;
			memcpy(next->run_id, now->run_id, sizeof(next->run_id));
		} else {
			segments_place(out, &next->segment, &next->offset);
			snprintf(next->run_id, sizeof(next->run_id), "%s", line_run_id());
		}
		next->unwritten = segments_unwritten(out);
		skipped_save(&next->skipped);
		loss_save(next->loss);
		state_commit();
		keep_committed();
	}
	for (int i = 0; i < TX_RINGS; i++)
		ring_free(&rings[i], released[i]);
}
