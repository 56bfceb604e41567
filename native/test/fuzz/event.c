// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Any bytes as a policy's record: refused, or a line of good JSON that is not too long. */
#include <stdint.h>
#include <stdlib.h>

#include "../match/json_check.h"
#include "event.h"
#include "event_ksyms.h"
#include "line.h"
#include "loss.h"
#include "record.h"
#include "walk.h"

#define NOW 5000000000ULL
#define HEAD 8 /* bytes that say what the selector is like; the record lies behind them */

static struct segments out;

static void setup(void)
{
	static char buffer[4 * LINE_MAX_BYTES];

	if (out.buffer.buf)
		return;
	out = (struct segments){ .fd = -1, .buffer = { .buf = buffer, .cap = sizeof(buffer) } };
	WALK_HOLDS(!proc_table_open() && !line_setup(&out, "node") && !loss_open(1));
	ksyms_load("/dev/null", NOW);
}

static bool lookup(void *context, const struct tx_policy_event *e, uint32_t bit,
		   struct event_selector *s)
{
	static const char *const actions[] = { "POST", "SIGKILL", "OVERRIDE", "" };
	static const char *const labels[TX_HOOK_ARGS] = { "a", NULL, "\n", "" };
	const uint8_t *head = context;

	(void)e;
	*s = (struct event_selector){ .policy = "policy",
				      .message = head[0] & 1 ? "a message" : "",
				      .tags_json = head[0] & 2 ? "[\"tag\"]" : "",
				      .function = head[0] & 4 ? "function" : "",
				      .kind = TX_HOOK_KPROBE + head[1] % 7,
				      .group = "group",
				      .path = "/path",
				      .offset = head[2],
				      .ref_ctr = head[2] >> 4,
				      .action = actions[head[3] & 3],
				      .return_action = actions[head[3] >> 2 & 3],
				      .monitor = head[0] & 8,
				      .loader = head[0] & 64,
				      .bit = bit,
				      .args = head[4] % (TX_HOOK_ARGS + 1),
				      .data_from = head[5] % (TX_HOOK_ARGS + 1),
				      .position = head,
				      .labels = head[0] & 16 ? labels : NULL,
				      .wants_return = head[0] & 32,
				      .return_position = head[6],
				      .return_label = "r" };
	return head[7] != bit;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = size > HEAD ? size - HEAD : 0;
	struct tx_policy_event *e = malloc(len ? len : 1); /* what lies behind it is noticed */
	uint8_t head[TX_HOOK_ARGS + HEAD] = { 0 };
	const char *at, *end;

	setup();
	memcpy(head, data, size < HEAD ? size : HEAD);
	memcpy(e, data + (size < HEAD ? size : HEAD), len);
	if (len >= sizeof(*e)) {
		e->h.tgid = 0; /* not to look at processes of this machine */
		e->h.ktime = NOW;
		e->posted[1] = e->posted[2] = e->enforced[2] = 0;
	}
	WALK_HOLDS(policy_event_format(e, len, lookup, head, "kprobe") ==
		   policy_event_valid(e, len));
	at = out.buffer.buf;
	end = at + out.buffer.len;
	while (at < end) {
		const char *stop = memchr(at, '\n', end - at);

		WALK_HOLDS(stop && stop - at < LINE_MAX_BYTES && json_valid(at, stop - at));
		at = stop + 1;
	}
	out.buffer.len = 0;
	free(e);
	return 0;
}
