/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A plan of one hook, to be resolved. */
#ifndef TELOVIX_RESOLVE_PLAN_H
#define TELOVIX_RESOLVE_PLAN_H

#include "resolve.h"
#include "unit.h"

static char text[4096];
static uint32_t used;

static struct tx_plan_policy policy;
static struct tx_plan_hook hook;
static struct tx_plan_arg args[TX_HOOK_ARGS + 1];
static struct tx_plan_selector selector;
static struct tx_plan_filter filter;
static struct tx_plan_value value;
static struct plan plan = { .policy = &policy,
			    .hooks = &hook,
			    .args = args,
			    .selectors = &selector,
			    .filters = &filter,
			    .values = &value,
			    .text = text,
			    .count = { [TX_PLAN_HOOKS] = 1 } };
static struct want *wants;

static struct tx_plan_text put(const char *from)
{
	struct tx_plan_text at = { used, strlen(from) };

	memcpy(text + used, from, at.length);
	used += at.length;
	return at;
}

static void begin(uint32_t kind, uint32_t flags, const char *group, const char *call)
{
	wants_free(wants);
	wants = NULL;
	used = 0;
	memset(&hook, 0, sizeof(hook));
	memset(args, 0, sizeof(args));
	hook.kind = kind;
	hook.flags = flags;
	hook.call = put(call);
	hook.group = put(group);
	hook.return_arg = TX_PLAN_NONE;
}

static struct tx_plan_arg *argument(uint8_t type, uint8_t index, const char *resolve)
{
	struct tx_plan_arg *a = &args[hook.args.count++];

	a->type = type;
	a->source = TX_SOURCE_ARG;
	a->index = index;
	a->size_index = TX_PLAN_NONE;
	a->resolve = put(resolve);
	return a;
}

#endif
