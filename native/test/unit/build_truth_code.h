/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The value of an expression of a plan, for the operations that the tests use. */
#ifndef TELOVIX_BUILD_TRUTH_CODE_H
#define TELOVIX_BUILD_TRUTH_CODE_H

#include "build.h"
#include "build_world.h"

static inline bool truth_code(const struct plan *plan, struct tx_plan_range code,
			      const struct want *want, const struct world *w)
{
	uint64_t stack[64] = { 0 };
	int top = 0;

	for (uint32_t i = 0; i < code.count; i++) {
		const struct tx_plan_code *c = &plan->code[code.first + i];
		uint64_t y = top > 0 ? stack[top - 1] : 0, x = top > 1 ? stack[top - 2] : 0;

		if (c->op == TX_CODE_CONST)
			stack[top++] = c->value;
		else if (c->op == TX_CODE_ARG)
			stack[top++] =
				w->arg[want->arg[c->arg == BUILD_RETURN ? want->args - 1 : c->arg]
					       .index]
					.value;
		else if (c->op == TX_CODE_LOGIC_NOT)
			stack[top - 1] = !y;
		else if (c->op == TX_CODE_INT32)
			stack[top - 1] = (int64_t)(int32_t)y;
		else
			stack[--top - 1] = c->op == TX_CODE_ADD         ? x + y
					   : c->op == TX_CODE_SUB       ? x - y
					   : c->op == TX_CODE_EQ        ? x == y
					   : c->op == TX_CODE_LT_S      ? (int64_t)x < (int64_t)y
					   : c->op == TX_CODE_LE_U      ? x <= y
					   : c->op == TX_CODE_LOGIC_AND ? x && y
									: x || y;
	}
	return top && stack[top - 1];
}

#endif
