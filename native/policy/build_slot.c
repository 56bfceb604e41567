// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Slots of the index: chosen by how many selectors they serve, and filled. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build_part.h"

#define CANDIDATES 1024

struct candidate {
	struct build_subject subject;
	uint8_t ordinal;
	uint32_t uses;
};

static int refuse_value(struct build *b, const struct build_term *term, int err)
{
	/* The terms' wants are those of the build's own list. */
	struct built_want *want = (struct built_want *)term->want;

	switch (err) {
	case -ENAMETOOLONG:
		return build_refuse(b, want,
				    "A text is too long to compare with: %d bytes is the most "
				    "(%d for a text's end).",
				    TX_TEXT_KEY - 1, TX_END_KEY);
	case -E2BIG:
		return build_refuse(b, want,
				    "Its filters have more values than the index can take.");
	case -EINVAL:
		return build_refuse(b, want, "A filter has an address that is none.");
	default:
		return err;
	}
}

static int fill_numbers(struct build *b, const struct build_term *term, struct index_set *set,
			uint32_t bit)
{
	struct build_numbers n = { .b = b, .term = term };
	bool few = build_few_numbers(b, term);
	struct build_range r;
	int err = 0;

	while (!err && build_next_number(&n, &r)) {
		if (r.from != r.to && !few)
			continue;
		/* Not v <= r.to: the range may end at the greatest number. */
		for (uint64_t v = r.from; !err; v++) {
			err = index_set_number(set, v, bit);
			if (v == r.to)
				break;
		}
	}
	return err;
}

static enum index_text text_of(const struct tx_plan_filter *f)
{
	switch (f->kind) {
	case TX_FILTER_STR_PREFIX:
	case TX_FILTER_BINARY_PREFIX:
		return INDEX_PREFIX;
	case TX_FILTER_STR_POSTFIX:
	case TX_FILTER_BINARY_POSTFIX:
		return INDEX_END;
	default:
		return INDEX_EXACT;
	}
}

static int fill_bytes(const struct build_term *term, struct index_set *set, uint32_t bit)
{
	const struct tx_plan_range values = term->filter->values;
	int err = 0;

	for (uint32_t i = 0; i < values.count && !err; i++) {
		const struct tx_plan_value *v = &term->plan->values[values.first + i];
		const char *text = plan_text(term->plan, v->text);

		err = set->kind == TX_SLOT_ADDRESS
			      ? index_set_address(set, text, v->text.length, v->a, bit)
			      : index_set_text(set, text, v->text.length, text_of(term->filter),
					       bit);
	}
	return err;
}

int build_fill(struct build *b, const struct build_term *term, struct index_set *set, uint32_t bit)
{
	int err = term->numbers ? fill_numbers(b, term, set, bit) : fill_bytes(term, set, bit);

	return err ? refuse_value(b, term, err) : 0;
}

int build_add_set(struct build *b, struct index_set *set)
{
	struct built *out = b->out;
	/* By powers of two, from the first on. */
	bool full = !(out->set_count & (out->set_count - 1));

	if (full) {
		uint32_t room = out->set_count ? 2 * out->set_count : 1;
		struct index_set **sets = realloc(out->sets, room * sizeof(*sets));

		if (!sets) {
			index_set_free(set);
			return -ENOMEM;
		}
		out->sets = sets;
	}
	index_set_finish(set);
	out->sets[out->set_count] = set;
	return out->set_count++;
}

static uint32_t collect(const struct build *b, struct candidate *found)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < b->term_count; i++) {
		const struct build_term *t = &b->terms[i];
		uint32_t at = 0;

		if (!t->lookup)
			continue;
		while (at < count && (found[at].ordinal != t->ordinal ||
				      memcmp(&found[at].subject, &t->subject, sizeof(t->subject))))
			at++;
		if (at == CANDIDATES)
			continue;
		if (at == count)
			found[count++] = (struct candidate){ t->subject, t->ordinal, 0 };
		found[at].uses++;
	}
	return count;
}

/* The best to the front, those first seen before others as good. */
static uint32_t choose(struct candidate *found, uint32_t count)
{
	uint32_t chosen = 0;

	for (; chosen < count && chosen < TX_HOOK_SLOTS; chosen++) {
		uint32_t best = chosen;
		struct candidate taken;

		for (uint32_t i = chosen; i < count; i++)
			if (found[i].uses > found[best].uses)
				best = i;
		taken = found[best];
		memmove(&found[chosen + 1], &found[chosen], (best - chosen) * sizeof(taken));
		found[chosen] = taken;
	}
	return chosen;
}

/* Cheap lookups first: the kernel stops when no selector is left. */
static int by_cost(const void *a, const void *b)
{
	static const uint8_t cost[] = {
		[TX_SLOT_INT] = 0, [TX_SLOT_ADDRESS] = 1, [TX_SLOT_TEXT] = 2
	};
	const struct candidate *x = a, *y = b;
	int order = cost[x->subject.kind] - cost[y->subject.kind];

	if (!order)
		order = (x->uses < y->uses) - (x->uses > y->uses);
	if (!order)
		order = memcmp(&x->subject, &y->subject, sizeof(x->subject));
	return order ? order : x->ordinal - y->ordinal;
}

static int fill_slot(struct build *b, const struct candidate *c)
{
	struct tx_slot_row *row = &b->slot[b->slots];
	struct index_set *set = index_set_new(c->subject.kind);
	int place;

	if (!set)
		return -ENOMEM;
	*row = (struct tx_slot_row){ .kind = c->subject.kind,
				     .source = c->subject.source,
				     .arg = c->subject.arg,
				     .sub = c->subject.sub };
	for (uint32_t i = 0; i < b->term_count; i++) {
		struct build_term *t = &b->terms[i];
		int err;

		if (!t->lookup || t->ordinal != c->ordinal ||
		    memcmp(&t->subject, &c->subject, sizeof(t->subject)))
			continue;
		t->slot = b->slots;
		row->care[t->bit / 64] |= 1ULL << t->bit % 64;
		if (t->inverted)
			row->inverted[t->bit / 64] |= 1ULL << t->bit % 64;
		err = build_fill(b, t, set, t->bit);
		if (err) {
			index_set_free(set);
			return err;
		}
	}
	place = build_add_set(b, set);
	if (place < 0)
		return place;
	row->set = place;
	b->slots++;
	return 0;
}

int build_slots(struct build *b)
{
	struct candidate *found = malloc((CANDIDATES + 1) * sizeof(*found));
	uint32_t chosen;
	int err = 0;

	if (!found)
		return -ENOMEM;
	chosen = choose(found, collect(b, found));
	qsort(found, chosen, sizeof(*found), by_cost);
	for (uint32_t i = 0; i < chosen && !err; i++)
		err = fill_slot(b, &found[i]);
	free(found);
	return err;
}
