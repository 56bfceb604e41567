// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The engine's life: start, turns of at most 10 ms, orderly end. */
#include "run.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "clock.h"
#include "dispatch.h"
#include "engine.skel.h"
#include "existing.h"
#include "format.h"
#include "line.h"
#include "load.h"
#include "log.h"
#include "loss.h"
#include "proc.h"
#include "ring.h"
#include "segment.h"
#include "stats.h"

#define TURN_MS 10
#define BATCH 2048 /* records per ring and turn: one turn stays short whatever comes in */
/* A record is stamped before it is copied into its ring; this long may lie between. */
#define HORIZON_NS (1 * NS_PER_MS)
#define STATS_EVERY_NS (15 * NS_PER_S)
#define TRIM_EVERY_NS (5 * NS_PER_S)

enum wake { WAKE_SIGNAL, WAKE_LEASE, WAKE_RING };

static struct engine {
	struct engine_bpf *skel;
	struct segments out;
	struct ring rings[TX_RINGS];
	struct reorder_item items[TX_RINGS][BATCH];
	struct reorder_item ordered[TX_RINGS * BATCH];
	uint64_t next_second, next_stats, next_trim, max_turn;
	int epoll_fd, signal_fd;
	bool stop;
} engine;

/* With the parent gone nobody drains the segments; a parent that died before we asked counts too.
 */
static int follow_parent(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM))
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
}

static int add_wake(int fd, enum wake wake)
{
	/*
	 * Rings by edge: a record younger than the horizon stays in its ring, and a level-triggered
	 * ring would wake us without pause until the host falls silent.
	 */
	struct epoll_event event = { .events = wake == WAKE_RING ? EPOLLIN | EPOLLET : EPOLLIN,
				     .data.u32 = wake };

	return epoll_ctl(engine.epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int open_wakes(const struct options *o)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is a write error like a full disk */
	engine.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	engine.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (engine.signal_fd < 0 || engine.epoll_fd < 0)
		return -errno;
	if (o->lease_fd >= 0 && add_wake(o->lease_fd, WAKE_LEASE)) {
		log_failure("Pass the read end of a pipe.", "--lease-fd %d cannot be watched.",
			    o->lease_fd);
		return -EINVAL;
	}
	return add_wake(engine.signal_fd, WAKE_SIGNAL);
}

static int open_rings(const struct options *o)
{
	const int fds[TX_RINGS] = { bpf_map__fd(engine.skel->maps.tx_ring_exec),
				    bpf_map__fd(engine.skel->maps.tx_ring_main) };
	const size_t sizes[TX_RINGS] = { o->ring_exec_bytes, o->ring_main_bytes };

	for (int i = 0; i < TX_RINGS; i++) {
		int err = ring_open(&engine.rings[i], fds[i], sizes[i], BATCH);

		if (!err)
			err = add_wake(fds[i], WAKE_RING);
		if (err)
			return err;
	}
	return 0;
}

/* One look at both rings. Returns whether there was more than one look could take. */
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
	for (size_t i = 0; i < count; i++)
		dispatch_record(engine.ordered[i].record, engine.ordered[i].len);
	for (int i = 0; i < TX_RINGS; i++)
		ring_free(&engine.rings[i], sources[i].released);
	return more || (all && count);
}

static void every_second(uint64_t now)
{
	if (now < engine.next_second)
		return;
	engine.next_second = now + NS_PER_S;
	clock_sync();
	stats_poll(now);
	proc_expire(now);
	if (now >= engine.next_trim) {
		engine.next_trim = now + TRIM_EVERY_NS;
		segments_trim(&engine.out);
		loss_add(LOSS_DISK, LOSS_NO_CPU, engine.out.deleted_lines, now, now);
		engine.out.deleted_lines = 0;
	}
	stats_write_losses(now, false);
	if (now >= engine.next_stats) {
		engine.next_stats = now + STATS_EVERY_NS;
		stats_write(engine.rings, engine.max_turn);
		stats_measure(false);
		engine.max_turn = 0;
	} else if (now + 2 * NS_PER_S > engine.next_stats) {
		stats_measure(true);
	}
}

static void wait_for_work(bool more)
{
	struct epoll_event events[4];
	int n = epoll_wait(engine.epoll_fd, events, 4, more ? 0 : TURN_MS);

	for (int i = 0; i < n; i++)
		if (events[i].data.u32 == WAKE_SIGNAL || events[i].data.u32 == WAKE_LEASE)
			engine.stop = true;
}

static void turns(void)
{
	bool more = false;

	while (!engine.stop) {
		uint64_t began, now;

		wait_for_work(more);
		began = clock_boot_ns();
		more = drain(false);
		every_second(began);
		segments_flush(&engine.out, began);
		now = clock_boot_ns();
		if (now - began > engine.max_turn)
			engine.max_turn = now - began;
	}
}

/* What is in the rings still goes out, then the last figures. */
static void finish(void)
{
	uint64_t now = clock_boot_ns();

	for (int i = 0; i < 64 && drain(true); i++)
		segments_flush(&engine.out, now);
	stats_poll(now);
	stats_poll(now); /* twice: an unexplained gap is believed at the second look */
	stats_write_losses(now, true);
	stats_write(engine.rings, engine.max_turn);
	for (int i = 0; i < 8 && engine.out.buffer.len && !engine.out.error; i++)
		segments_flush(&engine.out, now);
}

static int start(const struct options *o)
{
	struct utsname uts;
	int err;

	clock_sync();
	err = segments_open(&engine.out, o->dir, o->max_bytes);
	if (err == -EWOULDBLOCK) {
		log_failure("Stop it, or choose another directory.", "Another engine writes to %s.",
			    o->dir);
		return err;
	}
	if (err) {
		log_failure("Create it, or choose another with --out.", "%s cannot be written: %s.",
			    o->dir, strerror(-err));
		return err;
	}
	err = line_setup(&engine.out, o->node_name);
	if (!err)
		err = proc_table_open();
	if (!err)
		err = open_wakes(o);
	if (!err)
		err = load_programs(&engine.skel, o);
	if (!err)
		err = open_rings(o);
	if (!err)
		err = stats_open(engine.skel);
	if (err)
		return err;
	existing_sockets(engine.skel->progs.iter__task_file);
	err = existing_read(engine.skel->progs.iter__task);
	if (err)
		log_line("Existing processes could not be read: %s.", strerror(-err));
	format_setup();
	uname(&uts);
	stats_write_start(uts.release);
	existing_tell();
	segments_flush(&engine.out, clock_boot_ns());
	/* Loading took a few megabytes of BTF that are free again: give them back. */
	malloc_trim(0);
	return 0;
}

int run_engine(const struct options *o)
{
	pid_t parent = getppid();
	int err;

	if (geteuid()) {
		log_failure("Run it as root.", "The engine needs root to load BPF programs.");
		return 1;
	}
	if (!o->standalone && follow_parent(parent)) {
		log_failure("Use --standalone to run without one.", "The parent process is gone.");
		return 1;
	}
	err = start(o);
	if (!err) {
		turns();
		finish();
	}
	stats_close();
	for (int i = 0; i < TX_RINGS; i++)
		ring_close(&engine.rings[i]);
	if (engine.skel)
		load_close(engine.skel);
	proc_table_close();
	segments_close(&engine.out);
	return err ? 1 : 0;
}
