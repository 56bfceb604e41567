// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A plan's selectors and actions. */
#include "plans_check.h"

#include <errno.h>

#include "policy.h"

#define LABEL_MAX 256
#define ACTIONS_MAX 16 /* of one selector */
#define TARGET_MAX 2048
#define ERRNO_MAX 4095
#define SIGNAL_MAX 64

/* Text an action cannot do without. */
static int check_target(struct plan_check *c, const struct tx_plan_action *a, uint32_t i)
{
	bool named = a->kind == TX_ACTION_GET_URL || a->kind == TX_ACTION_DNS_LOOKUP;
	bool regs = a->flags & TX_ACTION_F_REGS;

	if (plan_text_check(c, a->text, named ? PLAN_TEXT_SYMBOL : PLAN_TEXT_LINES, TARGET_MAX,
			    "actions[].text", i))
		return -EINVAL;
	if ((named || regs) && !a->text.length)
		return plan_refuse(c, "actions[%u].text is empty", i);
	if (regs && a->kind != TX_ACTION_OVERRIDE)
		return plan_refuse(c, "actions[%u] sets registers and is no override", i);
	return 0;
}

static int check_action(struct plan_check *c, uint32_t i)
{
	const struct tx_plan_action *a = &c->plan->actions[i];

	if (a->kind < TX_ACTION_POST || a->kind > TX_ACTION_SET)
		return plan_refuse(c, "actions[%u].kind is %u, which is none", i, a->kind);
	if (a->flags & ~(TX_ACTION_F_KERNEL_STACK | TX_ACTION_F_USER_STACK | TX_ACTION_F_IMA_HASH |
			 TX_ACTION_F_REGS))
		return plan_refuse(c, "actions[%u].flags are 0x%x, some of them unknown", i,
				   a->flags);
	if (a->scope > TX_RATE_GLOBAL)
		return plan_refuse(c, "actions[%u].scope is %u, which is none", i, a->scope);
	if (a->error < -ERRNO_MAX || a->error > ERRNO_MAX)
		return plan_refuse(c, "actions[%u].error is %d, no error number", i, a->error);
	if (a->signal > SIGNAL_MAX || (a->kind == TX_ACTION_SIGNAL && !a->signal))
		return plan_refuse(c, "actions[%u].signal is %u, no signal", i, a->signal);
	return check_target(c, a, i);
}

int plan_check_actions(struct plan_check *c)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < c->plan->count[TX_PLAN_ACTIONS]; i++)
		err = check_action(c, i);
	return err;
}

/* What its filters need, added to need. At the call there is no return value yet. */
static int add_filters(struct plan_check *c, uint32_t i, struct tx_plan_range range, bool at_return,
		       struct plan_need *need)
{
	if (!plan_range_fits(c->plan, TX_PLAN_FILTERS, range))
		return plan_refuse(c, "selectors[%u].%sfilters are not there", i,
				   at_return ? "return_" : "");
	if (plan_spend(c, range.count))
		return -EINVAL;
	for (uint32_t f = 0; f < range.count; f++) {
		const struct plan_need *of = &c->filters[range.first + f];

		if (of->ret && !at_return)
			return plan_refuse(c,
					   "selectors[%u].filters[%u] looks at the return value "
					   "before there is one",
					   i, f);
		need->args = of->args > need->args ? of->args : need->args;
		need->ret |= of->ret;
		need->cost += of->cost;
	}
	return 0;
}

static int add_actions(struct plan_check *c, uint32_t i, struct tx_plan_range range, bool at_return,
		       struct plan_need *need)
{
	const char *what = at_return ? "return_" : "";

	if (!plan_range_fits(c->plan, TX_PLAN_ACTIONS, range))
		return plan_refuse(c, "selectors[%u].%sactions are not there", i, what);
	if (range.count > ACTIONS_MAX)
		return plan_refuse(c, "selectors[%u] has %u %sactions, %d are the most", i,
				   range.count, what, ACTIONS_MAX);
	for (uint32_t a = 0; a < range.count; a++) {
		const struct tx_plan_action *action = &c->plan->actions[range.first + a];
		bool notify = action->kind == TX_ACTION_NOTIFY_ENFORCER;

		if (!notify && action->kind != TX_ACTION_TRACK_SOCK &&
		    action->kind != TX_ACTION_UNTRACK_SOCK && action->kind != TX_ACTION_SET)
			continue;
		if (action->arg == PLAN_RETURN) {
			/* NotifyEnforcer: the system call is the hook's own. */
			if (!notify && !at_return)
				return plan_refuse(c,
						   "selectors[%u].actions[%u] acts on the return "
						   "value before there is one",
						   i, a);
			need->ret |= !notify;
		} else if (action->arg >= TX_HOOK_ARGS) {
			return plan_refuse(c, "actions[%u].arg is %u, a position no hook has",
					   range.first + a, action->arg);
		} else if (action->arg >= need->args) {
			need->args = action->arg + 1;
		}
	}
	need->cost += range.count;
	return 0;
}

static int check_selector(struct plan_check *c, uint32_t i)
{
	const struct tx_plan_selector *s = &c->plan->selectors[i];
	struct plan_need *need = &c->selectors[i];

	need->cost = 1;
	if (add_filters(c, i, s->filters, false, need) ||
	    add_filters(c, i, s->return_filters, true, need) ||
	    add_actions(c, i, s->actions, false, need) ||
	    add_actions(c, i, s->return_actions, true, need))
		return -EINVAL;
	return plan_text_check(c, s->label, PLAN_TEXT_NAME, LABEL_MAX, "selectors[].label", i);
}

int plan_check_selectors(struct plan_check *c)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < c->plan->count[TX_PLAN_SELECTORS]; i++)
		err = check_selector(c, i);
	return err;
}
