// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * latency exec|open|connect COUNT [PATH]: times an operation COUNT times, one after the other, on
 * the last CPU, and prints the figures of the sample as one JSON object. On a machine too busy to
 * do that in 10 s it does fewer, but no less than 50.
 *
 * "paced" is the same sample as though the processor were equally fast all the time: a piece of
 * work of always the same length stands beside every two milliseconds of it, and is reckoned as 100
 * us. On a machine whose pace changes while one after another is measured, only this can be
 * compared.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "ops.h"

#define WARM_UP 50
#define LEAST 50
#define LONGEST_NS (10 * NS_PER_S)
#define PACE_NS 100000
#define PACE_PAGES 32
#define PACE_EVERY_NS 2000000
#define PAGE 4096

static char *pages;

/*
 * Faults: they go through the kernel's memory as calls do, which a sum in registers does not, and
 * whoever disturbs one disturbs the other. None of the subjects watches them.
 */
static uint64_t pace_once(void)
{
	uint64_t began;

	must(!madvise(pages, PACE_PAGES * PAGE, MADV_DONTNEED), "madvise");
	began = clock_ns(CLOCK_MONOTONIC);
	for (int i = 0; i < PACE_PAGES; i++)
		*(volatile char *)(pages + i * PAGE) = 1;
	return clock_ns(CLOCK_MONOTONIC) - began;
}

/* What the work takes now; of two, the one that nothing came between. */
static uint64_t pace(void)
{
	uint64_t a = pace_once(), b = pace_once();

	return a < b ? a : b;
}

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
	uint64_t *sample, *paced;
	size_t count, n = 0;
	uint64_t until, paced_at, work, now = 0;

	if (!op || !strchr("eoc", op) || (op == 'o' && !*path)) {
		fprintf(stderr, "usage: latency exec|open|connect COUNT [PATH]\n");
		return 2;
	}
	count = number(argv[2]);
	sample = calloc(count, sizeof(*sample));
	paced = calloc(count, sizeof(*paced));
	pages = mmap(NULL, PACE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	must(sample && paced && pages != MAP_FAILED, "memory");
	/* In one huge page there would be one fault. */
	madvise(pages, PACE_PAGES * PAGE, MADV_NOHUGEPAGE);
	ops_stay();
	ops_exec_ready();
	if (op == 'o')
		ops_open_ready(path);
	if (op == 'c')
		ops_connect_ready();
	for (size_t i = 0; i < WARM_UP; i++)
		timed(op, path);
	work = pace();
	paced_at = clock_ns(CLOCK_MONOTONIC);
	until = paced_at + LONGEST_NS;
	while (n < count && (n < LEAST || now < until)) {
		sample[n] = timed(op, path);
		paced[n] = sample[n] * PACE_NS / work;
		n++;
		now = clock_ns(CLOCK_MONOTONIC);
		if (now - paced_at > PACE_EVERY_NS) {
			work = pace();
			paced_at = clock_ns(CLOCK_MONOTONIC);
		}
	}
	printf("{\"op\":\"%s\",\"pid\":%d,\"done\":%zu,", argv[1], getpid(), n + WARM_UP);
	print_figures("ns", sample, n);
	printf(",");
	print_figures("paced", paced, n);
	printf("}\n");
	return 0;
}
