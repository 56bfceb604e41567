// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "serve.h"

#include <errno.h>
#include <linux/types.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "event.h"
#include "load.h"
#include "log.h"
#include "points.h"
#include "policies.h"
#include "policy.skel.h"
#include "wake.h"

static struct {
	bool open;
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

int serve_open(const struct options *o, const struct kernel *k)
{
	const struct policies_options options = {
		.dir = o->plan,
		.out = o->dir,
		.guarded = { 1, getpid(), o->self_pid },
		.ints = k->maps[KERNEL_INTS],
		.texts = k->maps[KERNEL_TEXTS],
		.ptasks = k->maps[KERNEL_PTASKS],
		.control = k->maps[KERNEL_CONTROL],
	};
	int err;

	if (!o->plan)
		return 0;
	serve.ring_exec_bytes = o->ring_exec_bytes;
	serve.ring_main_bytes = o->ring_main_bytes;
	err = open_points(o, k);
	if (!err)
		err = policies_open(&options);
	if (!err)
		err = wake_add(policies_fd());
	serve.open = !err;
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
	policies_turn(now);
	policy_event_idle(now);
}

void serve_detach(void)
{
	if (serve.open)
		points_close();
}

void serve_close(void)
{
	if (!serve.open)
		return;
	policies_close();
	serve.open = false;
}
