// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * delay exec|open|connect COUNT RATE DIR POLICY [PATH]
 *
 * Does the operation RATE times a second and reads what the engine writes to DIR as it comes. Of
 * every line about one of them: from the call, and from the kernel record (ktime_ns), to the time
 * the line had been read. Prints the figures as one JSON object; exit code 1 when lines are
 * missing.
 */
#include <pthread.h>
#include <unistd.h>

#include "bench.h"
#include "follow.h"
#include "lines.h"
#include "ops.h"

#define PATIENCE_NS (5 * NS_PER_S)

static struct follow f;
static enum line_kind wanted;
static uint64_t *called, *from_call, *from_record;
static size_t count, seen;

static void take(const char *line, size_t len)
{
	uint64_t ktime, read_at = clock_ns(CLOCK_BOOTTIME);

	if (line_kind(line, len) != wanted || seen == count)
		return;
	ktime = line_number(line, len, "\"ktime_ns\":\"");
	must(ktime >= called[seen] && ktime <= read_at, "a record made outside of its time");
	from_call[seen] = read_at - called[seen];
	from_record[seen] = read_at - ktime;
	seen++;
}

static void *read_lines(void *unused)
{
	uint64_t last = clock_ns(CLOCK_BOOTTIME);
	size_t before;

	(void)unused;
	while (seen < count && clock_ns(CLOCK_BOOTTIME) < last + PATIENCE_NS) {
		if (!follow_wait(&f, 1000))
			continue;
		before = seen;
		follow_read(&f, take);
		if (seen > before)
			last = clock_ns(CLOCK_BOOTTIME);
	}
	return NULL;
}

static void operate(char op, const char *path)
{
	if (op == 'e')
		ops_exec_quick();
	else if (op == 'o')
		ops_open(path);
	else
		ops_connect();
}

int main(int argc, char **argv)
{
	char op = argc > 5 ? argv[1][0] : 0;
	const char *path = argc > 6 ? argv[6] : "";
	struct timespec pause;
	pthread_t reader;

	if (!op || !strchr("eoc", op) || (op == 'o' && !*path)) {
		fprintf(stderr, "usage: delay exec|open|connect COUNT RATE DIR POLICY [PATH]\n");
		return 2;
	}
	wanted = op == 'e' ? LINE_EXEC : op == 'o' ? LINE_OPEN : LINE_CONNECT;
	count = number(argv[2]);
	called = calloc(3 * count, sizeof(*called));
	must(called, "memory");
	from_call = called + count;
	from_record = from_call + count;
	lines_want(getpid(), argv[5]);
	ops_exec_ready();
	ops_connect_ready();
	follow_open(&f, argv[4], false);
	follow_skip(&f);
	must(!pthread_create(&reader, NULL, read_lines, NULL), "thread");
	pause = (struct timespec){ .tv_nsec = NS_PER_S / number(argv[3]) - 1 };
	for (size_t i = 0; i < count; i++) {
		nanosleep(&pause, NULL);
		called[i] = clock_ns(CLOCK_BOOTTIME);
		operate(op, path);
	}
	pthread_join(reader, NULL);
	printf("{\"op\":\"%s\",\"missing\":%zu,", argv[1], count - seen);
	print_figures("from_call", from_call, seen);
	printf(",");
	print_figures("from_record", from_record, seen);
	printf("}\n");
	return seen < count;
}
