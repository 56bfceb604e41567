// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "bridge.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "bpffs.h"
#include "bridge_file.h"
#include "build_view.h"
#include "clock.h"
#include "hash.h"
#include "index.h"
#include "log.h"
#include "pins.h"
#include "points.h"

#define PREFIX "pol_"
#define TOLD 256
#define TWICE_NS (1 * NS_PER_MS)

static struct {
	const char *out;
	uint32_t generation;
	bool pending, failed;
	uint64_t since; /* our own programs tell from then on */
	struct bridge_build old[TX_HOOK_POINTS];
	uint32_t count;
} bridge;

static int count_pin(const char *name, void *arg)
{
	*(int *)arg += !strncmp(name, PREFIX, sizeof(PREFIX) - 1);
	return 0;
}

void bridge_open(const char *out, bool adopted)
{
	int links = 0;

	bridge.out = out;
	if (pins_dir() && adopted)
		bpffs_each(pins_dir_fd(), count_pin, &links);
	bridge.pending = links > 0;
	if (bridge.pending)
		bridge.count = bridge_read(out, bridge.old, TX_HOOK_POINTS);
}

bool bridge_pending(void)
{
	return bridge.pending;
}

struct pinning {
	uint32_t next;
	int err;
};

static void pin_link(const char *name, int fd, void *arg)
{
	struct pinning *p = arg;
	char path[BPFFS_PATH];

	(void)name;
	snprintf(path, sizeof(path), "%s/" PREFIX "%08x_%u", pins_dir(), bridge.generation,
		 p->next++);
	/* One that can't be pinned (attach_perf.c) keeps none of the others from it. */
	if (bpf_obj_pin(fd, path) && !p->err)
		p->err = -errno;
}

/* A predecessor's program by its link's pin, or -1. */
static int program_behind(const char *name)
{
	struct bpf_link_info info = {};
	uint32_t size = sizeof(info);
	char path[BPFFS_PATH];
	int link, program = -1;

	snprintf(path, sizeof(path), "%s/%s", pins_dir(), name);
	link = bpf_obj_get(path);
	if (link >= 0 && !bpf_obj_get_info_by_fd(link, &info, &size))
		program = bpf_prog_get_fd_by_id(info.prog_id);
	if (link >= 0)
		close(link);
	return program;
}

/* Every pin of ours that is not of this generation. */
static int drop_other(const char *name, void *arg)
{
	char own[32];
	int program;

	(void)arg;
	snprintf(own, sizeof(own), PREFIX "%08x_", bridge.generation);
	if (strncmp(name, PREFIX, sizeof(PREFIX) - 1) || !strncmp(name, own, strlen(own)))
		return 0;
	program = bridge.pending ? program_behind(name) : -1;
	unlinkat(pins_dir_fd(), name, 0);
	/* What the kernel skipped of it while nobody looked. */
	program_close(&program);
	return 0;
}

/* What our view of the same plans is called. */
static void match_old(void)
{
	for (uint32_t i = 0; i < bridge.count; i++)
		for (uint32_t id = 1; id < TX_HOOK_POINTS; id++) {
			uint32_t build;

			if (view_signature(id, &build) != bridge.old[i].signature)
				continue;
			bridge.old[i].to_point = id;
			bridge.old[i].to_build = build;
			break;
		}
}

/* Entries of sets that only the predecessor's programs looked at. */
static void purge(int map, size_t key_size, uint32_t (*set_of)(const void *key))
{
	char key[sizeof(union index_key)], next[sizeof(union index_key)];
	bool more = !bpf_map_get_next_key(map, NULL, next);

	while (more) {
		memcpy(key, next, key_size);
		more = !bpf_map_get_next_key(map, key, next);
		if (!index_has(set_of(key)))
			bpf_map_delete_elem(map, key);
	}
}

static uint32_t number_set(const void *key)
{
	return ((const struct tx_int_key *)key)->set;
}

