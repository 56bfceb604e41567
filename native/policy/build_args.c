// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Arguments of all wants, each read once: equal ones share a place in the record. */
#include "build_part.h"

#include <errno.h>
#include <string.h>

static int place_arg(struct build *b, struct built_want *want, uint8_t i)
{
	struct tx_arg_row row = want->want->arg[i];
	uint32_t at = 0;

	if (row.source == TX_SOURCE_RETURN && b->timing == BUILD_PAIR)
		row.flags |= TX_ARGROW_AT_RETURN;
	while (at < b->args && memcmp(&b->arg[at], &row, sizeof(row)))
		at++;
	if (at == TX_HOOK_ARGS)
		return build_refuse(
			b, want,
			"All policies together look at more than %d different arguments of "
			"%s.",
			TX_HOOK_ARGS, b->point->place.name);
	if (at == b->args)
		b->arg[b->args++] = row;
	want->position[i] = at;
	return 0;
}

int build_args(struct build *b, struct built_want *want)
{
	const struct want *w = want->want;

	want->return_position = TX_NO_POSITION;
	memset(want->position, TX_NO_POSITION, sizeof(want->position));
	if (w->args > TX_HOOK_ARGS)
		return build_refuse(b, want, "It looks at more than %d arguments.", TX_HOOK_ARGS);
	for (uint8_t i = 0; i < w->args; i++)
		if (place_arg(b, want, i))
			return -EINVAL;
	if (w->has_return && w->args)
		want->return_position = want->position[w->args - 1];
	return 0;
}

uint8_t build_plain(const struct tx_arg_row *arg)
{
	if (arg->source != TX_SOURCE_ARG || arg->steps || arg->flags & ~TX_ARGROW_USER)
		return TX_PLAIN_NONE;
	if (arg->type >= TX_ARG_INT && arg->type <= TX_ARG_SIZE)
		return TX_PLAIN_NUMBER;
	if (arg->type == TX_ARG_STRING && arg->flags)
		return TX_PLAIN_STRING;
	return arg->type == TX_ARG_SOCK && !arg->flags ? TX_PLAIN_SOCK : TX_PLAIN_NONE;
}

struct tx_plain_arg build_plain_arg(const struct tx_arg_row *arg)
{
	return (struct tx_plain_arg){ .plain = build_plain(arg),
				      .type = arg->type,
				      .index = arg->index,
				      .width = arg->width,
				      .is_signed = arg->is_signed,
				      .max = arg->max };
}

uint8_t build_position(const struct built_want *want, uint8_t arg)
{
	const struct want *w = want->want;

	if (arg == BUILD_RETURN)
		return want->return_position;
	/* The return value stands behind the arguments, and has its own number. */
	return arg < w->args - (w->has_return && w->args) ? want->position[arg] : TX_NO_POSITION;
}

const struct tx_arg_row *build_arg(const struct build *b, uint8_t position)
{
	return &b->arg[position % TX_HOOK_ARGS];
}
