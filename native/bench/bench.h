/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What every program of the bench needs: clocks, an end with a reason, figures of a sample. */
#ifndef TELOVIX_BENCH_H
#define TELOVIX_BENCH_H

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000ULL

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Ends the program when something it stands on fails: a figure made without it would be a lie. */
static inline void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A number of the command line, at least 1. */
static inline uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || !value) {
		fprintf(stderr, "bench: %s is no number\n", text);
		exit(2);
	}
	return value;
}

static inline int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Prints "NAME":{count, p10_ns, p50_ns, p90_ns, p99_ns, mean_ns}; sorts the sample. */
static inline void print_figures(const char *name, uint64_t *sample, size_t count)
{
	double sum = 0;

	qsort(sample, count, sizeof(*sample), by_value);
	for (size_t i = 0; i < count; i++)
		sum += sample[i];
	printf("\"%s\":{\"count\":%zu", name, count);
	if (count)
		printf(",\"p10_ns\":%" PRIu64 ",\"p50_ns\":%" PRIu64 ",\"p90_ns\":%" PRIu64
		       ",\"p99_ns\":%" PRIu64 ",\"mean_ns\":%.0f",
		       sample[count / 10], sample[count / 2], sample[count * 90 / 100],
		       sample[count * 99 / 100], sum / count);
	printf("}");
}

#endif
