/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The list of builds in force, for whoever comes after: DIR/policies.builds. */
#ifndef TELOVIX_BRIDGE_FILE_H
#define TELOVIX_BRIDGE_FILE_H

#include <stdint.h>

struct bridge_build {
	uint64_t signature; /* of the plans and their places in it */
	uint32_t point, build;
	uint32_t to_point, to_build; /* not in the file: ours of the same signature; 0: none */
};

/* How many were read; 0 when the file is missing or makes no sense. */
uint32_t bridge_read(const char *dir, struct bridge_build *builds, uint32_t room);

/* Replaces the file. 0 or a negative errno. */
int bridge_write(const char *dir, const struct bridge_build *builds, uint32_t count);

#endif
