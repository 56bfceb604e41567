// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// What the sensor calls. Memory is exported: lines are put into it and events taken out of it.
#include "lines.h"

#define EXPORT(name) __attribute__((export_name(#name)))

// As the host numbers them.
enum area { AREA_INPUT, AREA_OUTPUT, AREA_ENDS, AREA_RESULT, AREA_TEXT, AREA_TIMES };
enum reason { AT_END, NOT_PLAIN, FULL };

enum { RUN_ID_MAX = 32, TEXT_PARTS = 6, RESULT_WORDS = 10 };

static u8 input[INPUT_BYTES + SLACK];
static u8 output[OUTPUT_BYTES + SLACK];
static u32 ends[MAX_EVENTS];
static u32 result[RESULT_WORDS];
// Texts of the host, one behind the other.
static u8 texts[SCRATCH_BYTES + SLACK];
static double times[5];

extern u32 table_evicted;
u32 table_count(void);
int recent_get(struct text key, struct recent *recent);
void recent_set(struct text key, const struct recent *recent);
void bursts_close(void);
void burst_opened(struct text key);
void workload_put(struct text cgroup, struct text packed);
void workloads_forget(void);

EXPORT(lines_area) u32 lines_area(u32 which)
{
	switch ((enum area)which) {
	case AREA_INPUT:
		return (u32)input;
	case AREA_OUTPUT:
		return (u32)output;
	case AREA_ENDS:
		return (u32)ends;
	case AREA_RESULT:
		return (u32)result;
	case AREA_TEXT:
		return (u32)texts;
	case AREA_TIMES:
		return (u32)times;
	}
	return 0;
}

// Turns lines of the input, which ends with a line's end, into events, from `from` on: as many as
// are plain and fit. The first has number `expected` of the run whose id stands in the texts;
// events are numbered from `seq` on. A line of `until_us` or later ends a burst.
EXPORT(lines_run)
void lines_run(u32 from, u32 length, u32 run_length, double expected, double seq, double until_us)
{
	static struct line line;
	const u8 *at = input + from, *end = input + length;
	struct text run = { texts, run_length };
	u64 next = (u64)expected, number = (u64)seq, until = (u64)until_us, latest = 0;
	u32 lines = 0, events = 0;
	enum reason reason = AT_END;
	out = output;
	while (at < end) {
		const u8 *stop = line_end(at, end);
		if (stop == at) {
			at++;
			continue;
		}
		if (events == MAX_EVENTS || out - output > OUTPUT_BYTES - EVENT_ROOM) {
			reason = FULL;
			break;
		}
		struct text text = { at, (u32)(stop - at) };
		scratch_clear();
		if (!read_line(text, &line) || line.seq != next || line.time_us >= until ||
		    !same(line.run_id, run) || !write_event(&line, number)) {
			reason = NOT_PLAIN;
			break;
		}
		if (line.time_us > latest)
			latest = line.time_us;
		ends[events++] = (u32)(out - output);
		at = stop + 1;
		next++;
		number++;
		lines++;
	}
	result[0] = reason;
	result[1] = (u32)(at - input);
	result[2] = lines;
	result[3] = events;
	times[0] = (double)latest;
}

static struct text part(const u8 **at, u32 length)
{
	struct text text = { NULL, 0 };
	if (length == NONE)
		return text;
	text = (struct text){ *at, length };
	*at += length;
	return text;
}

// A process whose texts stand one behind the other: exec_id, binary, arguments, parent_exec_id,
// cgroup, docker; NONE for the length of what it does not have, a negative uid likewise.
EXPORT(lines_put)
void lines_put(double pid, double uid, u32 exec_id, u32 binary, u32 arguments, u32 parent,
	       u32 cgroup, u32 docker)
{
	const u8 *at = texts;
	struct ancestor about = { .pid = (u64)pid, .uid = uid < 0 ? ~0ULL : (u64)uid };
	about.exec_id = part(&at, exec_id);
	about.binary = part(&at, binary);
	about.arguments = part(&at, arguments);
	about.parent_exec_id = part(&at, parent);
	about.cgroup = part(&at, cgroup);
	about.docker = part(&at, docker);
	out = output;
	table_put(&about);
}

static void tell(u32 at, struct text text)
{
	result[at] = text.at ? (u32)text.at : 0;
	result[at + 1] = text.length;
}

// The process of an exec_id: where its ancestor (MessagePack), parent_exec_id, cgroup and docker
// are.
EXPORT(lines_find) u32 lines_find(u32 length)
{
	struct entry entry;
	if (!table_find((struct text){ texts, length }, &entry))
		return 0;
	tell(0, entry.packed);
	tell(2, entry.parent_exec_id);
	tell(4, entry.cgroup);
	tell(6, entry.docker);
	result[8] = (u32)entry.stamp;
	result[9] = *entry.stamp;
	return 1;
}

EXPORT(lines_end) void lines_end(u32 length, double now_us)
{
	table_end((struct text){ texts, length }, (u64)now_us);
}

EXPORT(lines_replaced) void lines_replaced(double pid, u32 length, double now_us)
{
	table_replaced((u64)pid, (struct text){ texts, length }, (u64)now_us);
}

EXPORT(lines_processes) u32 lines_processes(void)
{
	return table_count();
}

EXPORT(lines_evicted) u32 lines_evicted(void)
{
	return table_evicted;
}

// Times of a burst's key, into `times`; so many.
EXPORT(lines_recent) u32 lines_recent(u32 length)
{
	struct recent recent;
	recent_get((struct text){ texts, length }, &recent);
	for (u32 i = 0; i < recent.count; i++)
		times[i] = (double)recent.times[i];
	return recent.count;
}

EXPORT(lines_set_recent) void lines_set_recent(u32 length, u32 count)
{
	struct recent recent = { .count = count > 4 ? 4 : count };
	for (u32 i = 0; i < recent.count; i++)
		recent.times[i] = (u64)times[i];
	recent_set((struct text){ texts, length }, &recent);
}

EXPORT(lines_close_bursts) void lines_close_bursts(void)
{
	bursts_close();
}

EXPORT(lines_open_burst) void lines_open_burst(u32 length)
{
	burst_opened((struct text){ texts, length });
}

EXPORT(lines_workload) void lines_workload(u32 cgroup, u32 packed)
{
	workload_put((struct text){ texts, cgroup }, (struct text){ texts + cgroup, packed });
}

EXPORT(lines_forget_workloads) void lines_forget_workloads(void)
{
	workloads_forget();
}
