// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "build_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

#define TAGS_TEXT (16 << 10)

struct view_want {
	const struct plan *plan;
	const struct tx_plan_hook *hook;
	char *function;
	uint32_t policy;
	uint16_t first, count; /* bits */
	uint8_t position[TX_HOOK_ARGS];
	uint8_t return_position;
	uint8_t args; /* the return value not counted */
	bool has_return;
};

struct view {
	uint32_t build; /* 0: none */
	uint32_t count;
	enum point_backend backend;
	uint64_t until; /* 0: in force */
	struct view_want *wants;
};

struct point_views {
	struct view view[VIEW_BUILDS];
	uint32_t next;
};

static struct view_facts facts;
static struct point_views *points[TX_HOOK_POINTS];

void view_open(const struct view_facts *with)
{
	facts = *with;
}

static void clear_view(struct view *v)
{
	for (uint32_t i = 0; i < v->count; i++) {
		facts.release(v->wants[i].plan);
		free(v->wants[i].function);
	}
	free(v->wants);
	*v = (struct view){ 0 };
}

static void clear_point(uint32_t point)
{
	struct point_views *p = points[point];

	for (int i = 0; p && i < VIEW_BUILDS; i++)
		clear_view(&p->view[i]);
	free(p);
	points[point] = NULL;
}

void view_close(void)
{
	for (uint32_t i = 0; i < TX_HOOK_POINTS; i++)
		clear_point(i);
}

/* Records of it may still come, but not for ever. */
static void age(struct point_views *p, uint64_t now)
{
	for (int i = 0; p && i < VIEW_BUILDS; i++)
		if (p->view[i].build && !p->view[i].until)
			p->view[i].until = now + VIEW_KEPT_NS;
}

void view_forget(uint32_t point, uint64_t now)
{
	age(points[point % TX_HOOK_POINTS], now);
}

void view_expire(uint64_t now)
{
	for (uint32_t i = 0; i < TX_HOOK_POINTS; i++) {
		bool empty = true;

		for (int k = 0; points[i] && k < VIEW_BUILDS; k++) {
			struct view *v = &points[i]->view[k];

			if (v->until && v->until < now)
				clear_view(v);
			empty &= !v->build;
		}
		if (points[i] && empty)
			clear_point(i);
	}
}

static void keep_want(struct view_want *to, const struct built_want *from)
{
	const struct want *want = from->want;

	*to = (struct view_want){ .plan = want->plan,
				  .hook = want->hook,
				  .function = view_function(want),
				  .policy = want->policy,
				  .first = from->first,
				  .count = from->count,
				  .return_position = from->return_position,
				  .has_return = want->has_return,
				  .args = want->args - want->has_return };
	memcpy(to->position, from->position, sizeof(to->position));
	facts.hold(want->plan);
}

void view_add(uint32_t point, const struct built *built, uint64_t now)
{
	struct view_want *wants = calloc(built->want_count + 1, sizeof(*wants));
	struct point_views *p = points[point];
	struct view *v;

	if (!p)
		p = points[point] = calloc(1, sizeof(*p));
	if (!p || !wants) { /* its records will be counted as not told */
		free(wants);
		return;
	}
	age(p, now);
	v = &p->view[p->next++ % VIEW_BUILDS];
	clear_view(v);
	v->build = built->rows->hook.build;
	v->wants = wants;
	for (uint32_t i = 0; i < built->want_count; i++)
		v->backend = built->wants[i].want->place.backend;
	for (uint32_t i = 0; i < built->want_count; i++)
		if (!built->wants[i].rejected)
			keep_want(&wants[v->count++], &built->wants[i]);
}

static const struct view *find_view(uint32_t point, uint32_t build)
{
	const struct point_views *p = point < TX_HOOK_POINTS ? points[point] : NULL;

	for (int i = 0; p && build && i < VIEW_BUILDS; i++)
		if (p->view[i].build == build)
			return &p->view[i];
	return NULL;
}

uint64_t view_signature(uint32_t point, uint32_t *build)
{
	const struct point_views *p = points[point % TX_HOOK_POINTS];

	for (int i = 0; p && i < VIEW_BUILDS; i++) {
		const struct view *v = &p->view[i];
		uint64_t hash = hash_bytes(HASH_SEED, &v->backend, sizeof(v->backend));

		if (!v->build || v->until)
			continue;
		for (uint32_t w = 0; w < v->count; w++) {
			const struct view_want *want = &v->wants[w];
			const uint64_t parts[] = { want->plan->hash, want->hook - want->plan->hooks,
						   want->first, want->count, want->has_return };

			hash = hash_bytes(hash, parts, sizeof(parts));
			hash = hash_bytes(hash, want->position, want->args);
			hash = hash_bytes(hash, want->function, strlen(want->function) + 1);
		}
		*build = v->build;
		return hash ? hash : 1;
	}
	return 0;
}

