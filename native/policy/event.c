// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A policy's event as lines. */
#include "event.h"

#include <string.h>

#include "event_part.h"
#include "format.h"
#include "line.h"
#include "loss.h"
#include "track.h"

#define MESSAGE_OUT 2048
#define ENVELOPE 1536 /* of the line, beside texts of the policy and the node's name */

bool policy_event_valid(const struct tx_policy_event *e, size_t len)
{
	uint64_t stacks;

	if (len < sizeof(*e) || len - sizeof(*e) < e->stacks_end)
		return false;
	stacks = (uint64_t)e->data_len + e->kernel_stack + e->user_stack;
	if (e->args > TX_HOOK_ARGS || e->method > TX_METHOD_SET || stacks > e->stacks_end)
		return false;
	if (e->kernel_stack > 8 * TX_STACK_FRAMES || e->user_stack > 8 * TX_STACK_FRAMES)
		return false;
	for (int i = 0; i < e->args; i++) {
		const struct tx_parg *a = &e->arg[i];

		if (a->type >= TX_ARG_TYPES || a->offset > e->data_len ||
		    a->len > e->data_len - a->offset)
			return false;
	}
	return true;
}

bool policy_event_format(const struct tx_policy_event *e, size_t len, event_lookup lookup,
			 void *context, const char *backend)
{
	struct event_selector s;
	struct proc *p;

	if (!policy_event_valid(e, len))
		return false;
	p = track_owner(&e->h);
	if (!p)
		return true;
	for (uint32_t bit = 0; bit < TX_HOOK_SELECTORS; bit++) {
		if (!event_has_bit(e->posted, bit) && !event_has_bit(e->enforced, bit))
			continue;
		memset(&s, 0, sizeof(s));
		if (lookup(context, e, bit, &s))
			policy_event_line(p, e, &s, backend);
		else
			loss_add(LOSS_FORMAT, LOSS_NO_CPU, 1, e->h.ktime, e->h.ktime);
	}
	return true;
}

static const char *line_name(enum tx_plan_hook_kind kind)
{
	switch (kind) {
	case TX_HOOK_LSM:
		return "process_lsm";
	case TX_HOOK_TRACEPOINT:
	case TX_HOOK_RAW_TRACEPOINT:
		return "process_tracepoint";
	case TX_HOOK_UPROBE:
		return "process_uprobe";
	case TX_HOOK_USDT:
		return "process_usdt";
	default:
		return "process_kprobe";
	}
}

/* Where it happened. */
static void place(struct json *j, const struct event_selector *s)
{
	switch (s->kind) {
	case TX_HOOK_TRACEPOINT:
	case TX_HOOK_RAW_TRACEPOINT:
		json_key_string(j, "subsys", s->group);
		json_key_string(j, "event", s->function);
		break;
	case TX_HOOK_UPROBE:
		json_key_string(j, "path", s->path);
		if (*s->function)
			json_key_string(j, "symbol", s->function);
		else if (s->offset)
			json_key_u64(j, "offset", s->offset);
		if (s->ref_ctr)
			json_key_u64(j, "ref_ctr_offset", s->ref_ctr);
		break;
	case TX_HOOK_USDT:
		json_key_string(j, "path", s->path);
		json_key_string(j, "provider", s->group);
		json_key_string(j, "name", s->function);
		break;
	default:
		json_key_string(j, "function_name", s->function);
	}
}

static const struct tx_parg *arg_of(const struct tx_policy_event *e, uint8_t position)
{
	return position < e->args ? &e->arg[position] : NULL;
}

/* Room for the text or bytes of argument i: its share of what the others and all objects leave. */
static size_t share(const struct json *j, const struct tx_policy_event *e,
		    const struct event_selector *s, uint8_t i, size_t limit)
{
	size_t room = event_room(j, limit), fixed = 0, sharers = 0;

	for (; i < s->args + s->wants_return; i++) {
		const struct tx_parg *a =
			arg_of(e, i < s->args ? s->position[i] : s->return_position);

		if (!a)
			continue;
		fixed += event_arg_bytes(a);
		sharers += event_arg_is_long(a);
	}
	return room > fixed && sharers ? (room - fixed) / sharers : 0;
}

