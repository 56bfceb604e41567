// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The engine's life: start, turns of at most 10 ms, orderly end. */
#include "run.h"

#include <unistd.h>

#include "adopt.h"
#include "clock.h"
#include "dispatch.h"
#include "engine.h"
#include "kernel.h"
#include "line.h"
#include "log.h"
#include "loss.h"
#include "owner.h"
#include "pins.h"
#include "proc.h"
#include "ring.h"
#include "serve.h"
#include "segment.h"
#include "skipped.h"
#include "state.h"
#include "stats.h"
#include "told.h"
#include "wake.h"

#define STATS_EVERY_NS (15 * NS_PER_S)
#define TRIM_EVERY_NS (5 * NS_PER_S)

struct engine engine;

/*
 * One look at both rings. Returns whether there was more than one look could take. What was seen
 * stays in the rings until engine_write_out: a successor finds it there if we are killed before.
 */
static bool drain(bool all)
{
	uint64_t now = clock_boot_ns(), horizon = all ? UINT64_MAX : now - HORIZON_NS;
	struct reorder_source sources[TX_RINGS];
	bool more = false;
	size_t count;

	/* main first: what caused a record of it is then surely in the snapshot of exec. */
	ring_snapshot(&engine.rings[TX_RING_MAIN]);
	ring_snapshot(&engine.rings[TX_RING_EXEC]);
	for (int i = 0; i < TX_RINGS; i++) {
		sources[i] = (struct reorder_source){ .items = engine.items[i] };
		sources[i].count =
			ring_look(&engine.rings[i], engine.items[i], BATCH, i, &sources[i].drained);
		more |= sources[i].count == BATCH;
	}
	count = reorder_merge(sources, TX_RINGS, horizon, engine.ordered);
	for (size_t i = 0; i < count; i++) {
		/* A record is counted and followed all the same when its lines are written already.
		 */
		if (told_any())
			line_mute(told_has(engine.ordered[i].record));
		dispatch_record(engine.ordered[i].record, engine.ordered[i].len);
	}
	line_mute(false);
	for (int i = 0; i < TX_RINGS; i++)
		engine.released[i] = sources[i].released;
	return more || (all && count);
}

void engine_write_out(uint64_t now)
{
	segments_flush(&engine.out, now);
	adopt_commit(engine.rings, engine.released, &engine.out);
}

static void every_second(uint64_t now)
{
	if (now < engine.next_second)
		return;
	engine.next_second = now + NS_PER_S;
	clock_sync();
	stats_poll(now);
	serve_look(now);
	skipped_turn(now);
	proc_expire(now);
	if (now >= engine.next_trim) {
		engine.next_trim = now + TRIM_EVERY_NS;
		segments_trim(&engine.out);
		loss_add(LOSS_DISK, LOSS_NO_CPU, engine.out.deleted_lines, now, now);
		engine.out.deleted_lines = 0;
	}
	/* Not before it is known which losses a predecessor has told. */
	if (!adopt_pending())
		stats_write_losses(now, false);
	if (now >= engine.next_stats) {
		engine.next_stats = now + STATS_EVERY_NS;
		stats_write(engine.rings, engine.max_turn);
		stats_measure(false);
		engine.max_turn = 0;
	} else if (engine.program_times && now + 2 * NS_PER_S > engine.next_stats) {
		stats_measure(true);
	}
}

/* True when nobody has been there to read for so long that nobody will be. */
static bool is_orphan(uint64_t now)
{
	if (!owner_gone(now)) {
		if (owner_pid()) {
			engine.kernel.self[SELF_OWNER] = owner_pid();
			serve_owner(owner_pid());
		}
		return false;
	}
	log_line("The process this engine works for is gone for good: it ends, and takes its "
		 "programs out of the kernel.");
	return true;
}

static void turns(void)
{
	bool more = false;

	while (!wake_wait(more)) {
		uint64_t began = clock_boot_ns(), now;

		more = drain(false);
		serve_turn(began);
		adopt_turn(!more, began - HORIZON_NS);
		every_second(began);
		engine_write_out(began);
		if (is_orphan(began))
			return;
		now = clock_boot_ns();
		if (now - began > engine.max_turn)
			engine.max_turn = now - began;
	}
}

/* Nothing new comes any more; what is in the rings still goes out, then the last figures. */
static void finish(void)
{
	uint64_t now;

	serve_detach();
	kernel_detach(&engine.kernel);
	pins_remove();
	now = clock_boot_ns();
	for (int i = 0; i < 64 && drain(true); i++)
		engine_write_out(now);
	if (adopt_pending())
		adopt_settle(now);
	stats_poll(now);
	stats_poll(now); /* twice: an unexplained gap is believed at the second look */
	stats_write_losses(now, true);
	stats_write(engine.rings, engine.max_turn);
	for (int i = 0; i < 8 && engine.out.buffer.len && !engine.out.error; i++)
		segments_flush(&engine.out, now);
}

int run_engine(const struct options *o)
{
	pid_t parent = getppid();
	int err;

	if (geteuid()) {
		log_failure("Run it as root.", "The engine needs root to load BPF programs.");
		return 1;
	}
	if (!o->standalone && wake_follow_parent(parent)) {
		log_failure("Use --standalone to run without one.", "The parent process is gone.");
		return 1;
	}
	err = engine_start(o);
	if (!err) {
		turns();
		finish();
	} else if (!engine.adopted) {
		pins_remove();
	}
	serve_close();
	stats_close();
	for (int i = 0; i < TX_RINGS; i++)
		ring_close(&engine.rings[i]);
	kernel_close(&engine.kernel);
	proc_table_close(); /* before the state: it has copies there */
	state_close();
	segments_close(&engine.out);
	return err ? 1 : 0;
}
