// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "serve.h"

#include <errno.h>
#include <linux/types.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bridge.h"
#include "clock.h"
#include "event.h"
#include "load.h"
#include "log.h"
#include "pending.h"
#include "points.h"
#include "policies.h"
#include "policy.skel.h"
#include "skipped.h"

#define BRIDGE_NS (10 * NS_PER_S)

static struct {
	bool open, busy;
	int ints, texts;
	size_t ring_exec_bytes, ring_main_bytes;
	struct policy_bpf__bss *variables;
} serve;

/* The same as in the base object, for every copy of ours. */
static void configure(void *constants)
{
	struct policy_bpf__rodata *rodata = constants;

	rodata->tx_cookie_key = load_cookie_key();
	rodata->tx_wake_bytes[TX_RING_EXEC] = serve.ring_exec_bytes / 4;
	rodata->tx_wake_bytes[TX_RING_MAIN] = serve.ring_main_bytes / 4;
}

/* Calls of the engine and of the sensor are none of a policy's business. */
static int leave_out(const struct options *o)
{
	int fd = points_map(".bss");
	void *at;

	if (fd < 0)
		return -ENOENT;
	at = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	serve.variables = at;
	serve.variables->tx_self[SELF_ENGINE] = getpid();
	serve.variables->tx_self[SELF_OWNER] = o->self_pid;
	return 0;
}

static int open_points(const struct options *o, const struct kernel *k)
{
	const struct shared_map shared[] = {
		{ "tx_ring_exec", k->maps[KERNEL_RING_EXEC] },
		{ "tx_ring_main", k->maps[KERNEL_RING_MAIN] },
		{ "tx_counters", k->maps[KERNEL_COUNTERS] },
		{ "tx_ints", k->maps[KERNEL_INTS] },
		{ "tx_texts", k->maps[KERNEL_TEXTS] },
		{ "tx_ptasks", k->maps[KERNEL_PTASKS] },
		{ "tx_control", k->maps[KERNEL_CONTROL] },
	};
	int err = points_open(shared, sizeof(shared) / sizeof(shared[0]), configure);

	if (err)
		log_failure(NULL, "The programs that serve policies cannot be prepared: %s.",
			    strerror(-err));
	return err ? err : leave_out(o);
}

/* What a predecessor's programs are doing is taken over before its records are read. */
static void bridge_gap(const struct kernel *k)
{
	const uint64_t until = clock_boot_ns() + BRIDGE_NS;

	while (policies_busy() && clock_boot_ns() < until)
		policies_turn(clock_boot_ns());
	bridge_save(k->maps[KERNEL_INTS], k->maps[KERNEL_TEXTS]);
}

int serve_open(const struct options *o, const struct kernel *k, bool adopted)
{
	const struct policies_options options = {
		.dir = o->plan,
		.out = o->dir,
		.matched_per_s = o->matched_per_s,
		.posted_per_s = o->posted_per_s,
		.point_ns_per_s = o->hook_ms * NS_PER_MS,
		.guarded = { 1, getpid(), o->self_pid },
		.ints = k->maps[KERNEL_INTS],
		.texts = k->maps[KERNEL_TEXTS],
		.ptasks = k->maps[KERNEL_PTASKS],
		.control = k->maps[KERNEL_CONTROL],
	};
	int err;

	bridge_open(o->dir, adopted);
	if (!o->plan) {
		bridge_clear();
		return 0;
	}
	serve.ring_exec_bytes = o->ring_exec_bytes;
	serve.ring_main_bytes = o->ring_main_bytes;
	err = open_points(o, k);
	if (!err)
		err = policies_open(&options);
	serve.open = !err;
	serve.ints = k->maps[KERNEL_INTS];
	serve.texts = k->maps[KERNEL_TEXTS];
	if (!err && bridge_pending())
		bridge_gap(k);
	return err;
}

void serve_owner(uint32_t pid)
{
	if (serve.open) {
		serve.variables->tx_self[SELF_OWNER] = pid;
		policies_guard(2, pid);
	}
}

void serve_turn(uint64_t now)
{
	if (!serve.open)
		return;
	serve.busy |= policies_busy();
	policies_turn(now);
	if (serve.busy && !policies_busy()) {
		serve.busy = false;
		bridge_save(serve.ints, serve.texts);
	}
	pending_turn(now);
	policy_event_idle(now);
}

static void look(const char *name, int fd, void *now)
{
	(void)name;
	skipped_look(fd, *(uint64_t *)now);
}

void serve_look(uint64_t now)
{
	if (serve.open)
		points_programs(look, &now);
	if (!bridge_pending())
		skipped_settle();
}

void serve_record(const struct tx_policy_event *e, size_t len)
{
	static union policy_event_room copy;
	uint32_t point, build;

	if (len >= sizeof(e->h) && e->h.flags & TX_HF_SHORT) {
		len = policy_event_whole((const void *)e, len, &copy);
		e = len ? &copy.e : e;
	}
	if (len < sizeof(*e) || len > sizeof(copy)) {
		policies_record(e, 0);
		return;
	}
	switch (bridge_origin(e, len, &point, &build)) {
	case BRIDGE_OURS:
		policies_record(e, len);
		break;
	case BRIDGE_OLD:
		/* The ring can't be written to. */
		memmove(copy.bytes, e, len);
		copy.e.hook = point;
		copy.e.build = build;
		policies_record(&copy.e, len);
		break;
	case BRIDGE_TWICE:
		break;
	}
}

void serve_detach(void)
{
	if (!serve.open)
		return;
	pending_finish(clock_boot_ns());
	points_close();
}

void serve_close(void)
{
	if (!serve.open)
		return;
	policies_close();
	serve.open = false;
}
