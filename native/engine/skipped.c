// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "skipped.h"

#include <bpf/bpf.h>
#include <stdbool.h>
#include <string.h>

#include "log.h"
#include "loss.h"

static struct skipped skipped;
static uint32_t turn;
static bool full;

void skipped_open(uint64_t now)
{
	turn = 1;
	skipped.looked_at = now;
}

/* The program's place, or one that is free; SKIPPED_PROGRAMS: there is none. */
static uint32_t place_of(uint32_t id)
{
	uint32_t at = 0, none = SKIPPED_PROGRAMS;

	for (; at < SKIPPED_PROGRAMS && skipped.of[at].id != id; at++)
		if (!skipped.of[at].id && none == SKIPPED_PROGRAMS)
			none = at;
	return at < SKIPPED_PROGRAMS ? at : none;
}

void skipped_look(int fd, uint64_t now)
{
	struct bpf_prog_info info = {};
	uint32_t size = sizeof(info), at;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return;
	at = place_of(info.id);
	if (at == SKIPPED_PROGRAMS) {
		if (!full)
			log_line("Runs that the kernel skips are counted of %u programs only.",
				 SKIPPED_PROGRAMS);
		full = true;
		return;
	}
	if (skipped.of[at].id != info.id)
		skipped.of[at].told = 0;
	skipped.of[at].id = info.id;
	skipped.of[at].turn = turn;
	loss_add(LOSS_RECURSION, LOSS_NO_CPU, info.recursion_misses - skipped.of[at].told,
		 skipped.looked_at, now);
	skipped.of[at].told = info.recursion_misses;
}

void skipped_turn(uint64_t now)
{
	for (uint32_t i = 0; i < SKIPPED_PROGRAMS; i++)
		if (skipped.of[i].turn && skipped.of[i].turn != turn)
			memset(&skipped.of[i], 0, sizeof(skipped.of[i]));
	turn++;
	skipped.looked_at = now;
}

void skipped_settle(void)
{
	for (uint32_t i = 0; i < SKIPPED_PROGRAMS; i++)
		if (!skipped.of[i].turn)
			memset(&skipped.of[i], 0, sizeof(skipped.of[i]));
}

void skipped_save(struct skipped *to)
{
	*to = skipped;
}

void skipped_restore(const struct skipped *from)
{
	skipped = *from;
	for (uint32_t i = 0; i < SKIPPED_PROGRAMS; i++)
		skipped.of[i].turn = 0;
}
