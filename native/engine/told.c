// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "told.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "line.h"
#include "log.h"
#include "loss.h"
#include "state.h"

#define RUNS_MAX 64

static uint64_t *keys;
static size_t key_count, key_room;
static char runs[RUNS_MAX][STATE_RUN_ID];
static int run_count;

static uint64_t key_of(uint32_t cpu, uint64_t seq)
{
	return (uint64_t)cpu << 48 | (seq & ((1ULL << 48) - 1));
}

static int add_key(uint64_t key)
{
	if (key_count == key_room) {
		size_t room = key_room ? 2 * key_room : 1024;
		uint64_t *grown = realloc(keys, room * sizeof(*keys));

		if (!grown)
			return -ENOMEM;
		keys = grown;
		key_room = room;
	}
	keys[key_count++] = key;
	return 0;
}

static bool run_is_ours(const char *run)
{
	for (int i = 0; i < run_count; i++)
		if (!memcmp(runs[i], run, STATE_RUN_ID - 1))
			return true;
	return false;
}

/* A run that adopted these pins says so in its first line. */
static void note_run(const char *line, const char *run, uint64_t pin_id)
{
	char text[64];

	snprintf(text, sizeof(text), "\"pin_id\":\"%016" PRIx64 "\"", pin_id);
	if (strstr(line, text) && run_count < RUNS_MAX && !run_is_ours(run))
		memcpy(runs[run_count++], run, STATE_RUN_ID - 1);
}

static void note_loss(const char *line)
{
	static const char head[] = "{\"engine_loss\":{";
	const char *cpu = strstr(line, "\"cpu\":"), *count = strstr(line, "\"count\":\"");
	char cause[32];

	if (sscanf(line + sizeof(head) - 1, "\"cause\":\"%31[a-z_]\"", cause) == 1 && count)
		loss_credit(cause, cpu ? strtoul(cpu + 6, NULL, 10) : LOSS_NO_CPU,
			    strtoull(count + 9, NULL, 10));
}

/* No string can hold the text looked for: quotes in it are escaped. */
static int read_line(const char *line, uint64_t pin_id, bool credits)
{
	const char *ours = strstr(line, "\"telovix\":{\"seq\":\"");
	const char *run = ours ? strstr(ours, "\"run_id\":\"") : NULL;
	const char *cpu = run ? strstr(run, "\"cpu\":") : NULL;
	uint32_t number;
	uint64_t seq;

	if (!run || strlen(run) < 10 + STATE_RUN_ID)
		return 0;
	run += 10;
	if (!strncmp(line, "{\"engine_start\":", 16))
		note_run(line, run, pin_id);
	if (!run_is_ours(run))
		return 0;
	if (credits && !strncmp(line, "{\"engine_loss\":", 15))
		note_loss(line);
	if (!cpu ||
	    sscanf(cpu, "\"cpu\":%" SCNu32 ",\"cpu_seq\":\"%" SCNu64 "\"", &number, &seq) != 2)
		return 0;
	return add_key(key_of(number, seq));
}

/* Readers have not passed it: they go from one end of a line to the next. */
static int take_back_torn(int fd)
{
	static char tail[LINE_MAX_BYTES];
	off_t size = lseek(fd, 0, SEEK_END),
	      from = size > (off_t)sizeof(tail) ? size - sizeof(tail) : 0;
	ssize_t n = pread(fd, tail, sizeof(tail), from);
	const char *end = n > 0 ? memrchr(tail, '\n', n) : NULL;

	if (n <= 0)
		return n;
	if (!end && from)
		return 0; /* no line is that long: none of ours */
	return ftruncate(fd, end ? from + (end - tail) + 1 : 0);
}

static int read_segment(int dir_fd, uint64_t number, uint64_t offset, uint64_t pin_id, bool credits)
{
	char name[40], *line = NULL;
	size_t room = 0;
	int fd, err = 0;
	ssize_t n;
	FILE *f;

	snprintf(name, sizeof(name), "events-%" PRIu64 ".jsonl", number);
	fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	f = fdopen(fd, "r");
	if (!f || fseeko(f, offset, SEEK_SET)) {
		err = -errno;
		if (f)
			fclose(f);
		else
			close(fd);
		return err;
	}
	while (!err && (n = getline(&line, &room, f)) > 0) {
		if (line[n - 1] == '\n')
			err = read_line(line, pin_id, credits);
	}
	if (!err && take_back_torn(fd))
		log_line("A torn line could not be taken back: %s.", strerror(errno));
	free(line);
	fclose(f);
	return err;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int told_read(int dir_fd, const struct state_bank *bank, uint64_t pin_id, bool credits)
{
	uint64_t highest = segments_highest(dir_fd);

	memcpy(runs[run_count++], bank->run_id, STATE_RUN_ID);
	for (uint64_t n = bank->segment; n <= highest; n++) {
		int err = read_segment(dir_fd, n, n == bank->segment ? bank->offset : 0, pin_id,
				       credits);

		if (err)
			return err;
	}
	if (key_count)
		qsort(keys, key_count, sizeof(*keys), by_value);
	return 0;
}

bool told_any(void)
{
	return key_count;
}

bool told_has(const struct tx_header *h)
{
	uint64_t key = key_of(h->cpu, h->cpu_seq);

	return key_count && bsearch(&key, keys, key_count, sizeof(*keys), by_value);
}

void told_forget(void)
{
	free(keys);
	keys = NULL;
	key_count = key_room = 0;
}
