/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of plan_check: each looks at one kind of record. */
#ifndef TELOVIX_PLANS_CHECK_H
#define TELOVIX_PLANS_CHECK_H

#include <stdbool.h>

#include "plans.h"

#define PLAN_RETURN 255 /* position of the return value */

/* What a filter or a selector needs of the hook it is used in. */
struct plan_need {
	uint8_t args;  /* arguments the hook must have, at least */
	bool ret;      /* its return value too */
	uint64_t cost; /* records it unfolds to */
};

struct plan_check {
	const struct plan *plan;
	char *why;
	size_t why_size;
	/* Records may share text and lists: how often something may still be looked at. */
	uint64_t work;
	struct plan_need *filters, *selectors; /* one per record */
};

/* Sets the sentence. Always -EINVAL, so that checks can return it. */
int plan_refuse(struct plan_check *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* -EINVAL when the plan makes us look at the same things over and over. */
int plan_spend(struct plan_check *c, uint64_t work);

/* All its records are there; an empty range begins at 0. */
bool plan_range_fits(const struct plan *plan, enum tx_plan_section section,
		     struct tx_plan_range range);

enum plan_text_use {
	PLAN_TEXT_ANY,     /* UTF-8 without NUL */
	PLAN_TEXT_NAME,    /* and without control characters */
	PLAN_TEXT_SYMBOL,  /* printable ASCII without blanks: a name of the kernel */
	PLAN_TEXT_EVENT,   /* the same, as one component of a path */
	PLAN_TEXT_PATH,    /* absolute, without control characters */
	PLAN_TEXT_LINES,   /* control characters: line ends only */
	PLAN_TEXT_RESOLVE, /* field(.field | [n])*, at most TX_RESOLVE_STEPS */
	PLAN_TEXT_TAGS,    /* a JSON array of texts */
	PLAN_TEXT_OBJECT,  /* a JSON object */
};

/*
 * 0 for an empty text. where is the field in messages, "hooks[].call", index the number of its
 * record; most: bytes.
 */
int plan_text_check(struct plan_check *c, struct tx_plan_text text, enum plan_text_use use,
		    uint32_t most, const char *where, uint32_t index);

/* The text lies in the text section; an empty one begins at 0. */
bool plan_text_fits(const struct plan *plan, struct tx_plan_text text);

/* len is not 0. */
bool plan_text_good(const char *text, size_t len, enum plan_text_use use);

int plan_check_policy(struct plan_check *c);
int plan_check_args(struct plan_check *c);
int plan_check_filters(struct plan_check *c);
int plan_check_actions(struct plan_check *c);
int plan_check_selectors(struct plan_check *c);
int plan_check_hooks(struct plan_check *c);

#endif
