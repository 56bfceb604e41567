// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A plan's policy, hooks and arguments. */
#include "plans_check.h"

#include <errno.h>

#include "points.h"

#define PLACE(field) (sizeof(((struct point_place *)0)->field) - 1)
#define POLICY_NAME_MAX 253 /* of Kubernetes objects */
#define WORKLOAD_MAX (256 << 10)
#define PATTERN_MAX 1024
#define MESSAGE_MAX 1024 /* 256 characters */
#define TAGS_MAX 16384
#define DIGEST_MAX 16384
#define LABEL_MAX 256
#define BTF_NAME_MAX 127
#define RESOLVE_MAX 1024
#define SIZE_INDEX_MAX 254
#define UNFOLDED_MAX (16ULL << 20)

int plan_check_policy(struct plan_check *c)
{
	const struct tx_plan_policy *p = c->plan->policy;

	if (plan_text_check(c, p->name, PLAN_TEXT_NAME, POLICY_NAME_MAX, "policy.name", 0) ||
	    plan_text_check(c, p->namespace, PLAN_TEXT_NAME, POLICY_NAME_MAX, "policy.namespace",
			    0) ||
	    plan_text_check(c, p->workload, PLAN_TEXT_OBJECT, WORKLOAD_MAX, "policy.workload", 0))
		return -EINVAL;
	if (!p->name.length)
		return plan_refuse(c, "policy.name is empty");
	if (p->mode > TX_MODE_ENFORCE)
		return plan_refuse(c, "policy.mode is %u, which is none", p->mode);
	if (p->override_method > TX_OVERRIDE_RETURN)
		return plan_refuse(c, "policy.override_method is %u, which is none",
				   p->override_method);
	if (p->flags &
	    ~(TX_PLAN_F_NAMESPACED | TX_PLAN_F_NO_KPROBE_MULTI | TX_PLAN_F_NO_UPROBE_MULTI |
	      TX_PLAN_F_LOADER | TX_PLAN_F_HOST | TX_PLAN_F_WORKLOAD))
		return plan_refuse(c, "policy.flags are 0x%x, some of them unknown", p->flags);
	if ((p->flags & TX_PLAN_F_WORKLOAD) && !p->workload.length)
		return plan_refuse(c, "policy.workload is empty");
	if ((p->flags & TX_PLAN_F_NAMESPACED) && !p->namespace.length)
		return plan_refuse(c, "policy.namespace is empty");
	return p->pad ? plan_refuse(c, "policy.pad is not 0") : 0;
}

static int check_arg(struct plan_check *c, uint32_t i)
{
	const struct tx_plan_arg *a = &c->plan->args[i];

	if (a->type >= TX_ARG_TYPES)
		return plan_refuse(c, "args[%u].type is %u, which is none", i, a->type);
	if (a->source > TX_SOURCE_PT_REGS)
		return plan_refuse(c, "args[%u].source is %u, which is none", i, a->source);
	if (a->flags & ~(TX_ARG_F_RETURN_COPY | TX_ARG_F_MAX_DATA | TX_ARG_F_DATA))
		return plan_refuse(c, "args[%u].flags are 0x%x, some of them unknown", i, a->flags);
	if (a->size_index != TX_PLAN_NONE && a->size_index > SIZE_INDEX_MAX)
		return plan_refuse(c, "args[%u].size_index is %u, %d is the most", i, a->size_index,
				   SIZE_INDEX_MAX);
	if (!(a->flags & TX_ARG_F_MAX_DATA) != !a->max_data)
		return plan_refuse(c, "args[%u].max_data is %u and its flag says otherwise", i,
				   a->max_data);
	if (a->pad)
		return plan_refuse(c, "args[%u].pad is not 0", i);
	if (plan_text_check(c, a->resolve, PLAN_TEXT_RESOLVE, RESOLVE_MAX, "args[].resolve", i) ||
	    plan_text_check(c, a->btf_type, PLAN_TEXT_NAME, BTF_NAME_MAX, "args[].btf_type", i) ||
	    plan_text_check(c, a->btf_module, PLAN_TEXT_EVENT, BTF_NAME_MAX, "args[].btf_module",
			    i) ||
	    plan_text_check(c, a->label, PLAN_TEXT_NAME, LABEL_MAX, "args[].label", i))
		return -EINVAL;
	if ((a->source == TX_SOURCE_CURRENT_TASK || a->source == TX_SOURCE_PT_REGS) &&
	    !a->resolve.length)
		return plan_refuse(c, "args[%u].resolve is empty", i);
	return 0;
}

int plan_check_args(struct plan_check *c)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < c->plan->count[TX_PLAN_ARGS]; i++)
		err = check_arg(c, i);
	return err;
}

