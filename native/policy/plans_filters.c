// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Filters of a plan, their values and their code. */
#include "plans_check.h"

#include <errno.h>
#include <string.h>

#include "policy.h"

#define STACK_MAX 64
#define SYSCALL_NAME_MAX 127
#define BINARY_MAX 255 /* longest path that filters on programs know */
#define IFMT 0170000

static int bad_value(struct plan_check *c, uint32_t index, const char *what)
{
	return plan_refuse(c, "values[%u] %s", index, what);
}

/* Syscalls by name stand beside numbers. */
static int check_number(struct plan_check *c, const struct tx_plan_filter *f, uint32_t index)
{
	const struct tx_plan_value *v = &c->plan->values[index];

	if (v->text.length)
		return plan_text_check(c, v->text, PLAN_TEXT_SYMBOL, SYSCALL_NAME_MAX,
				       "values[].text", index);
	if (f->kind == TX_FILTER_INT_RANGE && v->a > v->b && (int64_t)v->a > (int64_t)v->b)
		return bad_value(c, index, "is a range that ends before it begins");
	return 0;
}

static int check_network(struct plan_check *c, uint32_t index)
{
	const struct tx_plan_value *v = &c->plan->values[index];

	if (v->text.length != 4 && v->text.length != 16)
		return bad_value(c, index, "is no address of 4 or 16 bytes");
	if (v->a > v->text.length * 8)
		return bad_value(c, index, "has a prefix longer than its address");
	return 0;
}

static int check_text(struct plan_check *c, const struct tx_plan_filter *f, uint32_t index)
{
	const struct tx_plan_value *v = &c->plan->values[index];
	const char *text = plan_text(c->plan, v->text);
	uint32_t most = TX_PATH_MAX, least = 1;

	switch (f->kind) {
	case TX_FILTER_STR_EQUAL:
		least = 0;
		break;
	case TX_FILTER_STR_POSTFIX:
		most = TX_END_KEY;
		break;
	case TX_FILTER_STR_SUBSTRING:
	case TX_FILTER_STR_SUBSTRING_NOCASE:
		most = sizeof(((struct tx_op_row *)0)->text);
		break;
	case TX_FILTER_BINARY_EQUAL:
	case TX_FILTER_BINARY_PREFIX:
		most = BINARY_MAX;
		break;
	case TX_FILTER_BINARY_POSTFIX:
		most = TX_END_KEY;
		break;
	}
	if (v->text.length < least)
		return bad_value(c, index, "has no text");
	if (v->text.length > most)
		return plan_refuse(c, "values[%u].text has %u bytes, %u are the most", index,
				   v->text.length, most);
	if (f->kind < TX_FILTER_BINARY_EQUAL)
		return 0; /* bytes of any kind */
	if (plan_spend(c, v->text.length / 8))
		return -EINVAL;
	return memchr(text, 0, v->text.length) ? bad_value(c, index, "is a path with a NUL in it")
					       : 0;
}

static int check_value(struct plan_check *c, const struct tx_plan_filter *f, uint32_t index)
{
	const struct tx_plan_value *v = &c->plan->values[index];

	if (!plan_text_fits(c->plan, v->text))
		return bad_value(c, index, "has its text outside of the text");
	switch (f->kind) {
	case TX_FILTER_INT_EQUAL:
	case TX_FILTER_INT_RANGE:
		return check_number(c, f, index);
	case TX_FILTER_STR_EQUAL ... TX_FILTER_STR_SUBSTRING_NOCASE:
	case TX_FILTER_BINARY_EQUAL ... TX_FILTER_BINARY_POSTFIX:
		return check_text(c, f, index);
	case TX_FILTER_SADDR:
	case TX_FILTER_DADDR:
		return check_network(c, index);
	case TX_FILTER_SPORT:
	case TX_FILTER_DPORT:
		return v->a > v->b || v->b > 0xffff ? bad_value(c, index, "is no range of ports")
						    : 0;
	case TX_FILTER_PROTOCOL:
	case TX_FILTER_FAMILY:
		return v->a > 0xffff ? bad_value(c, index, "is above 65535") : 0;
	case TX_FILTER_STATE:
		return v->a > 0xff ? bad_value(c, index, "is above 255") : 0;
	case TX_FILTER_FILE_TYPE:
		return !v->a || (v->a & ~(uint64_t)IFMT) ? bad_value(c, index, "is no file type")
							 : 0;
	case TX_FILTER_PID:
		return v->a > UINT32_MAX ? bad_value(c, index, "is no process id") : 0;
	case TX_FILTER_NAMESPACE:
		return v->b > 1 || v->a > UINT32_MAX ? bad_value(c, index, "is no namespace") : 0;
	case TX_FILTER_NAMESPACE_CHANGE:
		return v->a >= TX_NS_COUNT ? bad_value(c, index, "is no kind of namespace") : 0;
	case TX_FILTER_WORKLOAD:
		if (!v->text.length)
			return bad_value(c, index, "has no text");
		return plan_text_check(c, v->text, PLAN_TEXT_OBJECT, TX_PLAN_MAX, "values[].text",
				       index);
	default:
		return 0;
	}
}

