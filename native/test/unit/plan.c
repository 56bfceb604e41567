// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Plans whole, and what becomes of them on their way. */
#include "plans.h"

#include "../fuzz/walk.h"
#include "plan_memory.h"

static void whole(void)
{
	struct plan plan;
	char copy[8];

	CHECK(!check(&good, sizeof(good), &plan));
	CHECK_TEXT(why, "");
	CHECK(plan.count[TX_PLAN_HOOKS] == SAMPLE_HOOKS && plan.hash);
	CHECK(plan.policy->mode == TX_MODE_MONITOR && plan.hooks[6].kind == TX_HOOK_USDT);
	CHECK(!strncmp(plan_text(&plan, plan.policy->name), "the-policy", 10));
	CHECK_TEXT(plan_copy(&plan, plan.policy->name, copy, sizeof(copy)), "the-pol");
	CHECK_TEXT(plan_copy(&plan, plan.hooks[7].call, copy, sizeof(copy)), "");
	CHECK(walk_plan(&plan) != 0);
}

/* Too short, too long, and what a transfer may do to it. */
static void transfers(void)
{
	static char longer[sizeof(good) + 8];
	struct sample s;
	struct plan plan;

	for (size_t size = 0; size < sizeof(good); size++) {
		CHECK(check(&good, size, &plan) == -EINVAL);
		s = good;
		if (size >= sizeof(s.h))
			sample_seal(&s, size);
		CHECK(check(&s, size, &plan) == -EINVAL);
	}
	memcpy(longer, &good, sizeof(good));
	CHECK(check(longer, sizeof(longer), &plan) == -EINVAL && strstr(why, "says"));
	for (size_t at = 0; at < sizeof(good); at++)
		for (int bit = 0; bit < 8; bit++) {
			s = good;
			((char *)&s)[at] ^= 1 << bit;
			CHECK(check(&s, sizeof(s), &plan) == -EINVAL);
			sample_seal(&s, sizeof(s));
			if (!check(&s, sizeof(s), &plan))
				walk_plan(&plan);
		}
	s = good;
	for (int i = 0; i < TX_PLAN_SECTIONS; i++) {
		s.h.section[i].offset = sizeof(s.h);
		s.h.section[i].count = 0;
	}
	sample_seal(&s, sizeof(s.h));
	CHECK(check(&s, sizeof(s.h), &plan) == -EINVAL && strstr(why, "no policy"));
	CHECK(plan_check(&plan, (char *)&good + 1, 100, why, sizeof(why)) == -EINVAL);
	CHECK(strstr(why, "multiple of 8") != NULL);
	CHECK(plan_check(&plan, &good, TX_PLAN_MAX + 8, why, sizeof(why)) == -EINVAL);
	CHECK(strstr(why, "larger than 16 MiB") != NULL);
	why[0] = '!';
	CHECK(plan_check(&plan, &good, 8, why, 0) == -EINVAL && why[0] == '!');
}

/* Several bytes at once, the same ones in every run. */
static void several(void)
{
	uint64_t random = 88172645463325252ULL;
	struct plan plan;

	for (int round = 0; round < 20000; round++) {
		struct sample s = good;

		for (int i = 0; i < 1 + round % 6; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			((char *)&s)[random % offsetof(struct sample, text)] = random >> 40;
		}
		sample_seal(&s, sizeof(s));
		if (!check(&s, sizeof(s), &plan))
			walk_plan(&plan);
	}
}

int main(void)
{
	memory_open();
	whole();
	transfers();
	several();
	return unit_end("plan");
}
