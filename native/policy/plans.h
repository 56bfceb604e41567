/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A plan file in memory, checked whole: every range, text and number in it may be used as it is. */
#ifndef TELOVIX_PLANS_H
#define TELOVIX_PLANS_H

#include <stddef.h>
#include <stdint.h>

#include "plan.h"

struct plan {
	void *bytes; /* the file */
	size_t size;
	uint64_t hash; /* of the file */
	const struct tx_plan_policy *policy;
	const struct tx_plan_hook *hooks;
	const struct tx_plan_arg *args;
	const struct tx_plan_selector *selectors;
	const struct tx_plan_filter *filters;
	const struct tx_plan_value *values;
	const struct tx_plan_action *actions;
	const struct tx_plan_code *code;
	const char *text;
	uint32_t count[TX_PLAN_SECTIONS];
};

/* 0, or a negative errno and a sentence in why. bytes are taken over when it succeeds (free with
 * plan_free). */
int plan_check(struct plan *plan, void *bytes, size_t size, char *why, size_t why_size);

/* Reads the file (at most TX_PLAN_MAX) and checks it. */
int plan_read(struct plan *plan, const char *path, char *why, size_t why_size);
void plan_free(struct plan *plan);

/* The text, not ended by NUL. */
static inline const char *plan_text(const struct plan *plan, struct tx_plan_text text)
{
	return plan->text + text.offset;
}

/* Copies it, cut to size and ended by NUL. Returns buf. */
char *plan_copy(const struct plan *plan, struct tx_plan_text text, char *buf, size_t size);

#endif
