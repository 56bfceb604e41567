/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One record, one selector, and the line they make. */
#ifndef TELOVIX_EVENT_LINE_H
#define TELOVIX_EVENT_LINE_H

#include "../fuzz/record.h"
#include "lines.h"
#include "proc.h"

static union record r;
static struct event_selector s;

/* A selector that shows every argument of the record. */
static inline void selector(enum tx_plan_hook_kind kind, const char *function)
{
	static const uint8_t straight[] = { 0, 1, 2, 3, 4, 5, 6, 7 };

	s = (struct event_selector){ .policy = "p",
				     .message = "",
				     .tags_json = "",
				     .function = function,
				     .kind = kind,
				     .group = "",
				     .path = "",
				     .action = "POST",
				     .args = r.e.args,
				     .data_from = r.e.args,
				     .position = straight };
}

static inline const char *line_of(struct proc *p)
{
	CHECK(policy_event_valid(&r.e, record_size(&r)));
	policy_event_line(p, &r.e, &s, "kprobe");
	return lines_take();
}

static inline const char *line(void)
{
	return line_of(proc_kernel());
}

#endif
