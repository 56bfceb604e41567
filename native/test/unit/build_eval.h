/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the kernel's programs make of a build: slots first, then operations. */
#ifndef TELOVIX_BUILD_EVAL_H
#define TELOVIX_BUILD_EVAL_H

#include "build.h"
#include "build_world.h"

struct eval {
	const struct built *built;
	const struct world *w;
	uint64_t stack[64];
	int top;
};

static inline const struct world_arg *eval_arg(const struct eval *e, uint8_t position)
{
	const struct tx_hook_row *head = &e->built->rows->hook;

	return &e->w->arg[e->built->rows[head->arg_row + position].arg.index];
}

static inline bool eval_number(const struct eval *e, uint8_t source, uint8_t arg, uint8_t sub,
			       uint64_t *v)
{
	const struct world *w = e->w;
	const struct world_arg *a =
		source <= TX_SRC_STATE || source == TX_SRC_MODE ? eval_arg(e, arg) : NULL;

	switch (source) {
	case TX_SRC_VALUE:
		*v = a->value;
		return true;
	case TX_SRC_MODE:
		*v = a->mode & 0xf000;
		return true;
	case TX_SRC_PID:
		*v = w->pid;
		return true;
	case TX_SRC_OWN_PID:
		*v = w->own_pid;
		return true;
	case TX_SRC_NAMESPACE:
		*v = w->ns[sub];
		return true;
	case TX_SRC_CGROUP:
		*v = w->cgroup;
		return true;
	}
	if (!a || !a->has_sock)
		return false;
	*v = source == TX_SRC_SPORT      ? a->sock.sport
	     : source == TX_SRC_DPORT    ? a->sock.dport
	     : source == TX_SRC_PROTOCOL ? a->sock.protocol
	     : source == TX_SRC_FAMILY   ? a->sock.family
					 : a->sock.state;
	return true;
}

static inline bool eval_text(const struct eval *e, uint8_t source, uint8_t arg, char *key,
			     uint32_t *len)
{
	bool argument = source == TX_SRC_TEXT || source == TX_SRC_END;
	bool end =
		source == TX_SRC_END || source == TX_SRC_BINARY_END || source == TX_SRC_PARENT_END;
	const struct world_text *image = source == TX_SRC_PARENT || source == TX_SRC_PARENT_END
						 ? &e->w->parent
						 : &e->w->binary;
	const struct world_arg *a = argument ? eval_arg(e, arg) : NULL;
	const char *from = argument ? a->text : image->text;
	uint32_t n = argument ? a->len : image->len;

	if (argument ? a->missing || (end && a->cut) : !n)
		return false;
	if (end) {
		*len = n < TX_END_KEY ? n : TX_END_KEY;
		for (uint32_t i = 0; i < *len; i++)
			key[i] = from[n - 1 - i];
		return true;
	}
	*len = n < TX_TEXT_KEY ? n : TX_TEXT_KEY;
	memcpy(key, from, *len);
	if (*len < TX_TEXT_KEY)
		key[(*len)++] = 0;
	return true;
}

/* What a trie returns: the longest entry that is a prefix, and that one's value only. */
static inline const struct tx_mask *eval_trie(const struct index_set *set, const char *key,
					      uint32_t bits, uint16_t family)
{
	const struct index_entry *best = NULL;

	for (uint32_t i = 0; i < set->count; i++) {
		const struct index_entry *e = &set->entries[i];
		uint32_t len = set->kind == TX_SLOT_TEXT ? 8 * e->len : e->len, bit = 0;
		const char *have = set->bytes + e->at;

		if (e->family != family || len > bits || (best && e->len < best->len))
			continue;
		while (bit < len && !((have[bit / 8] ^ key[bit / 8]) & (0x80 >> bit % 8)))
			bit++;
		if (bit == len)
			best = e;
	}
	return best ? &best->mask : NULL;
}

static inline const struct tx_mask *eval_find(const struct eval *e, uint8_t kind, uint8_t source,
					      uint8_t arg, uint8_t sub, uint32_t place)
{
	const struct index_set *set = e->built->sets[place];
	const struct world_arg *a;
	char key[TX_TEXT_KEY];
	uint32_t len;
	uint64_t v;

	if (set->kind != kind)
		return NULL;
	switch (kind) {
	case TX_SLOT_INT:
		if (!eval_number(e, source, arg, sub, &v))
			return NULL;
		for (uint32_t i = 0; i < set->count; i++)
			if (set->entries[i].value == v)
				return &set->entries[i].mask;
		return NULL;
	case TX_SLOT_TEXT:
		return eval_text(e, source, arg, key, &len) ? eval_trie(set, key, 8 * len, 0)
							    : NULL;
	}
	a = eval_arg(e, arg);
	if (!a->has_sock || (a->sock.family != 2 && a->sock.family != 10))
		return NULL;
	return eval_trie(set,
			 (const char *)(source == TX_SRC_DADDR ? a->sock.daddr : a->sock.saddr),
			 a->sock.family == 2 ? 32 : 128, a->sock.family);
}

static inline bool eval_compare(const struct tx_op_row *op, uint64_t v)
{
	for (int i = 0; i < op->count; i++) {
		uint64_t from = op->v[2 * i % 15], to = op->v[(2 * i + 1) % 15];

		if (op->op == TX_OP_EQUAL && v == op->v[i])
			return true;
		if (op->op == TX_OP_RANGE && v >= from && v <= to)
			return true;
		if (op->op == TX_OP_RANGE_SIGNED && (int64_t)v >= (int64_t)from &&
		    (int64_t)v <= (int64_t)to)
			return true;
	}
	return op->op == TX_OP_MASK && (v & op->v[0]);
}

