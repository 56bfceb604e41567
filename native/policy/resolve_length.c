// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The length of an argument that the policy gives no sizeArgIndex for. */
#include <bpf/btf.h>
#include <string.h>

#include "resolve_format.h"
#include "resolve_source.h"

/* As functions name the parameter: addr_len, addrlen, alen, sockaddr_len. */
static uint8_t if_length(const char *name, unsigned index)
{
	return name && strstr(name, "len") ? index : TX_NO_POSITION;
}

static uint8_t length_in_call(const struct format *format, unsigned index)
{
	if (!format || FORMAT_CALL_ARGS + index >= format->count)
		return TX_NO_POSITION;
	return if_length(format->field[FORMAT_CALL_ARGS + index].name, index);
}

static uint8_t length_in_function(const struct arg_source *s, unsigned index)
{
	const struct btf_type *proto = s->proto ? btf__type_by_id(s->btf, s->proto) : NULL;

	if (!proto || index + s->skip >= btf_vlen(proto))
		return TX_NO_POSITION;
	return if_length(btf__name_by_offset(s->btf, btf_params(proto)[index + s->skip].name_off),
			 index);
}

uint8_t arg_length_behind(const struct arg_work *w)
{
	const struct chosen *at = w->s->at;
	unsigned index = w->row->index + 1;

	/* Only what is given next to it, not what a policy found by a way of its own. */
	if (w->row->source != TX_SOURCE_ARG || w->row->steps || index >= REGISTER_ARGS ||
	    (w->row->flags & (TX_ARGROW_FIELD | TX_ARGROW_USDT)))
		return TX_NO_POSITION;
	return arg_is_of_call(at->backend, at->row_flags) ? length_in_call(w->s->format, index)
							  : length_in_function(w->s, index);
}
