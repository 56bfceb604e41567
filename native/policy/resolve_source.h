/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef TELOVIX_RESOLVE_SOURCE_H
#define TELOVIX_RESOLVE_SOURCE_H

#include "btf_shape.h"
#include "resolve_arg.h"

#define RESOLVE_TEXT 512
#define REGISTER_ARGS 6    /* arguments of a call that are passed in registers */
#define FORMAT_CALL_ARGS 5 /* fields of a sys_enter_* record before the call's arguments */

/* Everything that is needed to make one row. */
struct arg_work {
	const struct arg_source *s;
	struct want *want;
	const struct tx_plan_arg *plan;
	struct tx_arg_row *row;
	struct shape shape; /* found out */
	unsigned position;  /* in the plan: args, then data; 255: the return value */
	bool feature;       /* what fails does so for want of a feature of the kernel */
	bool user;          /* it lies, or points, into user memory */
	char resolve[RESOLVE_TEXT], btf_type[128];
	char why[128];
};

/*
 * Fills row's source, index, steps and place, and shape. 0, or a negative errno and why: -E2BIG for
 * an argument that cannot be there.
 */
int arg_locate(struct arg_work *work);

/* The argument's number at the place, where the policy counts those of something else; -1: none. */
int arg_place_index(const struct arg_source *source, const struct want *want, unsigned index);

/* Whether arguments at such a place are a system call's, as its caller gave them. */
bool arg_is_of_call(enum point_backend backend, uint16_t row_flags);

/* Number at the place of the argument behind this one if that is its length, as its name says; or
 * TX_NO_POSITION. */
uint8_t arg_length_behind(const struct arg_work *work);

/* False, and why: the LSM hook or raw tracepoint has no such argument, wherever it is served. Where
 * the kernel's types do not know it, that is said of the hook. */
bool arg_is_declared(struct arg_work *work);

#endif