/* How many values an operation takes from the stack; -1: there is no such operation. */
static int takes(uint8_t op)
{
	switch (op) {
	case TX_CODE_CONST:
	case TX_CODE_ARG:
		return 0;
	case TX_CODE_NOT:
	case TX_CODE_LOGIC_NOT:
	case TX_CODE_INT32:
	case TX_CODE_UINT32:
		return 1;
	default:
		return op >= TX_CODE_CONST && op <= TX_CODE_LOGIC_OR ? 2 : -1;
	}
}

static bool need_position(struct plan_need *need, uint8_t position)
{
	if (position == PLAN_RETURN) {
		need->ret = true;
		return true;
	}
	if (position >= need->args)
		need->args = position + 1;
	return position < TX_HOOK_ARGS;
}

static int check_code(struct plan_check *c, const struct tx_plan_filter *f, uint32_t index,
		      struct plan_need *need)
{
	static const uint8_t zero[6];
	int depth = 0;

	for (uint32_t i = 0; i < f->code.count; i++) {
		uint32_t at = f->code.first + i;
		const struct tx_plan_code *code = &c->plan->code[at];
		int n = takes(code->op);

		if (n < 0)
			return plan_refuse(c, "code[%u].op is %u, which is none", at, code->op);
		if (memcmp(code->pad, zero, sizeof(zero)))
			return plan_refuse(c, "code[%u].pad is not 0", at);
		if (code->op == TX_CODE_ARG && !need_position(need, code->arg))
			return plan_refuse(c, "code[%u].arg is %u, a position no hook has", at,
					   code->arg);
		if (depth < n)
			return plan_refuse(c, "code[%u] takes from an empty stack", at);
		depth += 1 - n;
		if (depth > STACK_MAX)
			return plan_refuse(c, "code[%u] puts more than %d values on the stack", at,
					   STACK_MAX);
	}
	if (depth != 1)
		return plan_refuse(c, "the code of filters[%u] leaves %d values and not one", index,
				   depth);
	return 0;
}

/* Those that look at arguments, and how many values they cannot do without. */
static int check_shape(struct plan_check *c, const struct tx_plan_filter *f, uint32_t index,
		       struct plan_need *need)
{
	uint32_t least = 0;

	if (f->kind <= TX_FILTER_CAPS_GAINED && !need_position(need, f->arg))
		return plan_refuse(c, "filters[%u].arg is %u, a position no hook has", index,
				   f->arg);
	switch (f->kind) {
	case TX_FILTER_CAPS_GAINED:
		least = 1;
		if (!need_position(need, f->sub))
			return plan_refuse(c, "filters[%u].sub is %u, a position no hook has",
					   index, f->sub);
		break;
	case TX_FILTER_NAMESPACE:
		if (f->sub >= TX_NS_COUNT)
			return plan_refuse(c, "filters[%u].sub is %u, no kind of namespace", index,
					   f->sub);
		break;
	case TX_FILTER_CAPABILITY:
	case TX_FILTER_CAPABILITY_CHANGE:
		least = 1;
		if (f->sub > TX_CAP_PERMITTED)
			return plan_refuse(c, "filters[%u].sub is %u, no set of capabilities",
					   index, f->sub);
		break;
	case TX_FILTER_WORKLOAD:
		least = 1;
		break;
	}
	if (f->values.count < least)
		return plan_refuse(c, "filters[%u] has no values", index);
	if (f->kind == TX_FILTER_EXPRESSION)
		return check_code(c, f, index, need);
	return f->code.count ? plan_refuse(c, "filters[%u] has code and is no expression", index)
			     : 0;
}

static int check_filter(struct plan_check *c, uint32_t index)
{
	const struct tx_plan_filter *f = &c->plan->filters[index];
	struct plan_need *need = &c->filters[index];
	int err = 0;

	if (f->kind < TX_FILTER_INT_EQUAL || f->kind > TX_FILTER_WORKLOAD)
		return plan_refuse(c, "filters[%u].kind is %u, which is none", index, f->kind);
	if (f->flags & ~(TX_FILTER_F_NOT | TX_FILTER_F_FOLLOW | TX_FILTER_F_NAMESPACE_PID |
			 TX_FILTER_F_PARENT | TX_FILTER_F_IN_NAMESPACE))
		return plan_refuse(c, "filters[%u].flags are 0x%x, some of them unknown", index,
				   f->flags);
	if (f->pad)
		return plan_refuse(c, "filters[%u].pad is not 0", index);
	if (!plan_range_fits(c->plan, TX_PLAN_VALUES, f->values))
		return plan_refuse(c, "filters[%u].values are not there", index);
	if (!plan_range_fits(c->plan, TX_PLAN_CODE, f->code))
		return plan_refuse(c, "filters[%u].code is not there", index);
	need->cost = 1 + (uint64_t)f->values.count + f->code.count;
	if (plan_spend(c, need->cost))
		return -EINVAL;
	for (uint32_t i = 0; !err && i < f->values.count; i++)
		err = check_value(c, f, f->values.first + i);
	return err ? err : check_shape(c, f, index, need);
}

int plan_check_filters(struct plan_check *c)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < c->plan->count[TX_PLAN_FILTERS]; i++)
		err = check_filter(c, i);
	return err;
}