static const struct view_want *find_want(uint32_t point, uint32_t build, uint32_t bit)
{
	const struct view *v = find_view(point, build);

	for (uint32_t i = 0; v && i < v->count; i++)
		if (bit >= v->wants[i].first && bit < v->wants[i].first + v->wants[i].count)
			return &v->wants[i];
	return NULL;
}

const char *view_backend(uint32_t point, uint32_t build)
{
	const struct view *v = find_view(point, build);

	return v && v->count ? point_backend_names[v->backend] : "";
}

static const char *const action_names[] = {
	[TX_ACTION_POST] = "POST",
	[TX_ACTION_NO_POST] = "NOPOST",
	[TX_ACTION_SIGKILL] = "SIGKILL",
	[TX_ACTION_SIGNAL] = "SIGNAL",
	[TX_ACTION_OVERRIDE] = "OVERRIDE",
	[TX_ACTION_NOTIFY_ENFORCER] = "NOTIFYENFORCER",
	[TX_ACTION_CLEANUP_ENFORCER] = "CLEANUPENFORCERNOTIFICATION",
	[TX_ACTION_GET_URL] = "GETURL",
	[TX_ACTION_DNS_LOOKUP] = "DNSLOOKUP",
	[TX_ACTION_TRACK_SOCK] = "TRACKSOCK",
	[TX_ACTION_UNTRACK_SOCK] = "UNTRACKSOCK",
	[TX_ACTION_SET] = "SET",
};

/* The last one is told. */
static const char *action_name(const struct plan *plan, struct tx_plan_range actions)
{
	uint8_t kind = actions.count ? plan->actions[actions.first + actions.count - 1].kind
				     : TX_ACTION_POST;

	return kind < sizeof(action_names) / sizeof(action_names[0]) && action_names[kind]
		       ? action_names[kind]
		       : "UNKNOWN";
}

/* Tags are JSON: cut in the middle they would break the line. */
static const char *tags_of(const struct plan *plan, struct tx_plan_text tags)
{
	static char text[TAGS_TEXT];

	return tags.length < sizeof(text) ? plan_copy(plan, tags, text, sizeof(text)) : "";
}

static void fill_args(const struct view_want *w, struct event_selector *s)
{
	static char labels[TX_HOOK_ARGS][128], return_label[128];
	static const char *label[TX_HOOK_ARGS];
	const struct tx_plan_range args = w->hook->args;

	s->args = args.count < w->args ? args.count : w->args;
	s->position = w->position;
	s->labels = label;
	s->data_from = s->args;
	for (uint8_t i = 0; i < s->args; i++) {
		const struct tx_plan_arg *a = &w->plan->args[args.first + i];

		label[i] = plan_copy(w->plan, a->label, labels[i], sizeof(labels[i]));
		if ((a->flags & TX_ARG_F_DATA) && i < s->data_from)
			s->data_from = i;
	}
	s->wants_return = w->has_return;
	s->return_position = w->return_position;
	s->return_label = "";
	if (w->hook->return_arg != TX_PLAN_NONE)
		s->return_label = plan_copy(w->plan, w->plan->args[w->hook->return_arg].label,
					    return_label, sizeof(return_label));
}

/* Of several policies at one point not all need be in the same mode. */
static bool is_spared(const struct tx_policy_event *e, uint32_t policy)
{
	return e->seen & TX_SEEN_GUARDED &&
	       !(e->seen & TX_SEEN_MONITORED && facts.monitors(policy));
}

bool view_lookup(void *context, const struct tx_policy_event *e, uint32_t bit,
		 struct event_selector *s)
{
	static char policy[256], message[1024], group[256], path[4096];
	static const struct tx_plan_selector everything;
	const struct view_want *w = find_want(e->hook, e->build, bit);
	const struct tx_plan_selector *selector = &everything;

	(void)context;
	if (!w || !w->function)
		return false;
	if (w->hook->selectors.count)
		selector = &w->plan->selectors[w->hook->selectors.first + bit - w->first];
	s->policy = plan_copy(w->plan, w->plan->policy->name, policy, sizeof(policy));
	s->message = plan_copy(w->plan, w->hook->message, message, sizeof(message));
	s->tags_json = tags_of(w->plan, w->hook->tags);
	s->function = w->function;
	s->kind = w->hook->kind;
	s->loader = w->hook->flags & TX_HOOK_F_LOADER;
	s->group = plan_copy(w->plan, w->hook->group, group, sizeof(group));
	s->path = plan_copy(w->plan, w->hook->path, path, sizeof(path));
	s->offset = w->hook->offset;
	s->ref_ctr = w->hook->ref_ctr;
	s->action = action_name(w->plan, selector->actions);
	s->return_action = selector->return_actions.count
				   ? action_name(w->plan, selector->return_actions)
				   : "";
	s->guarded = is_spared(e, w->policy);
	s->monitor = !s->guarded && (e->seen & TX_SEEN_MONITORED || facts.monitors(w->policy));
	s->bit = bit;
	fill_args(w, s);
	return true;
}
