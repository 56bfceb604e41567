// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "resolve_arg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "resolve_fit.h"
#include "resolve_source.h"

static void want_told(struct want *want, enum point_status status, bool feature, const char *format,
		      va_list args)
{
	char text[sizeof(want->reason)];

	if (want->status == POINT_REJECTED)
		return;
	vsnprintf(text, sizeof(text), format, args);
	if (status == POINT_REJECTED) {
		want->feature = feature;
		want->argument = 0;
		snprintf(want->reason, sizeof(want->reason), "%s", text);
	} else {
		want->feature |= feature;
		reason_add(want->reason, sizeof(want->reason), text);
	}
	if (status > want->status)
		want->status = status;
}

void want_say(struct want *want, enum point_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	want_told(want, status, false, format, args);
	va_end(args);
}

void want_lacks(struct want *want, enum point_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	want_told(want, status, true, format, args);
	va_end(args);
}

static bool reads_at_return(enum point_backend backend)
{
	return backend == POINT_KRETPROBE || backend == POINT_FEXIT || backend == POINT_SYS_EXIT ||
	       backend == POINT_URETPROBE;
}

/* A filter or an action looks at the argument: unread, it would decide wrongly. */
static bool filters_use(const struct plan *plan, struct tx_plan_range range, unsigned position)
{
	for (uint32_t i = 0; i < range.count; i++) {
		const struct tx_plan_filter *f = &plan->filters[range.first + i];

		if (f->kind <= TX_FILTER_CAPS_GAINED &&
		    (f->arg == position ||
		     (f->kind == TX_FILTER_CAPS_GAINED && f->sub == position)))
			return true;
		for (uint32_t c = 0; f->kind == TX_FILTER_EXPRESSION && c < f->code.count; c++) {
			const struct tx_plan_code *code = &plan->code[f->code.first + c];

			if (code->op == TX_CODE_ARG && code->arg == position)
				return true;
		}
	}
	return false;
}

static bool actions_use(const struct plan *plan, struct tx_plan_range range, unsigned position)
{
	for (uint32_t i = 0; i < range.count; i++) {
		const struct tx_plan_action *a = &plan->actions[range.first + i];

		if ((a->kind == TX_ACTION_TRACK_SOCK || a->kind == TX_ACTION_UNTRACK_SOCK ||
		     a->kind == TX_ACTION_SET) &&
		    a->arg == position)
			return true;
	}
	return false;
}

static bool is_used(const struct want *want, unsigned position)
{
	const struct plan *plan = want->plan;

	for (uint32_t i = 0; i < want->hook->selectors.count; i++) {
		const struct tx_plan_selector *s =
			&plan->selectors[want->hook->selectors.first + i];

		if (filters_use(plan, s->filters, position) ||
		    filters_use(plan, s->return_filters, position) ||
		    actions_use(plan, s->actions, position) ||
		    actions_use(plan, s->return_actions, position))
			return true;
	}
	return false;
}

/* "argument 2", as the policy counts; "data 0"; "the return value". */
static void say(struct arg_work *w, enum point_status status)
{
	bool worse = status > w->want->status;

	if (w->plan->source == TX_SOURCE_RETURN)
		want_say(w->want, status, "the return value: %s", w->why);
	else if (w->plan->flags & TX_ARG_F_DATA)
		want_say(w->want, status, "data %.40s: %s", w->resolve, w->why);
	else
		want_say(w->want, status, "argument %u: %s", w->plan->index, w->why);
	if (worse && w->plan->source != TX_SOURCE_RETURN)
		w->want->argument = w->position + 1;
	if (worse && w->feature)
		w->want->feature = true;
}

static void unread(struct arg_work *w, bool never)
{
	bool reject = never || is_used(w->want, w->position);

	memset(w->row, 0, sizeof(*w->row));
	w->row->type = TX_ARG_NOP;
	w->row->size_index = TX_NO_POSITION;
	say(w, reject ? POINT_REJECTED : POINT_DEGRADED);
}

static void set_limits(struct arg_work *w)
{
	const struct tx_plan_arg *a = w->plan;
	struct tx_arg_row *row = w->row;

	row->max = TX_ARG_DATA;
	if (a->flags & TX_ARG_F_MAX_DATA) {
		row->max = a->max_data < TX_ARG_DATA_MAX ? a->max_data : TX_ARG_DATA_MAX;
		if (row->max < a->max_data)
			want_say(w->want, POINT_DEGRADED, "maxData: at most %u bytes are told",
				 row->max);
	}
	row->size_index = TX_NO_POSITION;
	if (a->size_index != TX_PLAN_NONE) {
		int index = arg_place_index(w->s, w->want, a->size_index);

		if (index >= 0 && index < TX_HOOK_ARGS)
			row->size_index = index;
	}
	if ((a->flags & TX_ARG_F_RETURN_COPY) && reads_at_return(w->s->at->backend))
		row->flags |= TX_ARGROW_AT_RETURN;
}

static void resolve_one(const struct arg_source *s, struct want *want, const struct tx_plan_arg *a,
			unsigned position)
{
	struct arg_work w = { .s = s,
			      .want = want,
			      .plan = a,
			      .position = position,
			      .row = &want->arg[want->args++] };
	enum fit fit;
	int err;

	w.shape.type = TX_ARG_AUTO;
	plan_copy(want->plan, a->resolve, w.resolve, sizeof(w.resolve));
	plan_copy(want->plan, a->btf_type, w.btf_type, sizeof(w.btf_type));
	if (a->type == TX_ARG_NOP) {
		w.row->type = TX_ARG_NOP;
		w.row->size_index = TX_NO_POSITION;
		return;
	}
	err = arg_locate(&w);
	if (err) {
		/* A tracepoint's fields are what its name says; a function may have lost an
		 * argument. */
		unread(&w,
		       err == -E2BIG || (err == -ERANGE && want->hook->kind == TX_HOOK_TRACEPOINT));
		return;
	}
	set_limits(&w);
	fit = fit_argument(a->type, &w.shape, w.row, w.why, sizeof(w.why));
	if (fit == FIT_NONE)
		unread(&w, false);
	else if (fit == FIT_FORCED)
		say(&w, POINT_DEGRADED);
	/* An abstract name has no other end. What lies behind it is whatever was there before. */
	if (w.row->type == TX_ARG_SOCKADDR_UN && w.row->size_index == TX_NO_POSITION)
		w.row->size_index = arg_length_behind(&w);
}

void resolve_arguments(const struct arg_source *s, struct want *want)
{
	const struct tx_plan_hook *hook = want->hook;

	want->args = 0;
	if (hook->args.count + 1 > TX_HOOK_ARGS) {
		want_say(want, POINT_REJECTED, "it has more than %d arguments", TX_HOOK_ARGS - 1);
		return;
	}
	for (uint32_t i = 0; i < hook->args.count; i++)
		resolve_one(s, want, &want->plan->args[hook->args.first + i], i);
	if (hook->return_arg != TX_PLAN_NONE && reads_at_return(s->at->backend)) {
		resolve_one(s, want, &want->plan->args[hook->return_arg], 255);
		want->has_return = true;
	}
}
