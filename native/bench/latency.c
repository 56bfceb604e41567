// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * latency exec|open|connect COUNT [PATH]: times an operation COUNT times, one after the other, on
 * the last CPU, and prints the figures of the sample as one JSON object. On a machine too busy to
 * do that in 10 s it does fewer, but no less than 50.
 */
#include <unistd.h>

#include "bench.h"
#include "ops.h"

#define WARM_UP 50
#define LEAST 50
#define LONGEST_NS (10 * NS_PER_S)

static uint64_t timed(char op, const char *path)
{
	uint64_t began = clock_ns(CLOCK_MONOTONIC);

	if (op == 'c')
		return ops_connect();
	if (op == 'e')
		ops_exec();
	else
		ops_open(path);
	return clock_ns(CLOCK_MONOTONIC) - began;
}

int main(int argc, char **argv)
{
	char op = argc > 2 ? argv[1][0] : 0;
	const char *path = argc > 3 ? argv[3] : "";
	uint64_t *sample;
	size_t count, n = 0;
	uint64_t until;

	if (!op || !strchr("eoc", op) || (op == 'o' && !*path)) {
		fprintf(stderr, "usage: latency exec|open|connect COUNT [PATH]\n");
		return 2;
	}
	count = number(argv[2]);
	sample = calloc(count, sizeof(*sample));
	must(sample, "memory");
	ops_stay();
	ops_exec_ready();
	if (op == 'o')
		ops_open_ready(path);
	if (op == 'c')
		ops_connect_ready();
	for (size_t i = 0; i < WARM_UP; i++)
		timed(op, path);
	until = clock_ns(CLOCK_MONOTONIC) + LONGEST_NS;
	while (n < count && (n < LEAST || clock_ns(CLOCK_MONOTONIC) < until))
		sample[n++] = timed(op, path);
	printf("{\"op\":\"%s\",\"pid\":%d,\"done\":%zu,", argv[1], getpid(), n + WARM_UP);
	print_figures("ns", sample, n);
	printf("}\n");
	return 0;
}
