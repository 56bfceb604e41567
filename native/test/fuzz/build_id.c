// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Any bytes as a program's file: an answer, and an end. */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "event_build_id.h"
#include "walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct build_id id;

	if (fd < 0)
		fd = memfd_create("program", MFD_CLOEXEC);
	WALK_HOLDS(!ftruncate(fd, size) && pwrite(fd, data, size, 0) == (ssize_t)size);
	if (build_id_read(fd, &id))
		WALK_HOLDS(id.len && id.len <= BUILD_ID_MAX);
	else
		WALK_HOLDS(!id.len);
	return 0;
}
