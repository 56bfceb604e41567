/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A build at work, shared by the parts of it. */
#ifndef TELOVIX_BUILD_PART_H
#define TELOVIX_BUILD_PART_H

#include "build.h"

/* When arguments and return value can be looked at. */
enum build_timing {
	BUILD_ENTRY,   /* arguments only */
	BUILD_PAIR,    /* arguments at the call, the return value at its return */
	BUILD_AT_ONCE, /* both when the call has returned */
};

/* What a filter asks of one subject, a place where a lookup could answer it. */
struct build_subject {
	uint8_t kind;   /* enum tx_slot_kind: the table its values can be keys of; 0: none */
	uint8_t source; /* enum tx_source */
	uint8_t arg;    /* in the record */
	uint8_t sub;    /* enum tx_ns */
};

/* One filter of one selector. */
struct build_term {
	const struct built_want *want;
	const struct plan *plan; /* of the filter's values */
	const struct tx_plan_filter *filter;
	struct build_subject subject;
	uint16_t bit;
	uint8_t ordinal; /* among the lookups of this selector for the same subject */
	uint8_t slot;    /* TX_NO_POSITION: by operations */
	bool lookup;     /* one lookup answers it */
	bool inverted;
	bool numbers;   /* its values are numbers, not text */
	bool at_return; /* held against the return of the call */
};

struct build {
	const struct point *point;
	const struct build_facts *facts;
	enum build_timing timing;
	struct built *out;
	struct tx_arg_row arg[TX_HOOK_ARGS];
	struct tx_slot_row slot[TX_HOOK_SLOTS];
	struct tx_selector_row selector[TX_HOOK_SELECTORS];
	struct tx_op_row *op; /* TX_HOOK_OPS */
	uint32_t args, slots, selectors, ops;
	struct build_term *terms;
	uint32_t term_count, term_room;
	struct built_want *failed; /* the want that doesn't fit, its reason is set */
};

/* The want can't be built. Always -EINVAL, so that parts can return it. */
int build_refuse(struct build *b, struct built_want *want, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* build_args.c: gives each argument of the want its place in the record. */
int build_args(struct build *b, struct built_want *want);
/* Where the want's argument (a position of the plan, or BUILD_RETURN) is; TX_NO_POSITION: nowhere.
 */
uint8_t build_position(const struct built_want *want, uint8_t arg);
/* enum tx_plain of an argument. */
uint8_t build_plain(const struct tx_arg_row *arg);
struct tx_plain_arg build_plain_arg(const struct tx_arg_row *arg);
/* Its row. */
const struct tx_arg_row *build_arg(const struct build *b, uint8_t position);

/* build_term.c: adds the terms of a selector's filters. */
int build_terms(struct build *b, struct built_want *want, uint32_t selector, uint16_t bit);

/* Stands for the workloads and the namespace that the whole policy is limited to. */
extern const struct tx_plan_filter build_policy_scope;

/* build_slot.c: chooses slots for the terms and fills them. */
int build_slots(struct build *b);
/* Adds the keys of a term: its texts, addresses, or numbers as far as they stand alone. */
int build_fill(struct build *b, const struct build_term *term, struct index_set *set, uint32_t bit);
/* A set of the build; its place, or a negative errno. Takes it over. */
int build_add_set(struct build *b, struct index_set *set);

/* build_op.c: what no slot answers, for all selectors. */
int build_ops(struct build *b);

/* build_action.c: the selector's row but for its operations. */
int build_actions(struct build *b, struct built_want *want, uint32_t selector,
		  struct tx_selector_row *row);

/* build_number.c: the numbers of a filter, one inclusive range after the other. */
struct build_numbers {
	const struct build *b;
	const struct build_term *term;
	uint32_t at, inner; /* value of the filter; number of what it stands for */
};
struct build_range {
	uint64_t from, to; /* as the argument's 64 bits are, in the order of its sign */
};
bool build_next_number(struct build_numbers *n, struct build_range *range);
/* True when lookups can answer it: single numbers, or ranges that hold few. */
bool build_few_numbers(const struct build *b, const struct build_term *term);

/* build_quick.c: what can be ruled out by the first bytes of a text. The slots are built. */
void build_quick(const struct build *b, const struct tx_hook_row *head);

/* build_lean.c: TX_HOOK_LEAN, where all is so plain that a short record tells it, and TX_HOOK_FEW;
 * and what such a hook is told by. */
void build_lean(const struct build *b, struct tx_hook_row *head);

static inline uint32_t build_selector_count(const struct want *want)
{
	if (want->hook->flags & TX_HOOK_F_ENFORCER)
		return 0;
	return want->hook->selectors.count ? want->hook->selectors.count : 1;
}

#endif
