/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One output line: the event field is written by its family, the envelope here. */
#ifndef TELOVIX_LINE_H
#define TELOVIX_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "events.h"
#include "json.h"
#include "segment.h"

struct line {
	struct json *j;
	size_t start, cap;
};

/* Names of the run; set once. */
int line_setup(struct segments *out, const char *node_name);
const char *line_node_name(void);

/*
 * Opens a line and the object of its event. False when there is no room: the event is then counted
 * as lost to the disk, and takes no number.
 */
bool line_begin(struct line *line, const char *event);

/*
 * Closes the event's object and opens `telovix` with its common fields; ktime 0 means now. h may be
 * NULL for lines made in user space. Extra fields of `telovix` are then written to line->j.
 */
void line_envelope(struct line *line, const struct tx_header *h, uint64_t ktime,
		   const char *backend);

/* Ends the line. A line over the limit is taken back and counted as a format loss. */
bool line_end(struct line *line);

uint64_t line_count(void);

/* While muted no line begins: the record's lines were written by a predecessor. */
void line_mute(bool muted);
const char *line_run_id(void);

#endif
