// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "follow_part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"

struct follow_set follow_sets[FOLLOW_SETS];
struct index_set *follow_written[FOLLOW_KEYS];
static uint32_t next_set;
static __u64 fresh[TX_FOLLOW_WORDS]; /* given out since the last seeding */
/* About to be in the kernel. */
static struct index_set *coming[FOLLOW_KEYS];

static const struct tx_plan_value *value_of(const struct plan *plan, const struct tx_plan_filter *f,
					    uint32_t i)
{
	return &plan->values[f->values.first + i];
}

static bool is_same(const struct follow_set *set, const struct plan *plan,
		    const struct tx_plan_filter *f)
{
	bool own_pid = f->flags & TX_FILTER_F_NAMESPACE_PID;

	if (!set->refs || set->kind != f->kind || set->own_pid != own_pid ||
	    set->count != f->values.count)
		return false;
	for (uint32_t i = 0; i < set->count; i++) {
		const struct tx_plan_value *v = value_of(plan, f, i);

		if (set->values[i].number != v->a || set->values[i].len != v->text.length ||
		    memcmp(set->values[i].text, plan_text(plan, v->text), v->text.length))
			return false;
	}
	return true;
}

/* Which filters of which plans have a set: a plan that found none must not let go of another's. */
static struct hold {
	const struct plan *plan;
	const struct tx_plan_filter *filter;
	struct follow_set *set;
} * holds;
static size_t hold_count, hold_room;

static bool hold_room_for_one(void)
{
	size_t room = hold_room ? 2 * hold_room : 16;
	struct hold *more;

	if (hold_count < hold_room)
		return true;
	more = reallocarray(holds, room, sizeof(*holds));
	if (!more)
		return false;
	holds = more;
	hold_room = room;
	return true;
}

static struct follow_set *find_set(const struct plan *plan, const struct tx_plan_filter *f)
{
	for (uint32_t i = 0; i < FOLLOW_SETS; i++)
		if (is_same(&follow_sets[i], plan, f))
			return &follow_sets[i];
	return NULL;
}

static void free_set(struct follow_set *set)
{
	for (uint32_t i = 0; set->values && i < set->count; i++)
		free(set->values[i].text);
	free(set->values);
	*set = (struct follow_set){ 0 };
}

/* A plan may be gone before the last that shares the set with it. */
static int fill_set(struct follow_set *set, const struct plan *plan, const struct tx_plan_filter *f)
{
	set->values = calloc(f->values.count + 1, sizeof(*set->values));
	if (!set->values)
		return -ENOMEM;
	set->kind = f->kind;
	set->own_pid = f->flags & TX_FILTER_F_NAMESPACE_PID;
	set->count = f->values.count;
	set->refs = 1;
	for (uint32_t i = 0; i < set->count; i++) {
		const struct tx_plan_value *v = value_of(plan, f, i);

		set->values[i].number = v->a;
		set->values[i].len = v->text.length;
		set->values[i].text = malloc(v->text.length + 1);
		if (!set->values[i].text) {
			free_set(set);
			return -ENOMEM;
		}
		memcpy(set->values[i].text, plan_text(plan, v->text), v->text.length);
	}
	return 0;
}

/* Numbers are given in turn: processes still bear those of sets that are gone. */
static struct follow_set *free_one(void)
{
	for (uint32_t i = 0; i < FOLLOW_SETS; i++) {
		uint32_t at = (next_set + i) % FOLLOW_SETS;

		if (follow_sets[at].refs)
			continue;
		next_set = at + 1;
		fresh[at / 64] |= 1ULL << at % 64;
		return &follow_sets[at];
	}
	return NULL;
}

int follow_use(const struct plan *plan)
{
	int err = 0;

	for (uint32_t i = 0; i < plan->count[TX_PLAN_FILTERS] && !err; i++) {
		const struct tx_plan_filter *f = &plan->filters[i];
		struct follow_set *set;

		if (!(f->flags & TX_FILTER_F_FOLLOW))
			continue;
		if (!hold_room_for_one())
			return -ENOMEM;
		set = find_set(plan, f);
		if (!set && (set = free_one()))
			err = fill_set(set, plan, f);
		else if (set)
			set->refs++;
		if (set && !err)
			holds[hold_count++] = (struct hold){ plan, f, set };
	}
	return err;
}