/* Flags a hook of this kind may have. */
static uint32_t flags_of(uint32_t kind)
{
	switch (kind) {
	case TX_HOOK_KPROBE:
	case TX_HOOK_FENTRY:
		return TX_HOOK_F_SYSCALL | TX_HOOK_F_I386 | TX_HOOK_F_RETURN |
		       TX_HOOK_F_IGNORE_MISSING | TX_HOOK_F_GENERATED_SYSCALLS |
		       TX_HOOK_F_GENERATED_FTRACE | TX_HOOK_F_ENFORCER | TX_HOOK_F_LOADER;
	case TX_HOOK_RAW_TRACEPOINT:
		return TX_HOOK_F_IGNORE_MISSING | TX_HOOK_F_LOADER;
	case TX_HOOK_LSM:
		return TX_HOOK_F_IGNORE_MISSING | TX_HOOK_F_ENFORCER;
	case TX_HOOK_UPROBE:
		return TX_HOOK_F_IGNORE_MISSING | TX_HOOK_F_RETURN | TX_HOOK_F_OFFSET |
		       TX_HOOK_F_ADDRESS | TX_HOOK_F_IGNORE_DIGEST | TX_HOOK_F_URETPROBE;
	default:
		return TX_HOOK_F_IGNORE_MISSING;
	}
}

static int check_kind(struct plan_check *c, const struct tx_plan_hook *h, uint32_t i)
{
	uint32_t generated = TX_HOOK_F_GENERATED_SYSCALLS | TX_HOOK_F_GENERATED_FTRACE;

	if (h->kind < TX_HOOK_KPROBE || h->kind > TX_HOOK_USDT)
		return plan_refuse(c, "hooks[%u].kind is %u, which is none", i, h->kind);
	if (h->flags & ~flags_of(h->kind))
		return plan_refuse(c, "hooks[%u].flags are 0x%x, some of them not of its kind", i,
				   h->flags);
	if ((h->flags & generated) == generated ||
	    (h->flags & (TX_HOOK_F_OFFSET | TX_HOOK_F_ADDRESS)) ==
		    (TX_HOOK_F_OFFSET | TX_HOOK_F_ADDRESS) ||
	    (h->flags & (TX_HOOK_F_SYSCALL | TX_HOOK_F_GENERATED_FTRACE)) ==
		    (TX_HOOK_F_SYSCALL | TX_HOOK_F_GENERATED_FTRACE) ||
	    ((h->flags & TX_HOOK_F_I386) &&
	     !(h->flags & (TX_HOOK_F_SYSCALL | TX_HOOK_F_GENERATED_SYSCALLS))))
		return plan_refuse(c, "hooks[%u].flags are 0x%x, which contradict each other", i,
				   h->flags);
	if (h->return_action && h->return_action != TX_ACTION_TRACK_SOCK &&
	    h->return_action != TX_ACTION_UNTRACK_SOCK)
		return plan_refuse(c, "hooks[%u].return_action is %u, which is none", i,
				   h->return_action);
	return 0;
}

/* Where it is: the names its kind needs, each fit for where it will be used. */
static int check_place(struct plan_check *c, const struct tx_plan_hook *h, uint32_t i)
{
	bool user = h->kind == TX_HOOK_UPROBE || h->kind == TX_HOOK_USDT;
	bool event = h->kind == TX_HOOK_TRACEPOINT || h->kind == TX_HOOK_RAW_TRACEPOINT;
	bool pattern = h->flags & TX_HOOK_F_GENERATED_FTRACE;
	bool unnamed =
		h->flags & (TX_HOOK_F_GENERATED_SYSCALLS | TX_HOOK_F_OFFSET | TX_HOOK_F_ADDRESS);
	enum plan_text_use use = user || pattern ? PLAN_TEXT_NAME
				 : event         ? PLAN_TEXT_EVENT
						 : PLAN_TEXT_SYMBOL;

	if (plan_text_check(c, h->call, use, pattern ? PATTERN_MAX : PLACE(name), "hooks[].call",
			    i) ||
	    plan_text_check(c, h->group, event ? PLAN_TEXT_EVENT : PLAN_TEXT_NAME, PLACE(group),
			    "hooks[].group", i) ||
	    plan_text_check(c, h->path, PLAN_TEXT_PATH, PLACE(path), "hooks[].path", i) ||
	    plan_text_check(c, h->btf, PLAN_TEXT_PATH, TX_PATH_MAX - 1, "hooks[].btf", i) ||
	    plan_text_check(c, h->digest, PLAN_TEXT_LINES, DIGEST_MAX, "hooks[].digest", i) ||
	    plan_text_check(c, h->message, PLAN_TEXT_ANY, MESSAGE_MAX, "hooks[].message", i) ||
	    plan_text_check(c, h->tags, PLAN_TEXT_TAGS, TAGS_MAX, "hooks[].tags", i))
		return -EINVAL;
	if (!h->call.length && !unnamed)
		return plan_refuse(c, "hooks[%u].call is empty", i);
	if (!h->group.length && (h->kind == TX_HOOK_TRACEPOINT || h->kind == TX_HOOK_USDT))
		return plan_refuse(c, "hooks[%u].group is empty", i);
	if (!h->path.length && user)
		return plan_refuse(c, "hooks[%u].path is empty", i);
	return 0;
}

