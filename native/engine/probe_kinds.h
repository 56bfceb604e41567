/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One tiny program per program kind, loaded and attached for a moment. */
#ifndef TELOVIX_PROBE_KINDS_H
#define TELOVIX_PROBE_KINDS_H

#include <stddef.h>

struct probe_kind {
	const char *name;
	/* 0, or negative errno with the step ("load", "attach") that was refused. */
	int (*try)(const char **step);
};

extern const struct probe_kind probe_kinds[];
extern const size_t probe_kind_count;

#endif
