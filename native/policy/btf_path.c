// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "btf_path.h"

#include <bpf/btf.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NESTED 16 /* anonymous structs in one another */
#define PART 64

/* Where we are: in a thing of a type, at offset from the value the steps so far have led to. */
struct walk {
	const struct btf *btf;
	const struct btf_type *t;
	uint32_t id;
	uint32_t declared; /* the same by the name it is declared with: a typedef, maybe */
	uint64_t offset;
	struct tx_arg_row *row;
	bool first; /* nothing followed yet: an index counts from the pointer itself */
	char *why;
	size_t why_size;
};

static int fail(struct walk *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->why, w->why_size, format, args);
	va_end(args);
	return -EINVAL;
}

static void enter(struct walk *w, uint32_t id)
{
	int at = btf__resolve_type(w->btf, id);

	w->declared = id;
	/* Refuses structs only declared, which then stand for themselves. */
	w->id = at > 0 ? (uint32_t)at : id;
	w->t = w->id ? btf__type_by_id(w->btf, w->id) : NULL;
}

static const char *name_of(const struct walk *w)
{
	const char *name = w->t ? btf__name_by_offset(w->btf, w->t->name_off) : NULL;

	return name && *name ? name : "it";
}

static int add_step(struct walk *w, bool deref)
{
	struct tx_arg_row *row = w->row;

	if (row->steps == TX_RESOLVE_STEPS)
		return fail(w, "more than %d pointers are to be followed", TX_RESOLVE_STEPS);
	if (w->offset > UINT32_MAX)
		return fail(w, "the offset is too large");
	row->step[row->steps].offset = w->offset;
	row->step[row->steps].deref = deref;
	row->steps++;
	w->offset = 0;
	return 0;
}

/* A pointer in memory is followed. */
static int follow(struct walk *w)
{
	int err = add_step(w, true);

	if (!err)
		enter(w, w->t->type);
	return err;
}

/* bit_size: 0 unless it is a bit field. */
static const struct btf_member *member(const struct btf_type *t, int index, uint32_t *bit,
				       uint32_t *bit_size)
{
	*bit = btf_member_bit_offset(t, index);
	*bit_size = btf_member_bitfield_size(t, index);
	return btf_members(t) + index;
}

/* Looks into anonymous members too, breadth last: the compiler allows no name twice. */
static int find_member(struct walk *w, const char *name)
{
	struct {
		const struct btf_type *t;
		uint64_t bit;
		int next;
	} stack[NESTED] = { { w->t, 0, 0 } };
	int depth = 1;

	while (depth) {
		const struct btf_type *t = stack[depth - 1].t;
		int index = stack[depth - 1].next++;
		const struct btf_member *m;
		uint32_t bit, bit_size;
		const char *own;
		int inner;

		if (index >= btf_vlen(t)) {
			depth--;
			continue;
		}
		m = member(t, index, &bit, &bit_size);
		own = btf__name_by_offset(w->btf, m->name_off);
		if (own && *own) {
			if (strcmp(own, name))
				continue;
			if (bit_size || (stack[depth - 1].bit + bit) % 8)
				return fail(w, "%s is a bit field, which cannot be read", name);
			w->offset += (stack[depth - 1].bit + bit) / 8;
			enter(w, m->type);
			return 0;
		}
		inner = btf__resolve_type(w->btf, m->type);
		if (inner > 0 && depth < NESTED &&
		    btf_is_composite(btf__type_by_id(w->btf, inner))) {
			stack[depth].t = btf__type_by_id(w->btf, inner);
			stack[depth].bit = stack[depth - 1].bit + bit;
			stack[depth].next = 0;
			depth++;
		}
	}
	return fail(w, "%s has no member %s", name_of(w), name);
}

static int take_name(struct walk *w, const char *name)
{
	int err = 0;

	if (w->t && btf_is_ptr(w->t))
		err = follow(w);
	if (err)
		return err;
	if (!w->t || !btf_is_composite(w->t))
		return fail(w, "%s cannot be looked for: %s has no members the kernel's BTF knows",
			    name, name_of(w));
	w->first = false;
	return find_member(w, name);
}

static int add_elements(struct walk *w, uint32_t id, uint64_t index)
{
	long long size = btf__resolve_size(w->btf, id);

	if (size <= 0)
		return fail(w, "[%llu]: the size of the elements is unknown",
			    (unsigned long long)index);
	w->offset += index * size;
	return 0;
}

