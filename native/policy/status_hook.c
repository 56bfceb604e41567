// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "status_hook.h"

#include <stdio.h>
#include <string.h>

#include "cost.h"

static const char *const kind_names[] = {
	[TX_HOOK_KPROBE] = "kprobe",
	[TX_HOOK_FENTRY] = "fentry",
	[TX_HOOK_LSM] = "lsm",
	[TX_HOOK_TRACEPOINT] = "tracepoint",
	[TX_HOOK_RAW_TRACEPOINT] = "raw_tp",
	[TX_HOOK_UPROBE] = "uprobe",
	[TX_HOOK_USDT] = "usdt",
};

static const char *const status_names[] = { "ok", "degraded", "rejected" };

static enum point_status status_of(const struct want *w)
{
	return refusal_of(w) ? POINT_REJECTED : w->status;
}

/* Not there on this host, which the policy said it may be. */
static bool is_ignored(const struct want *w)
{
	return !w->placed && w->status != POINT_REJECTED && !w->deny_hook[0][0];
}

void hook_statuses(const struct version *v, enum point_status *worst, enum point_status *best)
{
	bool any = false;

	*worst = POINT_OK;
	*best = POINT_REJECTED;
	for (const struct want *w = v->wants; w; w = w->next_of_policy) {
		enum point_status status = status_of(w);

		if (is_ignored(w))
			continue;
		any = true;
		if (status > *worst)
			*worst = status;
		if (status < *best)
			*best = status;
	}
	if (!any)
		*best = POINT_OK;
}

static void add_word(char *text, size_t size, const char *word)
{
	size_t len = strlen(text);

	if (!strstr(text, word))
		snprintf(text + len, size - len, "%s%s", len ? "+" : "", word);
}

static const char *override_name(const struct want *w)
{
	if (w->part & WANT_MARK)
		return w->deny_hook[0][0] == POINT_DENY_CGROUP ? "cgroup" : "mark";
	switch (w->place.backend) {
	case POINT_LSM:
		return "lsm";
	case POINT_FMOD_RET:
		return "fmod_ret";
	default:
		return w->place.override ? "override_return" : "none";
	}
}

/* What the hook's actions come to at this point; empty: nothing. */
static void add_actions(const struct want *w, struct tx_plan_range of, bool late, char *text,
			size_t size)
{
	for (uint32_t k = 0; k < of.count; k++)
		switch (w->plan->actions[of.first + k].kind) {
		case TX_ACTION_OVERRIDE:
			if (!late && !(w->part & WANT_WATCH))
				add_word(text, size, override_name(w));
			break;
		case TX_ACTION_SIGKILL:
		case TX_ACTION_SIGNAL:
			add_word(text, size, "signal");
			break;
		case TX_ACTION_NOTIFY_ENFORCER:
			add_word(text, size, "notify");
			break;
		case TX_ACTION_SET:
			add_word(text, size, "set");
			break;
		}
}

static void enforcement_of(const struct want *w, char *text, size_t size)
{
	const struct tx_plan_range selectors = w->hook->selectors;

	text[0] = 0;
	for (uint32_t i = 0; i < selectors.count; i++) {
		const struct tx_plan_selector *s = &w->plan->selectors[selectors.first + i];

		if (w->part & WANT_ENFORCE)
			add_actions(w, s->actions, false, text, size);
		if (w->part & WANT_POST)
			add_actions(w, s->return_actions, true, text, size);
	}
}

static void write_hook(struct json *j, const struct want *w)
{
	const struct refusal *refusal = refusal_of(w);
	const char *reason = refusal ? refusal->reason : w->reason;
	char name[256], enforcement[64];

	plan_copy(w->plan, w->hook->call, name, sizeof(name));
	json_comma(j);
	json_open(j, '{');
	json_key_string(j, "hook", name[0] ? name : w->place.name);
	json_key_string(j, "kind", w->hook->kind <= TX_HOOK_USDT ? kind_names[w->hook->kind] : "");
	json_key_unsigned(j, "line", w->hook->line);
	json_key_unsigned(j, "column", w->hook->column);
	if (w->placed)
		json_key_string(j, "backend",
				point_backend_names[w->point ? point_entered_by(w->point)
							     : w->place.backend]);
	json_key_string(j, "status", status_names[status_of(w)]);
	if (reason[0])
		json_key_string(j, "reason", reason);
	if (w->point && w->point->attached)
		json_key_unsigned(j, "nsPerSecond", cost_rate(&w->point->cost));
	if (w->point && w->point->cost.total.unread) {
		json_key_u64(j, "unread", w->point->cost.total.unread);
		json_key_u64(j, "readLate", w->point->cost.total.late);
	}
	enforcement_of(w, enforcement, sizeof(enforcement));
	if (enforcement[0])
		json_key_string(j, "enforcement", enforcement);
	json_close(j, '}');
}

void hook_write_reason(struct json *j, const struct version *v)
{
	for (const struct want *w = v ? v->wants : NULL; w; w = w->next_of_policy) {
		const struct refusal *refusal = refusal_of(w);
		const char *reason = refusal ? refusal->reason : w->reason;
		char text[POLICY_WHY];

		if (status_of(w) != POINT_REJECTED || !reason[0])
			continue;
		snprintf(text, sizeof(text), "%s (line %u, column %u)", reason, w->hook->line,
			 w->hook->column);
		json_key_string(j, "reason", text);
		return;
	}
}

void hook_write_all(struct json *j, const struct version *v)
{
	for (const struct want *w = v->wants; w; w = w->next_of_policy)
		write_hook(j, w);
}

static void write_workload(struct json *j, const char *namespace, size_t namespace_len,
			   const char *selector, size_t selector_len)
{
	json_comma(j);
	json_open(j, '{');
	json_key_bytes(j, "namespace", namespace, namespace_len);
	json_key_bytes(j, "selector", selector, selector_len);
	json_close(j, '}');
}

void hook_write_workloads(struct json *j, const struct plan *plan)
{
	const struct tx_plan_policy *p = plan->policy;

	if (p->flags & (TX_PLAN_F_WORKLOAD | TX_PLAN_F_NAMESPACED))
		write_workload(j, plan_text(plan, p->namespace),
			       p->flags & TX_PLAN_F_NAMESPACED ? p->namespace.length : 0,
			       plan_text(plan, p->workload), p->workload.length);
	for (uint32_t i = 0; i < plan->count[TX_PLAN_FILTERS]; i++) {
		const struct tx_plan_filter *f = &plan->filters[i];

		for (uint32_t k = 0; f->kind == TX_FILTER_WORKLOAD && k < f->values.count; k++) {
			struct tx_plan_text text = plan->values[f->values.first + k].text;

			write_workload(j, "", 0, plan_text(plan, text), text.length);
		}
	}
}
