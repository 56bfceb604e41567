/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Lines as tests look at them: in the engine's own output buffer. */
#ifndef TELOVIX_LINES_H
#define TELOVIX_LINES_H

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../match/json_check.h"
#include "event.h"
#include "line.h"
#include "loss.h"
#include "segment.h"
#include "unit.h"

static struct segments lines_out;
static char lines_dir[] = "/tmp/tx-lines-XXXXXX";

static inline void lines_open(void)
{
	CHECK(mkdtemp(lines_dir) != NULL);
	CHECK(!segments_open(&lines_out, lines_dir, 1 << 20));
	CHECK(!line_setup(&lines_out, "node"));
	CHECK(!loss_open(2));
}

static inline void lines_close(void)
{
	segments_close(&lines_out);
	rmdir(lines_dir);
}

/* The line written last, and nothing else; "" when none was. Each must be good JSON. */
static inline const char *lines_take(void)
{
	static char text[LINE_MAX_BYTES + 1];
	size_t len = lines_out.buffer.len;

	lines_out.buffer.len = 0;
	CHECK(len <= LINE_MAX_BYTES);
	memcpy(text, lines_out.buffer.buf, len);
	text[len] = 0;
	CHECK(!len || (text[len - 1] == '\n' && json_valid(text, len - 1)));
	return text;
}

/* The line holds these bytes. */
static inline void lines_has(const char *line, const char *wanted, const char *file, int at)
{
	size_t len = strlen(line);

	if (strstr(line, wanted))
		return;
	printf("not ok %s:%d: line   %s\n       lacks  %s\n", file, at,
	       len > 3000 ? line + len - 3000 : line, wanted);
	unit_failed = 1;
}
#define CHECK_HAS(line, wanted) lines_has(line, wanted, __FILE__, __LINE__)

#endif