static int check_hook_args(struct plan_check *c, const struct tx_plan_hook *h, uint32_t i)
{
	const struct plan *plan = c->plan;
	bool has_return = h->return_arg != TX_PLAN_NONE;

	if (!plan_range_fits(plan, TX_PLAN_ARGS, h->args))
		return plan_refuse(c, "hooks[%u].args are not there", i);
	if (has_return && h->return_arg >= plan->count[TX_PLAN_ARGS])
		return plan_refuse(c, "hooks[%u].return_arg is not there", i);
	if (has_return && plan->args[h->return_arg].source != TX_SOURCE_RETURN)
		return plan_refuse(c, "hooks[%u].return_arg is no return value", i);
	if (h->return_action && !has_return)
		return plan_refuse(c, "hooks[%u].return_action has no return value to act on", i);
	if (h->args.count + has_return > TX_HOOK_ARGS)
		return plan_refuse(c, "hooks[%u] has %u arguments, %d are the most", i,
				   h->args.count + has_return, TX_HOOK_ARGS);
	for (uint32_t a = 0; a < h->args.count; a++)
		if (plan->args[h->args.first + a].source == TX_SOURCE_RETURN)
			return plan_refuse(c, "hooks[%u].args have a return value among them", i);
	return 0;
}

/* Its events are of a file, told by its path. */
static int check_loader(struct plan_check *c, const struct tx_plan_hook *h, uint32_t i)
{
	for (uint32_t a = 0; a < h->args.count; a++)
		switch (c->plan->args[h->args.first + a].type) {
		case TX_ARG_FD:
		case TX_ARG_FILE:
		case TX_ARG_LINUX_BINPRM:
			return 0;
		}
	return h->flags & TX_HOOK_F_LOADER
		       ? plan_refuse(c, "hooks[%u] is a loader's and reads no file", i)
		       : 0;
}

static int check_hook(struct plan_check *c, uint32_t i, uint64_t *unfolded)
{
	const struct tx_plan_hook *h = &c->plan->hooks[i];

	if (check_kind(c, h, i) || check_place(c, h, i) || check_hook_args(c, h, i) ||
	    check_loader(c, h, i))
		return -EINVAL;
	if (!plan_range_fits(c->plan, TX_PLAN_SELECTORS, h->selectors))
		return plan_refuse(c, "hooks[%u].selectors are not there", i);
	if (h->selectors.count > TX_HOOK_SELECTORS)
		return plan_refuse(c, "hooks[%u] has %u selectors, %d are the most", i,
				   h->selectors.count, TX_HOOK_SELECTORS);
	for (uint32_t s = 0; s < h->selectors.count; s++) {
		const struct plan_need *need = &c->selectors[h->selectors.first + s];

		if (need->args > h->args.count)
			return plan_refuse(c,
					   "selectors[%u] looks at argument %d of hooks[%u], which "
					   "has %u",
					   h->selectors.first + s, need->args - 1, i,
					   h->args.count);
		if (need->ret && h->return_arg == TX_PLAN_NONE)
			return plan_refuse(c,
					   "selectors[%u] looks at the return value of hooks[%u], "
					   "which reads none",
					   h->selectors.first + s, i);
		*unfolded += need->cost;
	}
	return *unfolded > UNFOLDED_MAX
		       ? plan_refuse(c, "its hooks share selectors, filters and values too often")
		       : 0;
}

int plan_check_hooks(struct plan_check *c)
{
	bool loads = !(c->plan->policy->flags & TX_PLAN_F_LOADER);
	uint64_t unfolded = 0;
	int err = 0;

	for (uint32_t i = 0; !err && i < c->plan->count[TX_PLAN_HOOKS]; i++) {
		err = check_hook(c, i, &unfolded);
		loads |= (c->plan->hooks[i].flags & TX_HOOK_F_LOADER) != 0;
	}
	if (!err && !loads)
		err = plan_refuse(c, "policy.flags say loader and no hook serves it");
	return err;
}
