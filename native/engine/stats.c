// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "stats.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "clock.h"
#include "dispatch.h"
#include "events.h"
#include "keep.h"
#include "kernel.h"
#include "line.h"
#include "loss.h"
#include "pins.h"
#include "proc.h"
#include "reads.h"
#include "skipped.h"
#include "state.h"
#include "version.h"

static const struct kernel *kernel;
static struct tx_stats *per_cpu;
static int cpus;
static int run_time_fd = -1;

int stats_open(const struct kernel *k)
{
	kernel = k;
	cpus = libbpf_num_possible_cpus();
	if (cpus <= 0)
		return -EINVAL;
	per_cpu = calloc(cpus, sizeof(*per_cpu));
	skipped_open(clock_boot_ns());
	return per_cpu ? loss_open(cpus) : -ENOMEM;
}

void stats_close(void)
{
	stats_measure(false);
	free(per_cpu);
	loss_close();
}

void stats_measure(bool on)
{
	if (on && run_time_fd < 0)
		run_time_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (!on && run_time_fd >= 0) {
		close(run_time_fd);
		run_time_fd = -1;
	}
}

static void read_counters(void)
{
	uint32_t zero = 0;

	bpf_map_lookup_elem(kernel->maps[KERNEL_COUNTERS], &zero, per_cpu);
}

static bool program_info(const struct kernel_program *prog, struct bpf_prog_info *info)
{
	uint32_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return !bpf_obj_get_info_by_fd(prog->fd, info, &len);
}

void stats_poll(uint64_t now)
{
	read_counters();
	loss_counters(per_cpu, now);
	for (int i = 0; i < kernel->program_count; i++)
		skipped_look(kernel->programs[i].fd, now);
}

#define SUM(field)                                      \
	({                                              \
		uint64_t _sum = 0;                      \
		for (int _cpu = 0; _cpu < cpus; _cpu++) \
			_sum += per_cpu[_cpu].field;    \
		_sum;                                   \
	})

static uint64_t resident_bytes(void)
{
	unsigned long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f) {
		if (fscanf(f, "%lu %lu", &size, &resident) != 2)
			resident = 0;
		fclose(f);
	}
	return (uint64_t)resident * sysconf(_SC_PAGESIZE);
}

static void write_programs(struct json *j)
{
	json_key_array(j, "programs");
	for (int i = 0; i < kernel->program_count; i++) {
		const struct kernel_program *prog = &kernel->programs[i];
		struct bpf_prog_info info;

		if (!program_info(prog, &info))
			continue;
		json_comma(j);
		json_open(j, '{');
		json_key_string(j, "name", prog->name);
		json_key_u64(j, "run_cnt", info.run_cnt);
		json_key_u64(j, "run_time_ns", info.run_time_ns);
		json_key_u64(j, "recursion_misses", info.recursion_misses);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void write_rings(struct json *j, const struct ring rings[])
{
	static const char *const names[TX_RINGS] = { "exec", "main" };

	json_key_object(j, "ring");
	for (int i = 0; i < TX_RINGS; i++) {
		json_key_object(j, names[i]);
		json_key_u64(j, "size", rings[i].size);
		json_key_u64(j, "used", ring_fill(&rings[i]));
		json_key_u64(j, "peak", rings[i].peak);
		json_key_u64(j, "lost", SUM(lost[i]));
		json_key_u64(j, "bytes", SUM(bytes[i]));
		json_close(j, '}');
	}
	json_close(j, '}');
}

void stats_write_start(const char *kernel)
{
	struct line line;

	if (!line_begin(&line, "engine_start"))
		return;
	json_key_string(line.j, "version", ENGINE_VERSION);
	json_key_string(line.j, "kernel", kernel);
	backend_write(line.j);
	reads_write(line.j);
	pins_write(line.j);
	line_envelope(&line, NULL, 0, NULL);
	line_end(&line);
}

void stats_write(const struct ring rings[], uint64_t max_turn_ns)
{
	uint64_t events = 0;
	struct line line;
	struct json *j;

	read_counters();
	if (!line_begin(&line, "engine_stats"))
		return;
	j = line.j;
	for (int type = 0; type < TX_TYPES; type++)
		events += SUM(events[type]);
	json_key_u64(j, "events", events);
	json_key_u64(j, "lines", line_count());
	json_key_u64(j, "lost", loss_total());
	json_key_u64(j, "rss_bytes", resident_bytes());
	json_key_u64(j, "max_turn_ns", max_turn_ns);
	write_rings(j, rings);
	json_key_object(j, "processes");
	json_key_u64(j, "live", proc_stats.live);
	json_key_u64(j, "exited", proc_stats.exited);
	json_key_u64(j, "evicted", proc_stats.evicted);
	json_key_u64(j, "missed", proc_stats.missed);
	json_key_u64(j, "text_bytes", proc_stats.text_bytes);
	json_key_u64(j, "text_refused", proc_stats.text_refused);
	json_key_u64(j, "keep_refused", keep_refused());
	json_close(j, '}');
	json_key_object(j, "left_out");
	json_key_u64(j, "self", SUM(self));
	json_key_u64(j, "self_skipped", dispatch_own_calls());
	json_key_u64(j, "compat", SUM(compat));
	json_key_u64(j, "fault", SUM(fault));
	json_key_u64(j, "scratch", SUM(scratch));
	json_key_u64(j, "no_handler", SUM(no_handler));
	json_key_u64(j, "owner_full", SUM(owner_full));
	json_close(j, '}');
	reads_write(j);
	write_programs(j);
	line_envelope(&line, NULL, 0, NULL);
	line_end(&line);
}

void stats_write_losses(uint64_t now, bool all)
{
	enum loss_cause cause;
	struct loss_row *row;
	uint32_t cpu;

	while ((row = loss_due(now, all, &cause, &cpu))) {
		struct line line;
		bool told;

		if (!line_begin(&line, "engine_loss"))
			return; /* the row stays for the next turn */
		json_key_string(line.j, "cause", loss_name(cause));
		if (cpu != LOSS_NO_CPU)
			json_key_unsigned(line.j, "cpu", cpu);
		json_key_u64(line.j, "count", row->count);
		json_key_u64(line.j, "from_ktime_ns", row->from);
		json_key_u64(line.j, "to_ktime_ns", row->to);
		line_envelope(&line, NULL, 0, NULL);
		told = line_end(&line);
		if (told)
			loss_written(row, now);
		else
			return;
	}
}
