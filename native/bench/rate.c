// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * rate exec RATE SECONDS
 * rate open RATE SECONDS OTHER MATCHING EVERY    one open in EVERY is of MATCHING
 * rate mix  RATE SECONDS MATCHING                per turn 1 exec, 4 opens of MATCHING, 1 connect
 *
 * Does it RATE times a second, at most, for that long or until SIGTERM, and prints what it did,
 * exactly, and the rate it reached. It wakes every millisecond and does what is due; what it falls
 * behind by more than 100 ms is not caught up with.
 */
#include <signal.h>
#include <unistd.h>

#include "bench.h"
#include "ops.h"

#define TICK_NS 1000000ULL
#define BEHIND_NS (100 * TICK_NS)

static volatile sig_atomic_t stopped;
static struct {
	uint64_t turns, exec, open, matched, connect;
} did;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void open_turn(char **paths)
{
	static uint64_t every;

	if (!every)
		every = number(paths[2]);
	if (did.turns % every == every - 1) {
		ops_open(paths[1]);
		did.matched++;
	} else {
		ops_open(paths[0]);
	}
	did.open++;
}

static void mix_turn(char **paths)
{
	ops_exec_quick();
	did.exec++;
	for (int i = 0; i < 4; i++)
		ops_open(paths[0]);
	did.open += 4;
	did.matched += 4;
	ops_connect();
	did.connect++;
}

static void turn(char kind, char **paths)
{
	if (kind == 'e') {
		ops_exec_quick();
		did.exec++;
	} else if (kind == 'o') {
		open_turn(paths);
	} else {
		mix_turn(paths);
	}
	did.turns++;
}

static void sleep_until(uint64_t ns)
{
	struct timespec t = { .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static void run(char kind, uint64_t rate, uint64_t until, char **paths)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), due = now, every = NS_PER_S / rate;

	while (now < until && !stopped) {
		if (now > due + BEHIND_NS)
			due = now - BEHIND_NS;
		while (due <= now && !stopped && clock_ns(CLOCK_MONOTONIC) < until) {
			turn(kind, paths);
			due += every;
		}
		now = clock_ns(CLOCK_MONOTONIC);
		if (due > now)
			sleep_until(due > now + TICK_NS ? due : now + TICK_NS);
		now = clock_ns(CLOCK_MONOTONIC);
	}
}

int main(int argc, char **argv)
{
	char kind = argc > 3 ? argv[1][0] : 0;
	uint64_t rate, began, took;

	if (!kind || argc != (kind == 'e' ? 4 : kind == 'o' ? 7 : kind == 'm' ? 5 : 0)) {
		fprintf(stderr, "usage: see the head of rate.c\n");
		return 2;
	}
	rate = number(argv[2]);
	signal(SIGTERM, stop);
	ops_stay();
	ops_exec_ready();
	ops_connect_ready();
	for (int i = 4; i < argc && i < 6; i++)
		ops_open_ready(argv[i]);
	began = clock_ns(CLOCK_MONOTONIC);
	run(kind, rate, began + number(argv[3]) * NS_PER_S, argv + 4);
	took = clock_ns(CLOCK_MONOTONIC) - began;
	printf("{\"kind\":\"%s\",\"pid\":%d,\"wanted_per_s\":%" PRIu64 ",\"reached_per_s\":%.1f,"
	       "\"seconds\":%.2f,\"exec\":%" PRIu64 ",\"open\":%" PRIu64 ",\"matched\":%" PRIu64
	       ",\"connect\":%" PRIu64 "}\n",
	       argv[1], getpid(), rate, did.turns * 1e9 / took, took / 1e9, did.exec, did.open,
	       did.matched, did.connect);
	return 0;
}
