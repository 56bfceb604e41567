// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Plans with more of something than there may be, or made to keep us busy. */
#include "plans.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "../fuzz/sample.h"
#include "unit.h"

static char why[256];

/* An empty plan with room for so many records. */
static char *raw_plan(const uint32_t counts[TX_PLAN_SECTIONS], size_t *size)
{
	static const uint32_t sizes[TX_PLAN_SECTIONS] = { 40, 112, 48, 40, 24, 24, 32, 16, 1 };
	struct tx_plan_header h = { .version = TX_PLAN_VERSION };
	struct tx_plan_policy policy = { .name = { 0, 1 } };
	char *bytes;

	*size = sizeof(h);
	memcpy(h.magic, TX_PLAN_MAGIC, sizeof(h.magic));
	for (int i = 0; i < TX_PLAN_SECTIONS; i++) {
		h.section[i].offset = *size;
		h.section[i].count = counts[i];
		*size += counts[i] * sizes[i];
	}
	bytes = calloc(1, *size);
	memcpy(bytes, &h, sizeof(h));
	memcpy(bytes + sizeof(h), &policy, sizeof(policy));
	bytes[*size - 8] = 'x';
	return bytes;
}

static void *section(char *bytes, enum tx_plan_section section)
{
	return bytes + ((struct tx_plan_header *)bytes)->section[section].offset;
}

/* The largest lists that share everything: refused before all of it is looked at. */
static void busy(void)
{
	static const uint32_t counts[TX_PLAN_SECTIONS] = { 1, 0, 0, 0, 1000, 100000, 0, 0, 8 };
	struct tx_plan_filter *f;
	struct plan plan;
	size_t size;
	char *bytes = raw_plan(counts, &size);

	f = section(bytes, TX_PLAN_FILTERS);
	for (int i = 0; i < 1000; i++) {
		f[i].kind = TX_FILTER_PID;
		f[i].values.count = 100000;
	}
	sample_seal(bytes, size);
	CHECK(plan_check(&plan, bytes, size, why, sizeof(why)) == -EINVAL);
	CHECK(strstr(why, "its records name the same things too often") != NULL);
	free(bytes);
}

/* The same of hooks: each of them short, together more than anyone could build. */
static void shared(void)
{
	static const uint32_t counts[TX_PLAN_SECTIONS] = { 1, 4096, 0, 256, 1, 1000, 0, 0, 8 };
	struct tx_plan_selector *s;
	struct tx_plan_filter *f;
	struct tx_plan_hook *h;
	struct plan plan;
	size_t size;
	char *bytes = raw_plan(counts, &size);

	f = section(bytes, TX_PLAN_FILTERS);
	f->kind = TX_FILTER_PID;
	f->values.count = 1000;
	s = section(bytes, TX_PLAN_SELECTORS);
	for (int i = 0; i < 256; i++)
		s[i].filters.count = 1;
	h = section(bytes, TX_PLAN_HOOKS);
	for (int i = 0; i < 4096; i++) {
		h[i].kind = TX_HOOK_LSM;
		h[i].call.length = 1;
		h[i].return_arg = TX_PLAN_NONE;
		h[i].selectors.count = 3;
	}
	sample_seal(bytes, size);
	CHECK(!plan_check(&plan, bytes, size, why, sizeof(why)));
	for (int i = 0; i < 4096; i++)
		h[i].selectors.count = 256;
	sample_seal(bytes, size);
	CHECK(plan_check(&plan, bytes, size, why, sizeof(why)) == -EINVAL);
	CHECK(strstr(why, "share selectors, filters and values too often") != NULL);
	free(bytes);
}

/* One hook with so many arguments, selectors, actions of the first, and perhaps a return value. */
static int crowd(uint32_t args, uint32_t selectors, uint32_t actions, bool has_return)
{
	uint32_t counts[TX_PLAN_SECTIONS] = { 1, 1, args + 1, selectors, 0, 0, actions, 0, 8 };
	struct tx_plan_selector *s;
	struct tx_plan_action *action;
	struct tx_plan_hook *h;
	struct tx_plan_arg *a;
	struct plan plan;
	size_t size;
	char *bytes = raw_plan(counts, &size);
	int err;

	a = section(bytes, TX_PLAN_ARGS);
	for (uint32_t i = 0; i <= args; i++)
		a[i].size_index = TX_PLAN_NONE;
	a[args].source = TX_SOURCE_RETURN;
	action = section(bytes, TX_PLAN_ACTIONS);
	for (uint32_t i = 0; i < actions; i++)
		action[i].kind = TX_ACTION_POST;
	s = section(bytes, TX_PLAN_SELECTORS);
	s->actions.count = actions;
	h = section(bytes, TX_PLAN_HOOKS);
	h->kind = TX_HOOK_FENTRY;
	h->call.length = 1;
	h->args.count = args;
	h->selectors.count = selectors;
	h->return_arg = has_return ? args : TX_PLAN_NONE;
	sample_seal(bytes, size);
	err = plan_check(&plan, bytes, size, why, sizeof(why));
	free(bytes);
	return err;
}

/* An expression that puts count values on the stack before it takes any. */
static int stack(uint32_t count)
{
	uint32_t counts[TX_PLAN_SECTIONS] = { 1, 0, 0, 0, 1, 0, 0, 2 * count - 1, 8 };
	struct tx_plan_filter *f;
	struct tx_plan_code *code;
	struct plan plan;
	size_t size;
	char *bytes = raw_plan(counts, &size);
	int err;

	f = section(bytes, TX_PLAN_FILTERS);
	f->kind = TX_FILTER_EXPRESSION;
	f->code.count = 2 * count - 1;
	code = section(bytes, TX_PLAN_CODE);
	for (uint32_t i = 0; i < 2 * count - 1; i++)
		code[i].op = i < count ? TX_CODE_CONST : TX_CODE_LOGIC_OR;
	sample_seal(bytes, size);
	err = plan_check(&plan, bytes, size, why, sizeof(why));
	free(bytes);
	return err;
}

int main(void)
{
	busy();
	shared();
	CHECK(!crowd(8, 256, 16, false) && !crowd(7, 1, 0, true));
	CHECK(crowd(9, 1, 0, false) == -EINVAL && strstr(why, "has 9 arguments"));
	CHECK(crowd(8, 1, 0, true) == -EINVAL && strstr(why, "has 9 arguments"));
	CHECK(crowd(1, 257, 0, false) == -EINVAL && strstr(why, "has 257 selectors"));
	CHECK(crowd(1, 1, 17, false) == -EINVAL && strstr(why, "has 17 actions"));
	CHECK(!stack(1) && !stack(64));
	CHECK(stack(65) == -EINVAL && strstr(why, "more than 64 values"));
	return unit_end("plan_size");
}