static inline bool eval_substring(const struct eval *e, const struct tx_op_row *op)
{
	const struct world_arg *a = eval_arg(e, op->arg);

	for (uint32_t i = 0; !a->missing && i + op->count <= a->len; i++) {
		uint32_t k = 0;

		for (; k < op->count; k++) {
			char c = a->text[i + k];

			if (op->op == TX_OP_SUBSTRING_NOCASE && c >= 'A' && c <= 'Z')
				c += 32;
			if (c != op->text[k])
				break;
		}
		if (k == op->count)
			return true;
	}
	return false;
}

static inline void eval_code(struct eval *e, const struct tx_op_row *op)
{
	uint64_t y = e->top > 0 ? e->stack[e->top - 1] : 0,
		 x = e->top > 1 ? e->stack[e->top - 2] : 0;

	switch (op->sub) {
	case TX_CODE_CONST:
		e->stack[e->top++] = op->v[0];
		return;
	case TX_CODE_ARG:
		e->stack[e->top++] = eval_arg(e, op->arg)->value;
		return;
	case TX_CODE_LOGIC_NOT:
		e->stack[e->top - 1] = !y;
		return;
	case TX_CODE_INT32:
		e->stack[e->top - 1] = (int64_t)(int32_t)y;
		return;
	}
	e->top--;
	e->stack[e->top - 1] = op->sub == TX_CODE_ADD         ? x + y
			       : op->sub == TX_CODE_SUB       ? x - y
			       : op->sub == TX_CODE_EQ        ? x == y
			       : op->sub == TX_CODE_LT_S      ? (int64_t)x < (int64_t)y
			       : op->sub == TX_CODE_LE_U      ? x <= y
			       : op->sub == TX_CODE_LOGIC_AND ? x && y
							      : x || y;
}

static inline bool eval_op(struct eval *e, const struct tx_op_row *op)
{
	const struct world *w = e->w;
	bool truth;
	uint64_t v;

	switch (op->op) {
	case TX_OP_IN_SET:
		return eval_find(e, op->sub, op->source, op->arg, op->count, op->set);
	case TX_OP_SUBSTRING:
	case TX_OP_SUBSTRING_NOCASE:
		return eval_substring(e, op);
	case TX_OP_CAPS_GAINED:
		return eval_arg(e, op->arg)->value & ~eval_arg(e, op->sub)->value & op->v[0];
	case TX_OP_FOLLOW:
		return w->follow[op->count / 64] >> op->count % 64 & 1;
	case TX_OP_NAMESPACE_CHANGED:
		for (int i = 0; i < TX_NS_COUNT; i++)
			if (w->known && (op->v[0] >> i & 1) && w->ns[i] != w->ns_then[i])
				return true;
		return false;
	case TX_OP_CAPABILITY:
		if ((op->flags & TX_OPROW_IN_NAMESPACE) && !w->own_user_ns)
			return false;
		return w->caps[op->sub] & op->v[0];
	case TX_OP_CAPABILITY_CHANGED:
		return w->known && ((w->caps[op->sub] ^ w->caps_then[op->sub]) & op->v[0]);
	case TX_OP_TRUTH:
		truth = e->top && e->stack[e->top - 1];
		e->top = 0;
		return truth;
	case TX_OP_NEVER:
		return false;
	}
	return eval_number(e, op->source, op->arg, op->sub, &v) && eval_compare(op, v);
}

static inline bool eval_ops(struct eval *e, uint32_t first, uint32_t count)
{
	bool group = false;

	e->top = 0;
	for (uint32_t i = first; i < first + count; i++) {
		const struct tx_op_row *op = &e->built->rows[i].op;

		if (op->op == TX_OP_CODE) {
			eval_code(e, op);
			continue;
		}
		group |= eval_op(e, op);
		if (op->flags & TX_OPROW_MORE)
			continue;
		if (group == !!(op->flags & TX_OPROW_NOT))
			return false;
		group = false;
	}
	return true;
}

/* Bits of the selectors that hold at the call; the first of a hook only. */
static inline void eval_run(struct eval *e, struct tx_mask *matched)
{
	const struct tx_hook_row *head = &e->built->rows->hook;
	uint32_t last = UINT32_MAX;
	struct tx_mask mask;

	memcpy(mask.word, head->all, sizeof(mask.word));
	memset(matched, 0, sizeof(*matched));
	for (int i = 0; i < head->slots; i++) {
		const struct tx_slot_row *s = &e->built->rows[head->slot_row + i].slot;
		const struct tx_mask *found =
			eval_find(e, s->kind, s->source, s->arg, s->sub, s->set);

		for (int w = 0; w < TX_MASK_WORDS; w++)
			mask.word[w] &=
				((found ? found->word[w] : 0) ^ s->inverted[w]) | ~s->care[w];
	}
	for (uint32_t bit = 0; bit < head->selectors; bit++) {
		const struct tx_selector_row *s =
			&e->built->rows[head->selector_row + bit].selector;

		if (!(mask.word[bit / 64] >> bit % 64 & 1) || s->hook == last ||
		    !eval_ops(e, s->op, s->ops))
			continue;
		last = s->hook;
		index_mask_set(matched, bit);
	}
}

#endif
