// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Operations: what no slot answers. A filter is one group; its values are or-ed inside. */
#include "build_op.h"

struct tx_op_row *group_add(struct group *g, enum tx_op op)
{
	struct build *b = g->b;
	struct tx_op_row *row;

	if (g->err)
		return NULL;
	if (b->ops == TX_HOOK_OPS) {
		g->err = build_refuse(b, g->want,
				      "All policies together need more than %d operations at %s.",
				      TX_HOOK_OPS, b->point->place.name);
		return NULL;
	}
	row = &b->op[b->ops++];
	*row = (struct tx_op_row){ .op = op,
				   .source = g->term->subject.source,
				   .arg = g->term->subject.arg,
				   .sub = g->term->subject.sub };
	return row;
}

/* All but the last are "or the next"; each says whether the whole is turned round. */
static void end_group(struct group *g)
{
	struct build *b = g->b;

	if (!g->err && b->ops == g->first)
		group_add(g, TX_OP_NEVER);
	for (uint32_t i = g->first; i < b->ops; i++) {
		struct tx_op_row *row = &b->op[i];

		if (row->op == TX_OP_CODE)
			continue;
		if (i + 1 < b->ops)
			row->flags |= TX_OPROW_MORE;
		if (g->term->inverted)
			row->flags |= TX_OPROW_NOT;
	}
}

static int emit(struct build *b, const struct build_term *term)
{
	struct group g = {
		.b = b, .want = (struct built_want *)term->want, .term = term, .first = b->ops
	};

	if (term->filter->flags & TX_FILTER_F_FOLLOW)
		group_follow(&g);
	switch (term->filter->kind) {
	case TX_FILTER_INT_MASK:
		group_bits(&g, TX_OP_MASK);
		break;
	case TX_FILTER_STR_SUBSTRING:
	case TX_FILTER_STR_SUBSTRING_NOCASE:
		group_substrings(&g);
		break;
	case TX_FILTER_CAPS_GAINED:
		group_bits(&g, TX_OP_CAPS_GAINED);
		break;
	case TX_FILTER_NAMESPACE_CHANGE:
		group_bits(&g, TX_OP_NAMESPACE_CHANGED);
		break;
	case TX_FILTER_CAPABILITY:
		group_bits(&g, TX_OP_CAPABILITY);
		break;
	case TX_FILTER_CAPABILITY_CHANGE:
		group_bits(&g, TX_OP_CAPABILITY_CHANGED);
		break;
	case TX_FILTER_EXPRESSION:
		group_code(&g);
		break;
	default:
		if (term->numbers)
			group_numbers(&g);
		else
			group_in_set(&g);
	}
	end_group(&g);
	return g.err;
}

/* What costs most comes last: a selector fails at the first group that does. */
static bool is_costly(const struct build_term *term)
{
	return !term->numbers && term->filter->kind != TX_FILTER_NAMESPACE_CHANGE &&
	       term->filter->kind != TX_FILTER_CAPABILITY &&
	       term->filter->kind != TX_FILTER_CAPABILITY_CHANGE;
}

/* Operations of a selector whose terms are [from, to). */
static int emit_all(struct build *b, uint32_t from, uint32_t to, bool at_return, uint16_t *first,
		    uint16_t *count)
{
	uint32_t before = b->ops;

	for (int costly = 0; costly < 2; costly++)
		for (uint32_t i = from; i < to; i++) {
			const struct build_term *t = &b->terms[i];
			int err;

			if (t->slot != TX_NO_POSITION || t->at_return != at_return ||
			    is_costly(t) != costly)
				continue;
			err = emit(b, t);
			if (err)
				return err;
		}
	*first = before;
	*count = b->ops - before;
	return 0;
}

int build_ops(struct build *b)
{
	uint32_t from = 0;
	int err = 0;

	for (uint32_t bit = 0; bit < b->selectors && !err; bit++) {
		struct tx_selector_row *row = &b->selector[bit];
		uint32_t to = from;

		while (to < b->term_count && b->terms[to].bit == bit)
			to++;
		err = emit_all(b, from, to, false, &row->op, &row->ops);
		if (!err)
			err = emit_all(b, from, to, true, &row->return_op, &row->return_ops);
		from = to;
	}
	return err;
}
