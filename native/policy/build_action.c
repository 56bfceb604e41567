// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What a selector does when it holds. */
#include "build_part.h"

#include <string.h>

#include "hash.h"

#define OF_EVENT (TX_SEL_POST | TX_SEL_KERNEL_STACK | TX_SEL_USER_STACK | TX_SEL_IMA)

/* Of each kind the last counts. Notes of the enforcer share error and signal with the rest. */
struct doing {
	struct build *b;
	struct built_want *want;
	struct tx_selector_action a;
	struct tx_plan_action notify;
	bool late; /* the call has returned: no error is its result any more */
};

static void post(struct doing *d, const struct tx_plan_action *p)
{
	d->a.flags = (d->a.flags & ~OF_EVENT) | TX_SEL_POST;
	if (p->flags & TX_ACTION_F_KERNEL_STACK)
		d->a.flags |= TX_SEL_KERNEL_STACK;
	if (p->flags & TX_ACTION_F_USER_STACK)
		d->a.flags |= TX_SEL_USER_STACK;
	if (p->flags & TX_ACTION_F_IMA_HASH)
		d->a.flags |= TX_SEL_IMA;
	d->a.rate_ns = p->interval_ns;
	d->a.rate_scope = p->scope;
}

/* The root cgroup's gate serves the call: with what address. */
static void gate(struct doing *d)
{
	const char *name = d->want->want->place.name, *call = strstr(name, "sys_");

	call = call ? call + 4 : name;
	d->a.flags |= TX_SEL_CGROUP;
	d->a.gate = !strcmp(call, "connect")  ? TX_GATE_CONNECT
		    : !strcmp(call, "sendto") ? TX_GATE_SENDTO
					      : TX_GATE_SENDMSG;
}

static int override(struct doing *d, const struct tx_plan_action *p)
{
	if (d->late || d->want->want->part & WANT_WATCH)
		return 0;
	if (p->flags & TX_ACTION_F_REGS)
		return build_refuse(d->b, d->want, "Registers of a process can't be set.");
	d->a.flags |= d->want->want->part & WANT_MARK ? TX_SEL_MARK : TX_SEL_OVERRIDE;
	if (d->want->want->deny_hook[0][0] == POINT_DENY_CGROUP)
		gate(d);
	d->a.error = p->error > 0 ? -p->error : p->error; /* written either way */
	return 0;
}

static int position_of(struct doing *d, uint8_t arg, uint8_t *to)
{
	*to = build_position(d->want, arg);
	if (*to == TX_NO_POSITION)
		return build_refuse(d->b, d->want, "An action's argument is not read here.");
	return 0;
}

static int do_one(struct doing *d, const struct tx_plan_action *p)
{
	switch (p->kind) {
	case TX_ACTION_POST:
		post(d, p);
		return 0;
	case TX_ACTION_NO_POST:
		d->a.flags &= ~OF_EVENT;
		return 0;
	case TX_ACTION_SIGKILL:
	case TX_ACTION_SIGNAL:
		d->a.flags |= TX_SEL_SIGNAL;
		d->a.signal = p->kind == TX_ACTION_SIGKILL ? 9 : p->signal;
		return 0;
	case TX_ACTION_OVERRIDE:
		return override(d, p);
	case TX_ACTION_NOTIFY_ENFORCER:
		d->a.flags |= TX_SEL_NOTIFY;
		d->notify = *p;
		return 0;
	case TX_ACTION_CLEANUP_ENFORCER:
		d->a.flags |= TX_SEL_CLEANUP;
		return 0;
	case TX_ACTION_TRACK_SOCK:
	case TX_ACTION_UNTRACK_SOCK:
		d->a.flags &= ~(TX_SEL_TRACK | TX_SEL_UNTRACK);
		d->a.flags |= p->kind == TX_ACTION_TRACK_SOCK ? TX_SEL_TRACK : TX_SEL_UNTRACK;
		return position_of(d, p->arg, &d->a.sock_arg);
	case TX_ACTION_SET:
		d->a.flags |= TX_SEL_SET;
		d->a.set_value = p->value;
		return position_of(d, p->arg, &d->a.set_arg);
	default: /* carried out where events are written */
		return 0;
	}
}

static int do_all(struct doing *d, struct tx_plan_range actions)
{
	int err = 0;

	for (uint32_t i = 0; i < actions.count && !err; i++)
		err = do_one(d, &d->want->want->plan->actions[actions.first + i]);
	return err;
}

