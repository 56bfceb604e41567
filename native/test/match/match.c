// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * match DIR [truth-file] [--torn]: checks what the engine wrote to DIR.
 * Always: every line is valid JSON of at most 64 KiB, seq has no gap within a run, parents are
 * known. With a truth file: each truth finds its lines. Prints ok / not ok, one a line; exit code 1
 * when any is not ok.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_check.h"

#define TEXTS_MAX 16

static char *all; /* everything, segments in order */
static size_t all_len;
static char **lines;
static size_t line_count;
static bool torn; /* the last line has no end */
static bool failed;

static void report(bool good, const char *name, const char *detail)
{
	printf("%s %s%s%s\n", good ? "ok" : "not ok", name, detail ? ": " : "",
	       detail ? detail : "");
	failed |= !good;
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	long x = atol((*a)->d_name + 7), y = atol((*b)->d_name + 7);

	return x < y ? -1 : x > y;
}

static int is_segment(const struct dirent *entry)
{
	return !strncmp(entry->d_name, "events-", 7);
}

static void read_all(const char *dir)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_segment, by_number);

	for (int i = 0; i < n; i++) {
		char path[4096];
		FILE *f;
		size_t got;

		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		do {
			all = realloc(all, all_len + (1 << 20) + 1);
			got = fread(all + all_len, 1, 1 << 20, f);
			all_len += got;
		} while (got);
		fclose(f);
	}
	if (all)
		all[all_len] = 0;
}

static void split_lines(void)
{
	char *at = all, *end;

	while (at && *at) {
		end = strchr(at, '\n');
		if (line_count % 4096 == 0)
			lines = realloc(lines, (line_count + 4096) * sizeof(*lines));
		if (!end) {
			torn = true;
			break;
		}
		*end = 0;
		lines[line_count++] = at;
		at = end + 1;
	}
}

static void check_lines(bool torn_allowed)
{
	uint64_t expected = 0;
	char run[17] = "";
	size_t bad = 0, gaps = 0, longest = 0;
	char detail[160];

	for (size_t i = 0; i < line_count; i++) {
		const char *meta = strstr(lines[i], "\"telovix\":{\"seq\":\"");
		const char *id = meta ? strstr(meta, "\"run_id\":\"") : NULL;
		size_t len = strlen(lines[i]);

		if (len > longest)
			longest = len;
		if (!json_valid(lines[i], len) || !id) {
			if (!bad++)
				fprintf(stderr, "bad line: %.300s\n", lines[i]);
			continue;
		}
		if (strncmp(run, id + 10, 16)) {
			memcpy(run, id + 10, 16);
			expected = 1;
		}
		gaps += strtoull(meta + 18, NULL, 10) != expected;
		expected = strtoull(meta + 18, NULL, 10) + 1;
	}
	snprintf(detail, sizeof(detail), "%zu lines, %zu bad, longest %zu bytes", line_count, bad,
		 longest);
	report(line_count && !bad && longest < 65536, "every line is valid JSON", detail);
	snprintf(detail, sizeof(detail), "%zu gaps", gaps);
	report(!gaps, "seq has no gaps", detail);
	report(!torn || torn_allowed, "no torn line but after a kill", NULL);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every process that appears has a parent that was told before or is the kernel. */
static void check_parents(void)
{
	char **known = calloc(line_count + 1, sizeof(*known)), detail[160];
	size_t count = 0, unknown = 0, checked = 0;
	const char *example = "";

	for (size_t i = 0; i < line_count; i++) {
		char *id = strstr(lines[i], "{\"process\":{\"exec_id\":\"");

		if (id && (!strncmp(lines[i], "{\"process_exec", 14) ||
			   !strncmp(lines[i], "{\"process_fork", 14)))
			known[count++] = strndup(id + 23, strcspn(id + 23, "\""));
	}
	qsort(known, count, sizeof(*known), by_text);
	for (size_t i = 0; i < line_count; i++) {
		char *id = strstr(lines[i], "\"parent_exec_id\":\""), *key;
		bool kernel;

		if (!id || strncmp(lines[i], "{\"process_", 10))
			continue;
		key = strndup(id + 18, strcspn(id + 18, "\""));
		kernel = strstr(lines[i], "\"ppid\":0,") != NULL;
		checked++;
		if (!kernel && !bsearch(&key, known, count, sizeof(*known), by_text)) {
			if (!unknown++)
				example = lines[i];
		}
		free(key);
	}
	snprintf(detail, sizeof(detail), "%zu of %zu unknown%s%.60s", unknown, checked,
		 unknown ? ", as in " : "", example);
	report(checked && !unknown, "every parent is known", detail);
}

static uint64_t total_lost(void)
{
	uint64_t total = 0;

	for (size_t i = 0; i < line_count; i++)
		if (!strncmp(lines[i], "{\"engine_loss", 13)) {
			const char *at = strstr(lines[i], "\"count\":\"");

			total += at ? strtoull(at + 9, NULL, 10) : 0;
		}
	return total;
}

/* Undoes print_quoted of trigger.h. Returns the end of the string. */
static char *unquote(char *at, char **text)
{
	char *out = ++at;

	*text = out;
	while (*at && *at != '"') {
		if (*at == '\\')
			at++;
		*out++ = *at++;
	}
	if (*at)
		at++;
	*out = 0;
	return at;
}

static void check_truth(char *truth)
{
	char *texts[TEXTS_MAX], *name = "?", *at, detail[160];
	long wanted, found = 0;
	int count = 0;
	bool may_lose = strstr(truth, "\"lost\":1") != NULL;

	at = strstr(truth, "\"count\":");
	wanted = at ? atol(at + 8) : -1;
	at = strstr(truth, "\"has\":[");
	if (!at || strncmp(truth, "{\"test\":", 8))
		return;
	at += 7;
	while (*at == '"' && count < TEXTS_MAX) {
		at = unquote(at, &texts[count++]);
		if (*at == ',')
			at++;
	}
	unquote(truth + 8, &name);
	for (size_t i = 0; i < line_count; i++) {
		bool all_in = true;

		for (int t = 0; t < count && all_in; t++)
			all_in = strstr(lines[i], texts[t]) != NULL;
		found += all_in;
	}
	snprintf(detail, sizeof(detail), "%ld of %ld", found, wanted);
	if (may_lose) {
		uint64_t lost = total_lost();

		snprintf(detail, sizeof(detail), "%ld told, %" PRIu64 " records lost, of %ld",
			 found, lost, wanted);
		report(found == wanted || (found < wanted && found + (long)lost >= wanted), name,
		       detail);
		return;
	}
	report(wanted < 0 ? found > 0 : found == wanted, name, found == wanted ? NULL : detail);
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t room = 0;
	FILE *truths;

	if (argc < 2)
		return 2;
	read_all(argv[1]);
	split_lines();
	check_lines(argc > 2 && !strcmp(argv[argc - 1], "--torn"));
	check_parents();
	truths = argc > 2 && argv[2][0] != '-' ? fopen(argv[2], "r") : NULL;
	while (truths && getline(&line, &room, truths) > 0)
		check_truth(line);
	return failed;
}
