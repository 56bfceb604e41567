// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "pending.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "build_view.h"
#include "clock.h"
#include "log.h"
#include "loss.h"
#include "policy.h"

#define GONE_NS NS_PER_S /* so old is a call before it is looked whether its thread lives */
#define EXCHANGED_NS (15 * NS_PER_S) /* and before a policy exchanged meanwhile lets go of it */

struct known {
	uint64_t key, since;
	uint32_t build; /* 0: not looked at yet */
};

static struct {
	struct known known[TX_PENDINGS];
	size_t count;
	uint64_t next;
	int program; /* 0: not loaded yet */
	uint64_t told_slots, told_returns, told_unread;
	uint64_t looked_at;
} pending;

static bool thread_lives(uint32_t tid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%u", tid);
	return !faccessat(AT_FDCWD, path, F_OK, 0);
}

static int load(void)
{
	struct bpf_object *obj = object_copy(NULL);
	struct bpf_program *prog =
		obj ? bpf_object__find_program_by_name(obj, "pending__flush") : NULL;
	char refused[64], words[96];
	int fd = -1;

	if (prog && !bpf_program__set_autoload(prog, true) && !object_load(obj, refused, words))
		fd = fcntl(bpf_program__fd(prog), F_DUPFD_CLOEXEC, 0);
	bpf_object__close(obj);
	if (fd < 0)
		log_line("Calls that never return are not told: the program for it is refused.");
	return fd;
}

/* Tells it without its return. What can't be told is counted by the program, or by us. */
static void tell(int map, uint64_t key, uint64_t now)
{
	int counts = object_map("tx_pending_counts");
	uint32_t point = (uint32_t)key, count;
	uint64_t args[1] = { key };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = args, .ctx_size_in = sizeof(args));

	if (!pending.program)
		pending.program = load();
	if (pending.program > 0 && !bpf_prog_test_run_opts(pending.program, &opts))
		return;
	if (bpf_map_delete_elem(map, &key))
		return;
	loss_add(LOSS_RETURN, LOSS_NO_CPU, 1, now, now);
	if (!bpf_map_lookup_elem(counts, &point, &count) && count--)
		bpf_map_update_elem(counts, &point, &count, BPF_ANY);
}

/* Build of the rows it was kept by. */
static uint32_t build_of(int map, uint64_t key)
{
	static struct tx_pending value;

	return bpf_map_lookup_elem(map, &key, &value)
		       ? 0
		       : ((const struct tx_policy_event *)value.record)->build;
}

/* True when no return will be told of it. */
static bool is_over(int map, struct known *k, uint64_t now)
{
	uint32_t current = 0;

	if (now - k->since < GONE_NS)
		return false;
	/* Not denied so far. Its mark holds on, and tells more should it be answered yet. */
	if (k->key & TX_PENDING_MARK)
		return true;
	if (!thread_lives(k->key >> 32))
		return true;
	if (now - k->since < EXCHANGED_NS)
		return false;
	if (!k->build)
		k->build = build_of(map, k->key);
	view_signature((uint32_t)k->key, &current);
	return k->build && k->build != current;
}

static struct known known_of(uint64_t key, uint64_t now)
{
	for (size_t i = 0; i < pending.count; i++)
		if (pending.known[i].key == key)
			return pending.known[i];
	return (struct known){ .key = key, .since = now };
}

static void sweep(int map, uint64_t now, bool all)
{
	static struct known found[TX_PENDINGS];
	uint64_t key, *previous = NULL;
	size_t count = 0;

	while (count < TX_PENDINGS && !bpf_map_get_next_key(map, previous, &key)) {
		found[count] = known_of(key, now);
		previous = &found[count++].key;
	}
	pending.count = 0;
	for (size_t i = 0; i < count; i++)
		if (all || is_over(map, &found[i], now))
			tell(map, found[i].key, now);
		else
			pending.known[pending.count++] = found[i];
}

/* Whatever the programs counted as lost since the last look. */
static void count_losses(uint64_t now)
{
	int map = object_map("tx_policy_totals"), cpus = libbpf_num_possible_cpus();
	struct tx_policy_totals *of = cpus > 0 ? calloc(cpus, sizeof(*of)) : NULL;
	uint64_t slots = 0, returns = 0, unread = 0;
	uint32_t zero = 0;

	if (of && map >= 0 && !bpf_map_lookup_elem(map, &zero, of)) {
		for (int i = 0; i < cpus; i++) {
			slots += of[i].no_slot;
			unread += of[i].unread;
			returns += of[i].pair_full + of[i].pair_lost;
		}
		loss_add(LOSS_WORKSPACE, LOSS_NO_CPU, slots - pending.told_slots, pending.looked_at,
			 now);
		loss_add(LOSS_RETURN, LOSS_NO_CPU, returns - pending.told_returns,
			 pending.looked_at, now);
		loss_add(LOSS_UNREAD, LOSS_NO_CPU, unread - pending.told_unread, pending.looked_at,
			 now);
		pending.told_slots = slots;
		pending.told_unread = unread;
		pending.told_returns = returns;
		pending.looked_at = now;
	}
	free(of);
}

void pending_turn(uint64_t now)
{
	int map = object_map("tx_pendings");

	if (now < pending.next || map < 0)
		return;
	if (!pending.looked_at)
		pending.looked_at = now;
	pending.next = now + NS_PER_S;
	sweep(map, now, false);
	count_losses(now);
}

void pending_finish(uint64_t now)
{
	int map = object_map("tx_pendings");

	if (map < 0)
		return;
	sweep(map, now, true);
	count_losses(now);
	if (pending.program > 0)
		close(pending.program);
	pending.program = 0;
}