static int take_index(struct walk *w, uint64_t index)
{
	int err;

	if (w->first) {
		err = add_elements(w, w->id, index);
	} else if (w->t && btf_is_array(w->t)) {
		const struct btf_array *array = btf_array(w->t);

		if (array->nelems && index >= array->nelems)
			return fail(w, "[%llu]: the array has %u elements",
				    (unsigned long long)index, array->nelems);
		err = add_elements(w, array->type, index);
		if (!err)
			enter(w, array->type);
	} else if (w->t && btf_is_ptr(w->t)) {
		err = follow(w);
		if (!err)
			err = add_elements(w, w->id, index);
	} else {
		err = fail(w, "[%llu]: %s is no array", (unsigned long long)index, name_of(w));
	}
	w->first = false;
	return err;
}

/* The last part: what is there, and how the program gets at it. */
static int arrive(struct walk *w, struct shape *end)
{
	/* Since 6.3 kernel_cap_t is a struct without a name: only its typedef tells what it is. */
	bool nameless = w->t && btf_is_composite(w->t) && !w->t->name_off;

	shape_from_btf(w->btf, nameless ? w->declared : w->id, end);
	switch (end->kind) {
	case SHAPE_POINTER:
		return add_step(w, true);
	case SHAPE_INTEGER:
		if (!end->width || end->width > 8 || (end->width & (end->width - 1)))
			return fail(w, "an integer of %d bytes cannot be read", end->width);
		w->row->width = end->width;
		w->row->is_signed = end->is_signed;
		break;
	case SHAPE_ARRAY:
	case SHAPE_OBJECT:
		break;
	default:
		return fail(w, "what is there has no type the kernel's BTF knows");
	}
	w->row->flags |= TX_ARGROW_ADDRESS;
	return add_step(w, false);
}

static int follow_parts(struct walk *w, const char *text)
{
	for (int parts = 0; *text; parts++) {
		char name[PART];
		size_t n = 0;
		int err;

		if (parts == PATH_PARTS)
			return fail(w, "it has more than %d parts", PATH_PARTS);
		if (*text == '[') {
			char *end;
			unsigned long index = strtoul(text + 1, &end, 10);

			if (!isdigit((unsigned char)text[1]) || *end != ']' || index > 1 << 20)
				return fail(w, "\"%.20s\" is no index", text);
			text = end + 1;
			err = take_index(w, index);
		} else {
			text += *text == '.';
			while (isalnum((unsigned char)text[n]) || text[n] == '_')
				n++;
			if (!n || n >= sizeof(name))
				return fail(w, "\"%.20s\" is no name of a member", text);
			snprintf(name, sizeof(name), "%.*s", (int)n, text);
			text += n;
			err = take_name(w, name);
		}
		if (err)
			return err;
	}
	return 0;
}

int btf_path_from(const struct btf *btf, uint32_t pointee, const char *text, struct tx_arg_row *row,
		  struct shape *end, char *why, size_t why_size)
{
	struct walk w = { .btf = btf, .row = row, .first = true, .why = why, .why_size = why_size };
	int err;

	enter(&w, pointee);
	if (!*text) { /* the pointer itself */
		shape_from_btf(btf, pointee, end);
		end->kind = SHAPE_POINTER;
		return 0;
	}
	err = follow_parts(&w, text);
	return err ? err : arrive(&w, end);
}

int btf_path(const struct btf *btf, uint32_t type_id, const char *text, struct tx_arg_row *row,
	     struct shape *end, char *why, size_t why_size)
{
	int id = btf__resolve_type(btf, type_id);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;

	shape_from_btf(btf, type_id, end);
	if (!*text)
		return 0;
	if (!t || !btf_is_ptr(t)) {
		snprintf(why, why_size, "the argument is %s, not a pointer to follow", end->words);
		return -EINVAL;
	}
	return btf_path_from(btf, t->type, text, row, end, why, why_size);
}

uint32_t btf_path_type(const struct btf *btf, const char *name)
{
	static const int kinds[] = { BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_TYPEDEF,
				     BTF_KIND_INT, BTF_KIND_ENUM };
	char bare[128];
	size_t n;

	if (!strncmp(name, "struct ", 7))
		name += 7;
	else if (!strncmp(name, "union ", 6))
		name += 6;
	n = strcspn(name, " *");
	if (!n || n >= sizeof(bare))
		return 0;
	snprintf(bare, sizeof(bare), "%.*s", (int)n, name);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int id = btf__find_by_name_kind(btf, bare, kinds[i]);

		if (id > 0)
			return id;
	}
	return 0;
}