static uint32_t text_set(const void *key)
{
	return __builtin_bswap32(((const struct tx_text_key *)key)->set);
}

/* The old programs end with their pins; from then on only ours are at work. */
static void take_over(int ints, int texts)
{
	bridge.since = clock_boot_ns();
	match_old();
	bpffs_each(pins_dir_fd(), drop_other, NULL);
	purge(ints, sizeof(struct tx_int_key), number_set);
	purge(texts, sizeof(struct tx_text_key), text_set);
	bridge.pending = false;
}

static void degrade(int err)
{
	if (!bridge.failed)
		log_line("Policies will not outlive a killed engine: pinning: %s.", strerror(-err));
	bridge.failed = true;
}

void bridge_save(int ints, int texts)
{
	struct bridge_build builds[TX_HOOK_POINTS];
	struct pinning p = { 0 };
	uint32_t count = 0;

	if (!pins_dir())
		return;
	bridge.generation = bridge.generation ? bridge.generation + 1 : (uint32_t)getpid() << 12;
	points_links(pin_link, &p);
	if (p.err)
		degrade(p.err);
	for (uint32_t id = 1; id < TX_HOOK_POINTS; id++) {
		struct bridge_build b = { .point = id };

		b.signature = view_signature(id, &b.build);
		if (b.signature)
			builds[count++] = b;
	}
	if (bridge_write(bridge.out, builds, count))
		degrade(-EIO);
	if (bridge.pending)
		take_over(ints, texts);
	else
		bpffs_each(pins_dir_fd(), drop_other, NULL);
}

/* Of one that nobody goes on with: what the kernel skipped of it while nobody looked. */
static int look_behind(const char *name, void *arg)
{
	int program = strncmp(name, PREFIX, sizeof(PREFIX) - 1) ? -1 : program_behind(name);

	(void)arg;
	program_close(&program);
	return 0;
}

void bridge_clear(void)
{
	if (bridge.pending)
		bpffs_each(pins_dir_fd(), look_behind, NULL);
	if (pins_dir())
		bpffs_clear(pins_dir_fd(), PREFIX);
	bridge.pending = false;
}

/*
 * While both are attached one call is told by both programs, one right after the other: the second
 * is known by its thread, its hook, its time and what it says.
 */
static struct told {
	uint64_t ktime, hash;
	uint32_t point, tid;
} told[TOLD];
static uint32_t told_next;

static struct told told_of(const struct tx_policy_event *e, uint32_t point)
{
	return (struct told){ .ktime = e->h.ktime,
			      .hash = hash_bytes(HASH_SEED, e->data, e->data_len),
			      .point = point,
			      .tid = e->h.tid };
}

static bool was_told(const struct tx_policy_event *e)
{
	struct told t = told_of(e, e->hook);

	for (int i = 0; i < TOLD; i++)
		if (told[i].point == t.point && told[i].tid == t.tid && told[i].hash == t.hash &&
		    t.ktime - told[i].ktime < TWICE_NS) {
			told[i].point = 0; /* once for once */
			return true;
		}
	return false;
}

enum bridge_origin bridge_origin(const struct tx_policy_event *e, size_t len, uint32_t *point,
				 uint32_t *build)
{
	if (len < sizeof(*e) + e->data_len)
		return BRIDGE_OURS;
	for (uint32_t i = 0; i < bridge.count; i++) {
		const struct bridge_build *old = &bridge.old[i];

		if (old->point != e->hook || old->build != e->build || !old->to_point)
			continue;
		if (e->h.ktime >= bridge.since)
			return BRIDGE_TWICE;
		*point = old->to_point;
		*build = old->to_build;
		told[told_next++ % TOLD] = told_of(e, *point);
		return BRIDGE_OLD;
	}
	return bridge.count && e->h.ktime < bridge.since && was_told(e) ? BRIDGE_TWICE
									: BRIDGE_OURS;
}
