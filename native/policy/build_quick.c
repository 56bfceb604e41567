// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The quick look at a call's text: is there one, and for what. */
#include <string.h>

#include "build_part.h"

#define SHORTEST 2 /* of a text in a set: one byte says too little */

/* Whether no selector can hold where the slot finds nothing. */
static bool is_needed_by_all(const struct build *b, const struct tx_slot_row *slot)
{
	for (uint32_t i = 0; i < b->selectors; i++)
		if (!(slot->care[i / 64] & 1ULL << i % 64) ||
		    (slot->inverted[i / 64] & 1ULL << i % 64))
			return false;
	return b->selectors > 0;
}

static bool is_plain_text(const struct tx_arg_row *arg)
{
	return arg->type == TX_ARG_STRING && arg->source == TX_SOURCE_ARG && !arg->steps &&
	       arg->index < 6 && !(arg->flags & ~TX_ARGROW_USER);
}

static const struct tx_slot_row *find(const struct build *b)
{
	for (uint32_t i = 0; i < b->slots; i++) {
		const struct tx_slot_row *slot = &b->slot[i];

		if (slot->kind == TX_SLOT_TEXT && slot->source == TX_SRC_TEXT &&
		    slot->arg < b->args && is_plain_text(&b->arg[slot->arg]) &&
		    is_needed_by_all(b, slot))
			return slot;
	}
	return NULL;
}

/* Calls by their own registers, whose arguments are in user memory; not where an old mark must go.
 */
static bool has_call(const struct build *b, const struct tx_hook_row *head)
{
	if (head->flags & (TX_HOOK_MARKS | TX_HOOK_COMPAT_REGS) || b->point->place.compat)
		return false;
	return b->point->place.backend == POINT_SYS_ENTER ||
	       (b->point->place.backend == POINT_KPROBE && (head->flags & TX_HOOK_SYSCALL_REGS));
}

void build_quick(const struct build *b, const struct tx_hook_row *head)
{
	const struct tx_slot_row *slot = has_call(b, head) ? find(b) : NULL;
	const struct index_set *set = slot ? b->out->sets[slot->set] : NULL;
	struct tx_quick *quick = &b->out->quick;
	uint32_t shortest = UINT8_MAX, len;

	for (uint32_t i = 0; set && i < set->count; i++)
		if (set->entries[i].len < shortest)
			shortest = set->entries[i].len;
	/* A text that is cut ends where it does not. */
	if (!set || !set->count || shortest < SHORTEST || b->arg[slot->arg].max <= shortest)
		return;
	len = shortest < TX_QUICK_BYTES ? shortest : TX_QUICK_BYTES;
	quick->len = len;
	quick->from = shortest - len;
	quick->index = b->arg[slot->arg].index;
	for (uint32_t i = 0; i < set->count; i++) {
		uint64_t word = 0;
		uint32_t bit;

		memcpy(&word, set->bytes + set->entries[i].at + quick->from, len);
		bit = tx_quick_bit(word);
		quick->bits[bit / 64] |= 1ULL << bit % 64;
	}
}
