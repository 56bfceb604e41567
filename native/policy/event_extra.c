// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What our own object adds to a policy's line: what was enforced, what is not told. */
#include <stdio.h>
#include <string.h>

#include "event_part.h"
#include "names.h"
#include "text.h"

static bool enforces(const char *action)
{
	static const char *const names[] = { "SIGKILL", "SIGNAL", "OVERRIDE", "NOTIFYENFORCER",
					     "SET" };

	for (size_t i = 0; action && i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(action, names[i]))
			return true;
	return false;
}

/* A thread that is only marked meets its fate at another hook. */
static const char *method_name(const struct tx_policy_event *e)
{
	static const char *const names[] = {
		[TX_METHOD_SIGNAL] = "signal",     [TX_METHOD_LSM] = "lsm",
		[TX_METHOD_FMOD_RET] = "fmod_ret", [TX_METHOD_OVERRIDE_RETURN] = "override_return",
		[TX_METHOD_CGROUP] = "cgroup",     [TX_METHOD_SET] = "set",
	};

	if (e->method == TX_METHOD_NONE)
		return e->signal ? "signal" : "mark";
	return names[e->method];
}

void event_enforcement(struct json *j, const struct tx_policy_event *e,
		       const struct event_selector *s)
{
	bool stops = e->method >= TX_METHOD_LSM && e->method <= TX_METHOD_CGROUP;

	if (!event_has_bit(e->enforced, s->bit)) {
		if (!enforces(s->action) && !enforces(s->return_action))
			return;
		if (s->monitor)
			json_key_bool(j, "monitored", true);
		else if (s->guarded)
			json_key_bool(j, "guarded", true);
		return;
	}
	json_key_object(j, "enforced");
	json_key_string(j, "method", method_name(e));
	json_key_bool(j, "stopped", stops);
	if (e->error)
		json_key_signed(j, "error", e->error);
	if (e->signal)
		event_name(j, "signal", name_signal(e->signal), e->signal);
	json_close(j, '}');
}

void event_cut(struct event_cuts *cuts, uint8_t arg, const struct tx_parg *a)
{
	uint32_t size = 0;

	if (!a || cuts->count > TX_HOOK_ARGS)
		return;
	cuts->list[cuts->count].arg = arg;
	/* Of files it is something else. */
	if (a->type < TX_ARG_FILENAME || a->type > TX_ARG_LINUX_BINPRM ||
	    a->type == TX_ARG_IOV_ITER)
		size = a->orig > a->len ? a->orig : 0;
	cuts->list[cuts->count++].size = size;
}

void event_left_out(struct json *j, const struct event_cuts *cuts, uint8_t seen)
{
	if (cuts->count)
		json_key_array(j, "cut");
	for (int i = 0; i < cuts->count; i++) {
		json_comma(j);
		json_open(j, '{');
		if (cuts->list[i].arg == TX_NO_POSITION)
			json_key_bool(j, "return", true);
		else
			json_key_unsigned(j, "arg", cuts->list[i].arg);
		if (cuts->list[i].size)
			json_key_unsigned(j, "size", cuts->list[i].size);
		json_close(j, '}');
	}
	if (cuts->count)
		json_close(j, ']');
	if (cuts->frames)
		json_key_unsigned(j, "frames_left_out", cuts->frames);
	if (seen & TX_SEEN_LATE)
		json_key_bool(j, "late", true);
}

void event_digest(struct json *j, const struct tx_policy_event *e)
{
	size_t bytes;
	const char *name = text_digest(e->ima_algorithm, &bytes);
	char hex[2 * TX_IMA_MAX + 1];

	if (!e->ima_len || !name || bytes > TX_IMA_MAX)
		return;
	for (size_t i = 0; i < bytes; i++)
		snprintf(hex + 2 * i, 3, "%02x", e->ima[i]);
	json_key(j, "ima_hash");
	json_text(j, "\"");
	json_text(j, name);
	json_text(j, ":");
	json_text(j, hex);
	json_text(j, "\"");
}