static int add_notify(struct doing *d)
{
	const struct tx_plan_action *n = &d->notify;
	bool signals = d->a.flags & TX_SEL_SIGNAL,
	     errors = d->a.flags & (TX_SEL_OVERRIDE | TX_SEL_MARK);

	if (!(d->a.flags & TX_SEL_NOTIFY))
		return 0;
	if ((signals && n->signal && n->signal != d->a.signal) ||
	    (errors && n->error && n->error != d->a.error))
		return build_refuse(d->b, d->want,
				    "NotifyEnforcer beside another signal or error than its own.");
	if (!signals)
		d->a.signal = n->signal;
	if (errors || d->late || !(d->want->want->part & WANT_NOTIFY))
		return 0;
	d->a.error = n->error > 0 ? -n->error : n->error;
	if (d->want->want->part & WANT_NOTIFY_GATE)
		gate(d);
	return 0;
}

/* Only the part that this hook point was given. */
static void keep_part(struct tx_selector_action *a, bool event, bool enforce)
{
	if (!event) {
		a->flags &= ~OF_EVENT;
		a->rate_ns = 0;
		a->rate_scope = 0;
	}
	if (!enforce) {
		a->flags &= OF_EVENT;
		a->error = 0;
		a->gate = 0;
		a->signal = 0;
		a->sock_arg = a->set_arg = TX_NO_POSITION;
		a->set_value = 0;
	}
}

/* The same in every build and every run: limits of rate go on through a change of policies. */
static uint32_t stable_id(const struct want *want, uint32_t selector)
{
	const struct plan *plan = want->plan;
	uint32_t hook = want->hook - plan->hooks;
	uint64_t hash = HASH_SEED;

	hash = hash_bytes(hash, plan_text(plan, plan->policy->namespace),
			  plan->policy->namespace.length);
	hash = hash_bytes(hash, "/", 1);
	hash = hash_bytes(hash, plan_text(plan, plan->policy->name), plan->policy->name.length);
	hash = hash_bytes(hash, &hook, sizeof(hook));
	hash = hash_bytes(hash, &selector, sizeof(selector));
	hash ^= hash >> 32;
	return (uint32_t)hash ? (uint32_t)hash : 1;
}

/* returnArgAction: the socket the call returns. */
static int track_return(struct doing *d)
{
	struct tx_plan_action p = { .kind = d->want->want->hook->return_action,
				    .arg = BUILD_RETURN };

	return p.kind && d->b->timing != BUILD_ENTRY ? do_one(d, &p) : 0;
}

/* What matchReturnActions ask for is done where the return is seen, whoever acts at the call. */
static void add_return(struct tx_selector_action *a, const struct tx_selector_action *r)
{
	a->flags = (a->flags & ~OF_EVENT) | r->flags;
	a->rate_ns = r->rate_ns;
	a->rate_scope = r->rate_scope;
	if (r->flags & (TX_SEL_SIGNAL | TX_SEL_NOTIFY))
		a->signal = r->signal;
	if (r->flags & (TX_SEL_TRACK | TX_SEL_UNTRACK))
		a->sock_arg = r->sock_arg;
}

int build_actions(struct build *b, struct built_want *want, uint32_t selector,
		  struct tx_selector_row *row)
{
	const struct tx_plan_selector *s = build_selector(want->want, selector);
	uint32_t part = want->want->part;
	struct doing d = { .b = b, .want = want }, r;
	struct tx_selector_action at_call;
	int err;

	d.a = (struct tx_selector_action){ .flags = TX_SEL_POST,
					   .sock_arg = TX_NO_POSITION,
					   .set_arg = TX_NO_POSITION };
	err = do_all(&d, s->actions);
	if (!err)
		err = add_notify(&d);
	at_call = d.a;
	if (b->timing == BUILD_PAIR) {
		/* Enforced at the call; told when it is known how the call ended. */
		keep_part(&at_call, false, part & WANT_ENFORCE);
		keep_part(&d.a, true, false);
		d.notify = (struct tx_plan_action){ 0 };
	}
	r = d;
	r.late = true;
	keep_part(&r.a, true, false);
	if (!err && b->timing != BUILD_ENTRY)
		err = do_all(&r, s->return_actions);
	if (!err)
		err = track_return(&r);
	if (!err)
		err = add_notify(&r);
	if (err)
		return err;
	keep_part(&d.a, part & WANT_POST, part & WANT_ENFORCE);
	if (!(part & WANT_POST))
		r.a.flags &= ~OF_EVENT;
	if (b->timing != BUILD_ENTRY)
		add_return(&d.a, &r.a);
	*row = (struct tx_selector_row){ .policy = want->want->policy,
					 .id = stable_id(want->want, selector),
					 .hook = want->first };
	row->action = b->timing == BUILD_PAIR ? at_call : d.a;
	if (b->timing == BUILD_PAIR) {
		row->return_action = d.a;
		/* Without a condition at the return, and no limit of rate, it is told whatever
		 * comes. */
		if ((d.a.flags & TX_SEL_POST) && !s->return_filters.count && !d.a.rate_ns)
			row->action.flags |= TX_SEL_KEEP;
	}
	if (part & WANT_COUNTED)
		row->action.flags |= TX_SEL_COUNTED;
	return 0;
}
