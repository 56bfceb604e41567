/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The build id that a program or library bears in its notes: what its linker, or anybody, put
 * there.
 */
#ifndef TELOVIX_EVENT_BUILD_ID_H
#define TELOVIX_EVENT_BUILD_ID_H

#include "event_image.h"

#define BUILD_ID_MAX 64

enum build_id_answer {
	BUILD_ID_FOUND,
	BUILD_ID_NONE, /* the file has none */
	BUILD_ID_GONE, /* it is not to be found any more */
	BUILD_ID_BUSY, /* too many were looked for this second */
};

struct build_id {
	uint8_t len;
	uint8_t bytes[BUILD_ID_MAX];
};

/* From a small cache, or the file. now: boot time. */
enum build_id_answer build_id_of(const struct image *image, uint64_t now, struct build_id *id);

/* Of an open file; false when it has none. */
bool build_id_read(int fd, struct build_id *id);

#endif
