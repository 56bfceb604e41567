// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Any sound plan as rows: every hook at every kind of point, and no row that names what is not
 * there. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "sample.h"
#include "walk.h"

static int call(const char *name, size_t len)
{
	return *name == '*' ? BUILD_ALL_CALLS : (int)(len % (2 * TX_SYSCALLS)) - 1;
}

static int follow(const struct plan *plan, const struct tx_plan_filter *f)
{
	return (f - plan->filters) % 300 < 256 ? (int)((f - plan->filters) % 256) : -1;
}

static const uint64_t *workload(const struct build_scope *scope, uint32_t *count)
{
	static const uint64_t ids[2] = { 1, 2 };

	*count = 2;
	return scope->selector_len % 2 ? ids : NULL;
}

static bool includes(const struct want *want)
{
	return want->plan;
}

static const struct build_facts facts = {
	.includes = includes, .call_number = call, .follow = follow, .workload = workload
};

static void look_at_rows(const struct built *built)
{
	const struct tx_hook_row *h = &built->rows->hook;

	WALK_HOLDS(built->count == 1U + h->args + h->slots + h->selectors + h->ops);
	WALK_HOLDS(built->count <= TX_HOOK_ROWS);
	for (int i = 0; i < h->slots; i++) {
		const struct tx_slot_row *s = &built->rows[h->slot_row + i].slot;

		WALK_HOLDS(s->set < built->set_count && built->sets[s->set]->kind == s->kind);
		WALK_HOLDS(s->source > TX_SRC_STATE || s->arg < h->args);
	}
	for (int i = 0; i < h->selectors; i++) {
		const struct tx_selector_row *s = &built->rows[h->selector_row + i].selector;

		WALK_HOLDS(s->op >= h->op_row && s->op + s->ops <= h->op_row + h->ops);
		WALK_HOLDS(s->return_op + s->return_ops <= h->op_row + h->ops);
	}
	for (int i = 0; i < h->ops; i++) {
		const struct tx_op_row *o = &built->rows[h->op_row + i].op;

		WALK_HOLDS(o->op != TX_OP_IN_SET || o->set < built->set_count);
		WALK_HOLDS(o->op != TX_OP_CODE || o->sub != TX_CODE_ARG || o->arg < h->args);
		WALK_HOLDS(i + 1 < h->ops || !(o->flags & TX_OPROW_MORE));
	}
}

static void build_all(const struct plan *plan, enum point_backend backend)
{
	uint32_t count = plan->count[TX_PLAN_HOOKS] < 8 ? plan->count[TX_PLAN_HOOKS] : 8;
	struct want *wants = calloc(count + 1, sizeof(*wants));
	struct point point = { .id = 1 };
	struct built built;

	point.place.backend = backend;
	point.place.row_flags = backend == POINT_KRETPROBE ? TX_HOOK_RETURN_PAIR : 0;
	for (uint32_t i = 0; i < count; i++) {
		struct want *w = &wants[i];

		w->plan = plan;
		w->hook = &plan->hooks[i];
		w->part = WANT_POST | WANT_ENFORCE | (i % 2 ? WANT_MARK : 0);
		for (uint32_t k = 0; k < w->hook->args.count && w->args < TX_HOOK_ARGS - 1; k++) {
			const struct tx_plan_arg *a = &plan->args[w->hook->args.first + k];

			w->arg[w->args].type = a->type == TX_ARG_AUTO ? TX_ARG_INT : a->type;
			w->arg[w->args].width = 4;
			w->arg[w->args++].index = k;
		}
		if (backend != POINT_KPROBE && w->hook->return_arg != TX_PLAN_NONE) {
			w->has_return = true;
			w->arg[w->args].type = TX_ARG_INT;
			w->arg[w->args++].source = TX_SOURCE_RETURN;
		}
		w->next = point.wants;
		point.wants = w;
	}
	if (!build_point(&point, &facts, &built)) {
		look_at_rows(&built);
		build_free(&built);
	}
	free(wants);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[256] = "", *bytes = malloc(size ? size : 1);
	struct plan plan;

	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	if (size >= sizeof(struct tx_plan_header))
		sample_seal(bytes, size);
	if (plan_check(&plan, bytes, size, why, sizeof(why))) {
		free(bytes);
		return 0;
	}
	build_all(&plan, POINT_KPROBE);
	build_all(&plan, POINT_KRETPROBE);
	build_all(&plan, POINT_FEXIT);
	plan_free(&plan);
	return 0;
}
