// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* From the short form of a record to the whole one. */
#include <string.h>

#include "event.h"

size_t policy_event_whole(const struct tx_policy_short *from, size_t len,
			  union policy_event_room *room)
{
	struct tx_policy_event *e = &room->e;

	if (len < sizeof(*from) || from->data_len > len - sizeof(*from) ||
	    from->data_len > sizeof(*room) - sizeof(*e) || from->args > TX_SHORT_ARGS)
		return 0;
	memset(e, 0, sizeof(*e));
	e->h = from->h;
	e->h.flags &= ~TX_HF_SHORT;
	e->hook = from->hook;
	e->build = from->build;
	e->posted[0] = from->posted;
	e->call_nr = from->call_nr;
	e->args = from->args;
	e->seen = from->seen;
	e->data_len = e->stacks_end = from->data_len;
	memcpy(e->arg, from->arg, sizeof(from->arg));
	memcpy(e->data, from->data, from->data_len);
	return sizeof(*e) + from->data_len;
}
