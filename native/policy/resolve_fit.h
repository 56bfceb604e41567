/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a policy declares an argument to be, against what the kernel says it is. */
#ifndef TELOVIX_RESOLVE_FIT_H
#define TELOVIX_RESOLVE_FIT_H

#include <stddef.h>

#include "btf_shape.h"
#include "policy.h"

enum fit {
	FIT_GOOD,
	FIT_FORCED, /* read as declared, though the kernel says otherwise: why */
	FIT_NONE,   /* it can't be read: why */
};

/*
 * Fills type, width, sign, max and what belongs to the way it is read; row's source, index, steps
 * and TX_ARGROW_FIELD are set already.
 */
enum fit fit_argument(uint8_t declared, const struct shape *shape, struct tx_arg_row *row,
		      char *why, size_t why_size);

#endif
