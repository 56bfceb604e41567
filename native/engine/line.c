// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "loss.h"

static struct segments *output;
static const char *node;
static char boot_id[40], run_id[17];
static uint64_t last_seq;
static bool muted;

int line_setup(struct segments *out, const char *node_name)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	uint64_t random;
	ssize_t n = fd < 0 ? -1 : read(fd, boot_id, sizeof(boot_id) - 1);

	if (fd >= 0)
		close(fd);
	if (n < 36 || getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	boot_id[36] = 0;
	snprintf(run_id, sizeof(run_id), "%016llx", (unsigned long long)random);
	output = out;
	node = node_name;
	return 0;
}

const char *line_node_name(void)
{
	return node;
}

uint64_t line_count(void)
{
	return last_seq;
}

void line_mute(bool mute)
{
	muted = mute;
}

const char *line_run_id(void)
{
	return run_id;
}

bool line_begin(struct line *line, const char *event)
{
	struct json *j = &output->buffer;

	if (muted)
		return false;
	if (!segments_room(output)) {
		uint64_t now = clock_boot_ns();

		/* While the disk refuses, asking it again for every line would only burn time. */
		if (!output->error)
			segments_flush(output, now);
		if (!segments_room(output)) {
			loss_add(LOSS_DISK, LOSS_NO_CPU, 1, now, now);
			return false;
		}
	}
	*line = (struct line){ .j = j, .start = j->len, .cap = j->cap };
	j->cap = j->len + LINE_MAX_BYTES;
	j->full = false;
	json_text(j, "{\"");
	json_text(j, event);
	json_text(j, "\":{");
	return true;
}

void line_envelope(struct line *line, const struct tx_header *h, uint64_t ktime,
		   const char *backend)
{
	struct json *j = line->j;

	if (!ktime)
		ktime = clock_boot_ns();
	json_text(j, "}");
	json_key_string(j, "node_name", node);
	json_key(j, "time");
	json_time(j, clock_wall_ns(ktime));
	json_key_object(j, "telovix");
	json_key_u64(j, "seq", last_seq + 1);
	json_key_string(j, "boot_id", boot_id);
	json_key_string(j, "run_id", run_id);
	if (h) {
		json_key_unsigned(j, "cpu", h->cpu);
		json_key_u64(j, "cpu_seq", h->cpu_seq);
	}
	if (backend)
		json_key_string(j, "backend", backend);
	json_key_u64(j, "ktime_ns", ktime);
}

bool line_end(struct line *line)
{
	struct json *j = line->j;
	bool whole;

	json_text(j, "}}\n");
	whole = !j->full;
	j->cap = line->cap;
	j->full = false;
	if (!whole) {
		uint64_t now = clock_boot_ns();

		j->len = line->start;
		loss_add(LOSS_FORMAT, LOSS_NO_CPU, 1, now, now);
		return false;
	}
	last_seq++;
	return true;
}
