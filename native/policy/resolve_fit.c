// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "resolve_fit.h"

#include <stdio.h>
#include <string.h>

struct fitting {
	uint8_t declared;
	const struct shape *shape;
	struct tx_arg_row *row;
	char *why;
	size_t why_size;
};

static enum fit mismatch(const struct fitting *f)
{
	snprintf(f->why, f->why_size, "declared as %s, the kernel says %s",
		 shape_declared_name(f->declared), f->shape->words);
	return FIT_FORCED;
}

static enum fit impossible(const struct fitting *f, const char *why)
{
	snprintf(f->why, f->why_size, "%s", why);
	f->row->type = TX_ARG_NOP;
	return FIT_NONE;
}

/* In place: the steps lead to its address, or the field is it. */
static bool in_place(const struct shape *shape)
{
	return shape->kind == SHAPE_ARRAY || shape->kind == SHAPE_OBJECT;
}

/* A struct around one number. */
static bool is_wrapped(const char *of)
{
	static const char *const names[] = { "kuid_t", "kgid_t", "kprojid_t", "atomic_t",
					     "refcount_t" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], of))
			return true;
	return false;
}

static enum fit integer(const struct fitting *f, uint8_t width, bool is_signed)
{
	const struct shape *s = f->shape;
	struct tx_arg_row *row = f->row;
	bool stored = row->steps || (row->flags & TX_ARGROW_FIELD);

	row->width = width;
	row->is_signed = is_signed;
	switch (s->kind) {
	case SHAPE_UNKNOWN:
		return FIT_GOOD;
	case SHAPE_INTEGER:
		/* What memory holds, and no more; of a register only what the type fills. */
		if ((stored && !(row->flags & TX_ARGROW_FIELD)) || s->width < width) {
			row->width = s->width;
			row->is_signed = s->is_signed;
		}
		return FIT_GOOD;
	case SHAPE_POINTER:
		row->width = 8;
		return width == 8 ? FIT_GOOD : mismatch(f);
	case SHAPE_OBJECT:
		/* By value, it fills a register like its only member. */
		return !row->steps || is_wrapped(s->of) ? FIT_GOOD : mismatch(f);
	default:
		return mismatch(f);
	}
}

static bool is_bytes(const char *of)
{
	static const char *const names[] = { "char", "unsigned char", "signed char", "u8", "__u8",
					     "s8",   "uint8_t",       "void",        "" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], of))
			return true;
	return false;
}

static enum fit text(const struct fitting *f)
{
	const struct shape *s = f->shape;
	struct tx_arg_row *row = f->row;
	uint64_t bytes = (uint64_t)s->count * s->width;

	switch (s->kind) {
	case SHAPE_UNKNOWN:
		return FIT_GOOD;
	case SHAPE_POINTER:
		return f->declared == TX_ARG_CHAR_BUF || is_bytes(s->of) ? FIT_GOOD : mismatch(f);
	case SHAPE_ARRAY:
		if (row->flags & TX_ARGROW_FIELD) {
			row->flags |= TX_ARGROW_ADDRESS;
			if (f->declared == TX_ARG_CHAR_BUF)
				row->type = TX_ARG_CONST_BUF;
		}
		if (bytes && bytes < row->max)
			row->max = bytes;
		return is_bytes(s->of) || f->declared == TX_ARG_CHAR_BUF ? FIT_GOOD : mismatch(f);
	case SHAPE_LOCATION:
		row->type = TX_ARG_DATA_LOC;
		row->width = 4;
		return FIT_GOOD;
	default:
		return mismatch(f);
	}
}

static enum fit array(const struct fitting *f)
{
	const struct shape *s = f->shape;
	struct tx_arg_row *row = f->row;

