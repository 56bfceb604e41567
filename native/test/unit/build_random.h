/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Plans made up at random, each with one hook that is wanted at one point. */
#ifndef TELOVIX_BUILD_RANDOM_H
#define TELOVIX_BUILD_RANDOM_H

#include <errno.h>
#include <stdlib.h>

#include "build.h"
#include "build_world.h"

struct random_plan {
	struct plan plan;
	struct tx_plan_policy policy;
	struct tx_plan_hook hook;
	struct tx_plan_arg args[TX_HOOK_ARGS];
	struct tx_plan_selector selectors[8];
	struct tx_plan_filter filters[128];
	struct tx_plan_value values[2048];
	struct tx_plan_action actions[32];
	struct tx_plan_code code[256];
	char text[65536];
	struct want want;
	uint32_t *count;
};

static const uint64_t random_cgroups[] = { 1, 2, 3 };

static int random_call(const char *name, size_t len)
{
	if (*name == '*' || *name == '?')
		return *name == '*' ? BUILD_ALL_CALLS : -1;
	return *name == 'i' ? TX_SYSCALLS + (int)len : (int)len;
}

static int random_follow(const struct plan *plan, const struct tx_plan_filter *f)
{
	return (f - plan->filters) * 37 % 256;
}

/* "w" selects all three; in a namespace there is one. */
static const uint64_t *random_workload(const struct build_scope *scope, uint32_t *count)
{
	*count = scope->namespace_len || *scope->selector != 'w' ? 1 : 3;
	return scope->selector_len && *scope->selector == '?' ? NULL : random_cgroups;
}

static bool random_includes(const struct want *want)
{
	return want->plan;
}

static const struct build_facts test_facts = {
	.includes = random_includes,
	.host_ns = { 0, 1, 2, 0, 1, 2, 0, 1, 2, 0 },
	.call_number = random_call,
	.follow = random_follow,
	.workload = random_workload,
};

static inline struct tx_plan_text add_text(struct random_plan *p, const char *text, uint32_t len)
{
	struct tx_plan_text t = { p->count[TX_PLAN_TEXT], len };

	if (t.offset + len > sizeof(p->text))
		return (struct tx_plan_text){ 0 };
	memcpy(p->text + t.offset, text, len);
	p->count[TX_PLAN_TEXT] += len;
	return t;
}

static inline struct tx_plan_value *add_value(struct random_plan *p)
{
	struct tx_plan_value *v = &p->values[p->count[TX_PLAN_VALUES]++];

	memset(v, 0, sizeof(*v));
	return v;
}

static inline void add_number_value(struct random_plan *p, bool range, bool is_signed)
{
	struct tx_plan_value *v = add_value(p);

	v->a = some_number();
	v->b = range ? (one_in(2) ? v->a + below(5) : some_number()) : 0;
	if (range && one_in(8))
		v->b = is_signed ? INT64_MAX : UINT64_MAX;
	if (one_in(15)) {
		static const char *const names[] = { "abc", "?", "*", "abcdefg" };
		const char *name = names[below(one_in(4) ? 4 : 2)];

		v->a = v->b = 0;
		v->text = add_text(p, name, strlen(name));
	}
}

static inline void add_text_value(struct random_plan *p, uint32_t least, uint32_t most)
{
	struct tx_plan_value *v = add_value(p);
	char text[WORLD_TEXT];
	uint32_t len = some_text(text, most);

	if (len < least) {
		text[0] = 'a';
		len = 1;
	}
	v->text = add_text(p, text, len);
}

static inline void add_address_value(struct random_plan *p)
{
	struct tx_plan_value *v = add_value(p);
	bool four = one_in(2);
	uint8_t address[16];

	some_address(address, four ? 2 : 10);
	v->a = one_in(3) ? 8 : below(four ? 33 : 129);
	/* Host bits are cleared, as the format says. */
	for (uint32_t bit = v->a; bit < 128; bit++)
		address[bit / 8] &= ~(0x80 >> bit % 8);
	v->text = add_text(p, (char *)address, four ? 4 : 16);
}

/* An expression of the two numbers: (x + c == y) or (x < c). */
static inline void add_code(struct random_plan *p, struct tx_plan_filter *f, uint8_t x, uint8_t y)
{
	const struct tx_plan_code steps[] = {
		{ .op = TX_CODE_ARG, .arg = x },
		{ .op = TX_CODE_CONST, .value = some_number() },
		{ .op = one_in(2) ? TX_CODE_ADD : TX_CODE_SUB },
		{ .op = TX_CODE_INT32 },
		{ .op = TX_CODE_ARG, .arg = y },
		{ .op = one_in(2) ? TX_CODE_EQ : TX_CODE_LE_U },
		{ .op = TX_CODE_ARG, .arg = x },
		{ .op = TX_CODE_CONST, .value = some_number() },
		{ .op = TX_CODE_LT_S },
		{ .op = TX_CODE_LOGIC_NOT },
		{ .op = one_in(2) ? TX_CODE_LOGIC_OR : TX_CODE_LOGIC_AND },
	};
	uint32_t n = sizeof(steps) / sizeof(*steps);

	if (p->count[TX_PLAN_CODE] + n > 256)
		return;
	f->code = (struct tx_plan_range){ p->count[TX_PLAN_CODE], n };
	memcpy(&p->code[f->code.first], steps, sizeof(steps));
	p->count[TX_PLAN_CODE] += n;
}

