// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Coming up: output, then programs, loaded or taken over, then what was there before us. */
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "adopt.h"
#include "clock.h"
#include "engine.h"
#include "existing.h"
#include "format.h"
#include "keep.h"
#include "line.h"
#include "load.h"
#include "log.h"
#include "loss.h"
#include "owner.h"
#include "pins.h"
#include "proc.h"
#include "serve.h"
#include "state.h"
#include "stats.h"
#include "wake.h"
#include "watch.h"

static int open_rings(const struct options *o)
{
	const int fds[TX_RINGS] = { engine.kernel.maps[KERNEL_RING_EXEC],
				    engine.kernel.maps[KERNEL_RING_MAIN] };
	const size_t sizes[TX_RINGS] = { o->ring_exec_bytes, o->ring_main_bytes };

	for (int i = 0; i < TX_RINGS; i++) {
		int err = ring_open(&engine.rings[i], fds[i], sizes[i], BATCH);

		if (!err)
			err = wake_add_ring(fds[i]);
		if (err)
			return err;
	}
	return 0;
}

static int open_output(const struct options *o)
{
	int err = segments_open(&engine.out, o->dir, o->max_bytes);

	if (err == -EWOULDBLOCK)
		log_failure("Stop it, or choose another directory.", "Another engine writes to %s.",
			    o->dir);
	else if (err)
		log_failure("Create it, or choose another with --out.", "%s cannot be written: %s.",
			    o->dir, strerror(-err));
	return err;
}

/* Loads while another build's programs may still be at work, so that the gap between is short. */
static int bring_up(const struct options *o, uint64_t shape)
{
	uint64_t oldest, lost;
	int err = load_programs(&engine.kernel, o);

	if (err)
		return err;
	lost = pins_replace(&oldest);
	err = load_attach(&engine.kernel);
	if (err)
		return err;
	pins_save(&engine.kernel, shape);
	engine.kernel.self[SELF_ENGINE] = getpid();
	err = open_rings(o);
	if (!err)
		err = stats_open(&engine.kernel);
	if (err)
		return err;
	loss_add(LOSS_PINS, LOSS_NO_CPU, lost, oldest, clock_boot_ns());
	keep_open();
	kernel_show_own(&engine.kernel);
	existing_sockets(kernel_program(&engine.kernel, "iter__task_file"));
	err = existing_collect(kernel_program(&engine.kernel, "iter__task"));
	if (err)
		log_line("Existing processes could not be read: %s.", strerror(-err));
	existing_track();
	return 0;
}

/* Takes over programs that are at work. */
static int carry_on(const struct options *o)
{
	int err = open_rings(o);

	engine.kernel.self[SELF_OWNER] = o->self_pid;
	if (!err)
		err = stats_open(&engine.kernel);
	if (!err)
		err = adopt_state(engine.rings, &engine.out,
				  kernel_program(&engine.kernel, "iter__task"));
	return err;
}

int engine_start(const struct options *o)
{
	struct utsname uts;
	uint64_t shape;
	int err;

	clock_sync();
	err = open_output(o);
	if (!err)
		err = line_setup(&engine.out, o->node_name);
	if (!err)
		err = proc_table_open();
	if (!err)
		err = wake_open(o);
	if (!err)
		err = watch_load(o->watch);
	if (err)
		return err;
	engine.program_times = o->program_times;
	owner_watch(o->owner_pidfile, o->owner_grace_s, clock_boot_ns());
	pins_open(o->pin);
	shape = load_shape(o);
	engine.adopted = pins_adopt(&engine.kernel, shape);
	err = engine.adopted ? carry_on(o) : bring_up(o, shape);
	if (err)
		return err;
	format_setup();
	err = serve_open(o, &engine.kernel, engine.adopted);
	if (err)
		return err;
	uname(&uts);
	stats_write_start(uts.release);
	if (!engine.adopted)
		existing_tell();
	engine_write_out(clock_boot_ns());
	state_ready();
	/* Loading took a few megabytes of BTF that are free again: give them back. */
	malloc_trim(0);
	return 0;
}
