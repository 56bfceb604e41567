// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "loss.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

struct cpu_state {
	uint64_t highest, received;
	uint64_t last_ktime;
	uint64_t gap_from, gap_to; /* 0: no gap seen since the last report */
	uint64_t counted[TX_RINGS];
	uint64_t unexplained, unexplained_before;
	uint64_t looked_at;
	struct loss_row rows[LOSS_CAUSES];
};

static struct cpu_state *states; /* one per CPU and, last, one for losses of no CPU */
static uint32_t state_count;

int loss_open(uint32_t cpus)
{
	states = calloc(cpus + 1, sizeof(*states));
	if (!states)
		return -ENOMEM;
	state_count = cpus + 1;
	for (uint32_t i = 0; i < state_count; i++)
		states[i].looked_at = clock_boot_ns();
	return 0;
}

void loss_close(void)
{
	free(states);
	states = NULL;
	state_count = 0;
}

const char *loss_name(enum loss_cause cause)
{
	static const char *const names[LOSS_CAUSES] = {
		[LOSS_RING_EXEC] = "ring_exec", [LOSS_RING_MAIN] = "ring_main",
		[LOSS_REORDER] = "reorder",     [LOSS_FORMAT] = "format",
		[LOSS_DISK] = "disk",           [LOSS_RECURSION] = "recursion",
		[LOSS_PINS] = "pins",           [LOSS_WORKSPACE] = "workspace",
		[LOSS_UNREAD] = "unread",       [LOSS_RETURN] = "return",
	};

	return names[cause];
}

static struct cpu_state *state_of(uint32_t cpu)
{
	return &states[cpu < state_count - 1 ? cpu : state_count - 1];
}

void loss_add(enum loss_cause cause, uint32_t cpu, uint64_t count, uint64_t from, uint64_t to)
{
	struct loss_row *row = &state_of(cpu)->rows[cause];

	if (row->credit) {
		uint64_t told = count < row->credit ? count : row->credit;

		row->credit -= told;
		row->total += told;
		count -= told;
	}
	if (!count)
		return;
	if (!row->count || from < row->from)
		row->from = from;
	if (to > row->to || !row->count)
		row->to = to;
	row->count += count;
	row->total += count;
}

void loss_see(const struct tx_header *h)
{
	struct cpu_state *s = state_of(h->cpu);

	s->received++;
	if (h->cpu_seq > s->highest) {
		if (h->cpu_seq > s->highest + 1) {
			if (!s->gap_from)
				s->gap_from = s->last_ktime ? s->last_ktime : s->looked_at;
			s->gap_to = h->ktime;
		}
		s->highest = h->cpu_seq;
	}
	if (h->ktime > s->last_ktime)
		s->last_ktime = h->ktime;
}

/*
 * A number that is missing and was not counted as a failed reserve: it should not happen. A record
 * of the other ring may still be on its way, so it must be missing at two looks in a row.
 */
static void check_unexplained(struct cpu_state *s, uint32_t cpu, uint64_t now)
{
	uint64_t missing = s->highest > s->received ? s->highest - s->received : 0;
	uint64_t known = s->counted[TX_RING_EXEC] + s->counted[TX_RING_MAIN] + s->unexplained;
	uint64_t surplus = missing > known ? missing - known : 0;
	uint64_t both = surplus < s->unexplained_before ? surplus : s->unexplained_before;

	s->unexplained_before = surplus - both;
	if (!both)
		return;
	s->unexplained += both;
	loss_add(LOSS_REORDER, cpu, both, s->gap_from ? s->gap_from : s->looked_at,
		 s->gap_to ? s->gap_to : now);
}

void loss_counters(const struct tx_stats *per_cpu, uint64_t now)
{
	for (uint32_t cpu = 0; cpu + 1 < state_count; cpu++) {
		struct cpu_state *s = &states[cpu];
		uint64_t from = s->gap_from ? s->gap_from : s->looked_at;
		uint64_t to = s->gap_to ? s->gap_to : now;

		for (int ring = 0; ring < TX_RINGS; ring++) {
			uint64_t fresh = per_cpu[cpu].lost[ring] - s->counted[ring];

			s->counted[ring] += fresh;
			loss_add(ring == TX_RING_EXEC ? LOSS_RING_EXEC : LOSS_RING_MAIN, cpu, fresh,
				 from, to);
		}
		check_unexplained(s, cpu, now);
		s->gap_from = 0;
		s->gap_to = 0;
		s->looked_at = now;
	}
}

struct loss_row *loss_due(uint64_t now, bool all, enum loss_cause *cause, uint32_t *cpu)
{
	for (uint32_t i = 0; i < state_count; i++)
		for (int c = 0; c < LOSS_CAUSES; c++) {
			struct loss_row *row = &states[i].rows[c];

			if (!row->count || (!all && row->written_at + NS_PER_S > now))
				continue;
			*cause = c;
			*cpu = i + 1 < state_count ? i : LOSS_NO_CPU;
			return row;
		}
	return NULL;
}

void loss_written(struct loss_row *row, uint64_t now)
{
	row->count = 0;
	row->from = 0;
	row->to = 0;
	row->written_at = now;
}

size_t loss_size(void)
{
	return (libbpf_num_possible_cpus() + 1) * sizeof(*states);
}

void loss_save(void *to)
{
	memcpy(to, states, state_count * sizeof(*states));
}

void loss_restore(const void *from)
{
	memcpy(states, from, state_count * sizeof(*states));
}

void loss_credit(const char *name, uint32_t cpu, uint64_t count)
{
	for (int c = 0; c < LOSS_CAUSES; c++) {
		struct loss_row *row = &state_of(cpu)->rows[c];
		uint64_t waiting = row->count < count ? row->count : count;

		if (strcmp(loss_name(c), name))
			continue;
		/* Counted and not yet noted as told, or to be counted again from the rings. */
		row->count -= waiting;
		row->credit += count - waiting;
	}
}

uint64_t loss_total(void)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < state_count; i++)
		for (int c = 0; c < LOSS_CAUSES; c++)
			total += states[i].rows[c].total;
	return total;
}
