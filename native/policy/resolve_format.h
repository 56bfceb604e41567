/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The format file of a tracepoint: what its record holds and where. */
#ifndef TELOVIX_RESOLVE_FORMAT_H
#define TELOVIX_RESOLVE_FORMAT_H

#include "btf_shape.h"

#define FORMAT_FIELDS 64
#define FORMAT_BYTES (64 << 10) /* of the file, at most */
/* A program sees the record from here on: the fields before it are overwritten. */
#define FORMAT_HIDDEN 8

struct format_field {
	char name[SHAPE_TEXT];
	uint32_t offset, size;
	struct shape shape;
};

struct format {
	uint32_t id; /* for perf_event_open */
	uint32_t count;
	struct format_field field[FORMAT_FIELDS]; /* common ones first, as policies count them */
};

/* 0, or -EINVAL when it is no format. Fields beyond FORMAT_FIELDS are left out. */
int format_parse(const char *text, struct format *format);

#endif
