// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A short record stands for a whole one; of one that makes no sense there is none. */
#include "unit.h"

#include "event.h"

static union {
	struct tx_policy_short e;
	char bytes[sizeof(struct tx_policy_short) + 64];
} from;
static union policy_event_room room;

static void start(void)
{
	memset(&from, 0, sizeof(from));
	from.e.h = (struct tx_header){ .ktime = 7,
				       .tgid = 8,
				       .type = TX_POLICY_EVENT,
				       .flags = TX_HF_SHORT | TX_HF_NO_OWNER };
	from.e.hook = 3;
	from.e.build = 4;
	from.e.posted = 1ULL << 63;
	from.e.call_nr = 257;
	from.e.args = 2;
	from.e.seen = TX_SEEN_TRAMPOLINE;
	from.e.arg[0] = (struct tx_parg){ .type = TX_ARG_INT, .value = 11 };
	from.e.arg[1] = (struct tx_parg){ .type = TX_ARG_STRING, .offset = 0, .len = 4 };
	from.e.data_len = 8;
	memcpy(from.e.data, "/etc", 5);
}

int main(void)
{
	const struct tx_policy_event *e = &room.e;
	size_t len;

	start();
	memset(&room, 0xff, sizeof(room));
	len = policy_event_whole(&from.e, sizeof(from.e) + 8, &room);
	CHECK(len == sizeof(*e) + 8 && policy_event_valid(e, len));
	CHECK(e->h.ktime == 7 && e->h.tgid == 8 && e->h.flags == TX_HF_NO_OWNER);
	CHECK(e->hook == 3 && e->build == 4 && e->call_nr == 257 && e->seen == TX_SEEN_TRAMPOLINE);
	CHECK(e->posted[0] == 1ULL << 63 && !e->posted[1] && !e->posted[3] && !e->enforced[0]);
	CHECK(!e->ret && !e->has_ret && !e->error && !e->signal && !e->method && !e->ima_len);
	CHECK(e->args == 2 && e->arg[0].value == 11 && e->arg[1].len == 4 && !e->arg[2].type);
	CHECK(!memcmp(e->data, "/etc", 5) && e->stacks_end == 8);

	/* Cut short, speaking of more than it has, of more than there may be. */
	CHECK(!policy_event_whole(&from.e, sizeof(from.e) - 1, &room));
	CHECK(!policy_event_whole(&from.e, sizeof(from.e) + 7, &room));
	from.e.args = TX_SHORT_ARGS + 1;
	CHECK(!policy_event_whole(&from.e, sizeof(from.e) + 8, &room));
	start();
	from.e.data_len = TX_EVENT_DATA + TX_ARG_DATA_MAX + 8;
	CHECK(!policy_event_whole(&from.e, SIZE_MAX, &room));
	/* An argument that lies outside is found as in any other. */
	start();
	from.e.arg[1].len = 9;
	len = policy_event_whole(&from.e, sizeof(from.e) + 8, &room);
	CHECK(len && !policy_event_valid(e, len));
	return unit_end("event_short");
}