	if (s->kind == SHAPE_LOCATION) {
		row->type = TX_ARG_DATA_LOC;
		row->width = 4;
		return FIT_GOOD;
	}
	if (s->kind != SHAPE_ARRAY || !s->count)
		return impossible(f, "it is no array of a known size");
	row->type = TX_ARG_CONST_BUF;
	if (row->flags & TX_ARGROW_FIELD)
		row->flags |= TX_ARGROW_ADDRESS;
	row->width = s->width;
	if ((uint64_t)s->count * s->width < row->max)
		row->max = s->count * s->width;
	/* Only a tracepoint's record is read by offset; elsewhere there is an address to read from.
	 */
	if (!(row->flags & TX_ARGROW_FIELD)) {
		row->type = TX_ARG_CHAR_BUF;
		row->width = 0;
	}
	return FIT_GOOD;
}

static bool is_object(uint8_t declared, const struct shape *s)
{
	switch (declared) {
	case TX_ARG_CAP_INHERITABLE:
	case TX_ARG_CAP_PERMITTED:
	case TX_ARG_CAP_EFFECTIVE:
		return s->type == TX_ARG_KERNEL_CAP_T;
	case TX_ARG_CHAR_IOVEC:
		return !strcmp(s->of, "iovec");
	case TX_ARG_SOCKADDR:
	case TX_ARG_SOCKADDR_UN: /* every family's address goes by the one name */
		return s->type == TX_ARG_SOCKADDR || s->type == TX_ARG_SOCKADDR_UN ||
		       !strncmp(s->of, "sockaddr", 8);
	case TX_ARG_SOCK: /* larger sockets begin with one */
		return s->type == TX_ARG_SOCK || strstr(s->of, "_sock");
	default:
		return s->type == declared;
	}
}

static enum fit object(const struct fitting *f)
{
	const struct shape *s = f->shape;

	switch (s->kind) {
	case SHAPE_UNKNOWN:
		return FIT_GOOD;
	case SHAPE_POINTER:
	case SHAPE_OBJECT:
		return is_object(f->declared, s) || !strcmp(s->of, "void") ? FIT_GOOD : mismatch(f);
	default:
		return mismatch(f);
	}
}

/* What the kernel says goes. */
static enum fit settle_auto(struct fitting *f)
{
	const struct shape *s = f->shape;

	f->declared = s->type;
	if (s->kind == SHAPE_UNKNOWN)
		return impossible(f, "its type has to be given: the kernel does not tell it");
	if (s->type != TX_ARG_AUTO)
		return FIT_GOOD;
	if (s->kind != SHAPE_POINTER)
		return impossible(f, "no type of an argument describes it");
	f->declared = TX_ARG_UINT64;
	snprintf(f->why, f->why_size, "a %s is told as a number", s->words);
	return FIT_FORCED;
}

enum fit fit_argument(uint8_t declared, const struct shape *shape, struct tx_arg_row *row,
		      char *why, size_t why_size)
{
	struct fitting f = { declared, shape, row, why, why_size };
	enum fit found = FIT_GOOD, fit;
	bool is_signed;
	uint8_t width;

	why[0] = 0;
	if (declared == TX_ARG_AUTO) {
		found = settle_auto(&f);
		if (found == FIT_NONE)
			return found;
	}
	row->type = f.declared;
	if (shape->user)
		row->flags |= TX_ARGROW_USER;
	width = shape_declared_width(f.declared, &is_signed);
	if (row->flags & TX_ARGROW_FIELD)
		row->width = 8; /* a pointer, unless what follows says otherwise */
	else if (in_place(shape))
		row->width = 0;
	if (width)
		fit = integer(&f, width, is_signed);
	else if (f.declared == TX_ARG_NOP)
		fit = FIT_GOOD;
	else if (f.declared == TX_ARG_STRING || f.declared == TX_ARG_CHAR_BUF)
		fit = text(&f);
	else if (f.declared == TX_ARG_CONST_BUF || f.declared == TX_ARG_DATA_LOC)
		fit = array(&f);
	else
		fit = object(&f);
	return fit > found ? fit : found;
}