/* args[] and data[]. */
static void arguments(struct json *j, const struct tx_policy_event *e,
		      const struct event_selector *s, size_t limit, struct event_cuts *cuts)
{
	bool open = false;

	for (uint8_t i = 0; i < s->args; i++) {
		const struct tx_parg *a = arg_of(e, s->position[i]);
		size_t max = share(j, e, s, i, limit);

		if (i == s->data_from && open) {
			json_close(j, ']');
			open = false;
		}
		if (a && a->type == TX_ARG_NOP)
			continue;
		if (!open)
			json_key_array(j, i < s->data_from ? "args" : "data");
		open = true;
		json_comma(j);
		if (!event_arg(j, e, a, s->labels ? s->labels[i] : NULL, max))
			event_cut(cuts, i, a);
	}
	if (open)
		json_close(j, ']');
}

static void return_value(struct json *j, const struct tx_policy_event *e,
			 const struct event_selector *s, size_t limit, struct event_cuts *cuts)
{
	const struct tx_parg *a = arg_of(e, s->return_position);

	if (!s->wants_return || !e->has_ret)
		return;
	if (!a) {
		format_return(j, e->ret);
		return;
	}
	json_key(j, "return");
	if (!event_arg(j, e, a, s->return_label, share(j, e, s, s->args, limit)))
		event_cut(cuts, TX_NO_POSITION, a);
}

static void action(struct json *j, const char *key, const char *name)
{
	if (!name || !*name)
		return;
	json_key(j, key);
	json_text(j, "\"KPROBE_ACTION_");
	json_text(j, name);
	json_text(j, "\"");
}

static void policy(struct json *j, const struct event_selector *s)
{
	json_key_string(j, "policy_name", s->policy);
	if (*s->message) {
		json_key(j, "message");
		json_string(j, s->message, strlen(s->message), MESSAGE_OUT);
	}
	if (*s->tags_json) {
		json_key(j, "tags");
		json_text(j, s->tags_json);
	}
}

/* What those take that come behind the arguments and may not be left out. */
static size_t tail_bytes(const struct event_selector *s)
{
	size_t message = 6 * strlen(s->message);

	return ENVELOPE + 2 * strlen(line_node_name()) + 2 * strlen(s->policy) +
	       strlen(s->tags_json) + (message < MESSAGE_OUT ? message : MESSAGE_OUT);
}

void policy_event_line(struct proc *p, const struct tx_policy_event *e,
		       const struct event_selector *s, const char *backend)
{
	struct event_cuts cuts = { .count = 0 };
	size_t limit, stacks;
	struct line line;
	struct json *j;

	if (s->loader) {
		event_loader_line(p, e, s, backend);
		return;
	}
	if (!line_begin(&line, line_name(s->kind)))
		return;
	j = line.j;
	format_actors(j, p, e->h.tid, DETAIL_EVENT);
	place(j, s);
	limit = line.start + LINE_MAX_BYTES - tail_bytes(s);
	stacks = event_stack_bytes(e);
	if (stacks > event_room(j, limit) / 2)
		stacks = event_room(j, limit) / 2;
	arguments(j, e, s, limit - stacks, &cuts);
	return_value(j, e, s, limit - stacks, &cuts);
	action(j, "action", s->action);
	action(j, "return_action", s->return_action);
	cuts.frames = event_kernel_stack(j, e, limit);
	cuts.frames += event_user_stack(j, e, p, limit);
	policy(j, s);
	event_digest(j, e);
	line_envelope(&line, &e->h, e->h.ktime, backend && *backend ? backend : NULL);
	event_enforcement(j, e, s);
	event_left_out(j, &cuts, e->seen);
	line_end(&line);
}