static inline uint8_t some_kind(const struct tx_arg_row *row)
{
	static const uint8_t of_process[] = {
		TX_FILTER_PID,           TX_FILTER_BINARY_EQUAL,
		TX_FILTER_BINARY_PREFIX, TX_FILTER_BINARY_POSTFIX,
		TX_FILTER_NAMESPACE,     TX_FILTER_NAMESPACE_CHANGE,
		TX_FILTER_CAPABILITY,    TX_FILTER_CAPABILITY_CHANGE,
		TX_FILTER_WORKLOAD,
	};

	if (one_in(3))
		return of_process[below(sizeof(of_process))];
	if (row->type == TX_ARG_SOCK)
		return TX_FILTER_SADDR + below(7);
	if (row->type == TX_ARG_STRING)
		return TX_FILTER_STR_EQUAL + below(5);
	if (row->type == TX_ARG_FILE)
		return one_in(3) ? TX_FILTER_FILE_TYPE : TX_FILTER_STR_EQUAL + below(5);
	return one_in(8)   ? TX_FILTER_EXPRESSION
	       : one_in(8) ? TX_FILTER_CAPS_GAINED
	       : one_in(8) ? TX_FILTER_STR_EQUAL
			   : TX_FILTER_INT_EQUAL + below(3);
}

static inline void add_one_value(struct random_plan *p, const struct tx_plan_filter *f,
				 const struct tx_arg_row *row)
{
	struct tx_plan_value *v;
	uint8_t kind = f->kind;

	if (kind == TX_FILTER_STR_EQUAL && f->sub) {
		v = add_value(p);
		v->a = some_number();
		v->b = v->a + (one_in(3) ? below(4) : 0);
		v->text = add_text(p, "12", 2);
	} else if (kind == TX_FILTER_INT_EQUAL || kind == TX_FILTER_INT_RANGE) {
		add_number_value(p, kind == TX_FILTER_INT_RANGE, row->is_signed);
	} else if (kind >= TX_FILTER_STR_EQUAL && kind <= TX_FILTER_STR_SUBSTRING_NOCASE) {
		bool within = kind >= TX_FILTER_STR_SUBSTRING;

		add_text_value(p, within, within || kind == TX_FILTER_STR_POSTFIX ? 100 : 251);
	} else if (kind >= TX_FILTER_BINARY_EQUAL && kind <= TX_FILTER_BINARY_POSTFIX) {
		add_text_value(p, 0, 120);
	} else if (kind == TX_FILTER_SADDR || kind == TX_FILTER_DADDR) {
		add_address_value(p);
	} else if (kind == TX_FILTER_SPORT || kind == TX_FILTER_DPORT) {
		v = add_value(p);
		v->a = one_in(3) ? 443 : below(1000);
		v->b = v->a + (one_in(2) ? 0 : one_in(2) ? below(20) : 1000);
	} else if (kind == TX_FILTER_WORKLOAD) {
		static const char *const texts[] = { "w", "one", "?", "{\"hostSelector\":{}}" };
		const char *text = texts[below(4)];

		add_value(p)->text = add_text(p, text, strlen(text));
	} else {
		v = add_value(p);
		v->a = kind == TX_FILTER_PROTOCOL                ? (one_in(2) ? 6 : 17)
		       : kind == TX_FILTER_FAMILY                ? (one_in(2) ? 2 : 10)
		       : kind == TX_FILTER_FILE_TYPE             ? (1 + below(12)) << 12
		       : kind == TX_FILTER_NAMESPACE_CHANGE      ? below(TX_NS_COUNT)
		       : kind == TX_FILTER_NAMESPACE             ? below(3)
		       : kind == TX_FILTER_INT_MASK && one_in(2) ? 1ULL << below(64)
								 : 1 + below(8);
		v->b = kind == TX_FILTER_NAMESPACE && one_in(3);
	}
}

static inline void add_filter(struct random_plan *p, uint8_t arg, uint8_t other)
{
	const struct want *want = &p->want;
	const struct tx_arg_row *row = &want->arg[arg == BUILD_RETURN ? want->args - 1 : arg];
	struct tx_plan_filter *f = &p->filters[p->count[TX_PLAN_FILTERS]++];
	bool number = row->type >= TX_ARG_INT && row->type <= TX_ARG_INT64;
	uint32_t values = one_in(5) ? below(30) : below(4);

	memset(f, 0, sizeof(*f));
	f->kind = some_kind(row);
	f->arg = arg;
	f->flags = f->kind != TX_FILTER_WORKLOAD && one_in(3) ? TX_FILTER_F_NOT : 0;
	if (f->kind == TX_FILTER_PID && one_in(3))
		f->flags |= TX_FILTER_F_NAMESPACE_PID;
	if (f->kind >= TX_FILTER_BINARY_EQUAL && f->kind <= TX_FILTER_BINARY_POSTFIX && one_in(3))
		f->flags |= TX_FILTER_F_PARENT;
	if ((f->kind == TX_FILTER_PID || f->kind == TX_FILTER_BINARY_EQUAL) && one_in(4))
		f->flags |= TX_FILTER_F_FOLLOW;
	if (f->kind == TX_FILTER_CAPABILITY && one_in(3))
		f->flags |= TX_FILTER_F_IN_NAMESPACE;
	if (f->kind == TX_FILTER_CAPABILITY || f->kind == TX_FILTER_CAPABILITY_CHANGE)
		f->sub = below(3);
	if (f->kind == TX_FILTER_NAMESPACE)
		f->sub = below(TX_NS_COUNT);
	if (f->kind == TX_FILTER_CAPS_GAINED)
		f->sub = other;
	if (f->kind == TX_FILTER_STR_EQUAL)
		f->sub = number;
	if (f->kind == TX_FILTER_WORKLOAD)
		values = 1;
	f->values.first = p->count[TX_PLAN_VALUES];
	f->values.count = values;
	if (f->kind == TX_FILTER_EXPRESSION) {
		f->values.count = 0;
		add_code(p, f, arg, other);
	}
	for (uint32_t i = 0; i < f->values.count; i++)
		add_one_value(p, f, row);
}

#endif
