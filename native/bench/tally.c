// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * tally DIR PID POLICY          counts what an engine wrote of the generator PID
 * tally DIR PID POLICY --drain  the same while it writes, deleting segments as a sensor does, until
 *                               SIGTERM; what is there by then is still counted
 *
 * Prints lines and bytes per kind, losses per cause, gaps in seq, as one JSON object.
 */
#include <signal.h>

#include "bench.h"
#include "follow.h"
#include "lines.h"

#define CAUSES 16

static volatile sig_atomic_t stopped;
static struct {
	uint64_t lines, bytes;
} kinds[LINE_KINDS];
static struct {
	char name[32];
	uint64_t count;
} causes[CAUSES];
static uint64_t gaps, expected = 1;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void count_loss(const char *line, size_t len)
{
	static const char key[] = "\"cause\":\"";
	const char *at = memmem(line, len, key, sizeof(key) - 1);
	int i = 0, name_len;

	must(at, "an engine_loss line without a cause");
	at += sizeof(key) - 1;
	name_len = strcspn(at, "\"");
	while (causes[i].name[0] &&
	       (strncmp(causes[i].name, at, name_len) || causes[i].name[name_len]))
		i++;
	must(i < CAUSES - 1 && name_len < (int)sizeof(causes[i].name), "causes of loss");
	memcpy(causes[i].name, at, name_len);
	causes[i].count += line_number(line, len, "\"count\":\"");
}

static void take(const char *line, size_t len)
{
	enum line_kind kind = line_kind(line, len);
	uint64_t seq = line_number(line, len, "\"telovix\":{\"seq\":\"");

	/* Before the generator, it is a process that ended while the engine started. */
	if (kind == LINE_UNKNOWN && !kinds[LINE_FORK].lines)
		kind = LINE_OTHER;

	gaps += seq != expected;
	expected = seq + 1;
	kinds[kind].lines++;
	kinds[kind].bytes += len + 1;
	if (kind == LINE_LOSS)
		count_loss(line, len);
}

static void print(void)
{
	printf("{\"lines\":%" PRIu64 ",\"seq_gaps\":%" PRIu64 ",\"kinds\":{", expected - 1, gaps);
	for (int i = 0; i < LINE_KINDS; i++)
		printf("%s\"%s\":{\"lines\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", i ? "," : "",
		       line_names[i], kinds[i].lines, kinds[i].bytes);
	printf("},\"lost\":{");
	for (int i = 0; causes[i].name[0]; i++)
		printf("%s\"%s\":%" PRIu64, i ? "," : "", causes[i].name, causes[i].count);
	printf("}}\n");
}

int main(int argc, char **argv)
{
	bool drain = argc == 5 && !strcmp(argv[4], "--drain");
	struct follow f;

	if (argc != 4 && !drain) {
		fprintf(stderr, "usage: tally DIR PID POLICY [--drain]\n");
		return 2;
	}
	signal(SIGTERM, stop);
	lines_want(number(argv[2]), argv[3]);
	follow_open(&f, argv[1], drain);
	while (drain && !stopped) {
		follow_wait(&f, 200);
		follow_read(&f, take);
	}
	follow_read(&f, take);
	print();
	return 0;
}