void follow_unuse(const struct plan *plan)
{
	size_t left = 0;

	for (size_t i = 0; i < hold_count; i++) {
		struct hold hold = holds[i];

		if (hold.plan != plan)
			holds[left++] = hold;
		else if (!--hold.set->refs)
			free_set(hold.set);
	}
	hold_count = left;
	if (left)
		return;
	free(holds);
	holds = NULL;
	hold_room = 0;
}

int follow_bit(const struct plan *plan, const struct tx_plan_filter *filter)
{
	for (size_t i = 0; i < hold_count; i++)
		if (holds[i].plan == plan && holds[i].filter == filter)
			return holds[i].set - follow_sets;
	return -ENOSPC;
}

static int add_values(struct index_set **to, uint32_t bit)
{
	const struct follow_set *set = &follow_sets[bit];
	int err = 0;

	for (uint32_t i = 0; i < set->count && !err; i++) {
		const struct follow_value *v = &set->values[i];

		if (set->kind == TX_FILTER_PID)
			err = set->own_pid ? 0 : index_set_number(to[FOLLOW_PID], v->number, bit);
		else if (set->kind == TX_FILTER_BINARY_POSTFIX)
			err = index_set_text(to[FOLLOW_END], v->text, v->len, INDEX_END, bit);
		else
			err = index_set_text(to[FOLLOW_TEXT], v->text, v->len,
					     set->kind == TX_FILTER_BINARY_PREFIX ? INDEX_PREFIX
										  : INDEX_EXACT,
					     bit);
		if (err == -ENAMETOOLONG) /* no image's name is as long; its hook was refused */
			err = 0;
	}
	return err;
}

static int make_sets(struct index_set **to)
{
	int err = 0;

	for (int i = 0; i < FOLLOW_KEYS; i++)
		to[i] = index_set_new(i == FOLLOW_PID ? TX_SLOT_INT : TX_SLOT_TEXT);
	if (!to[FOLLOW_TEXT] || !to[FOLLOW_END] || !to[FOLLOW_PID])
		err = -ENOMEM;
	for (uint32_t bit = 0; bit < FOLLOW_SETS && !err; bit++)
		if (follow_sets[bit].refs)
			err = add_values(to, bit);
	for (int i = 0; i < FOLLOW_KEYS; i++) {
		if (err || !to[i]->count) {
			index_set_free(to[i]);
			to[i] = NULL;
			continue;
		}
		index_set_finish(to[i]);
		to[i] = index_take(to[i]);
	}
	return err;
}

static void drop_sets(struct index_set **of)
{
	for (int i = 0; i < FOLLOW_KEYS; i++) {
		if (of[i])
			index_drop(of[i]);
		of[i] = NULL;
	}
}

int follow_write(struct tx_control *control)
{
	int err = make_sets(coming);

	for (int i = 0; i < FOLLOW_KEYS && !err; i++) {
		uint32_t quota = UINT32_MAX;

		if (!coming[i])
			continue;
		err = index_over(coming[i]->kind) ? -ENOSPC : index_write(coming[i], &quota);
	}
	if (err) {
		drop_sets(coming);
		return err;
	}
	control->follow_text = coming[FOLLOW_TEXT] ? coming[FOLLOW_TEXT]->number : 0;
	control->follow_end = coming[FOLLOW_END] ? coming[FOLLOW_END]->number : 0;
	control->follow_pid = coming[FOLLOW_PID] ? coming[FOLLOW_PID]->number : 0;
	return 0;
}

void follow_settle(bool kept)
{
	drop_sets(kept ? follow_written : coming);
	if (!kept)
		return;
	memcpy(follow_written, coming, sizeof(follow_written));
	memset(coming, 0, sizeof(coming));
}

void follow_fresh(__u64 bits[TX_FOLLOW_WORDS])
{
	memcpy(bits, fresh, sizeof(fresh));
	memset(fresh, 0, sizeof(fresh));
}

void follow_close(void)
{
	drop_sets(follow_written);
	drop_sets(coming);
	for (uint32_t i = 0; i < FOLLOW_SETS; i++)
		free_set(&follow_sets[i]);
}
