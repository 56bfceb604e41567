// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the runs at a hook take, from the part of them that is measured. */
#include "cost.h"
#include "unit.h"

#define MS 1000000ULL

static struct tx_point_cost total;

/* A second in which so many runs took so many nanoseconds each. */
static uint64_t second(struct point_cost *cost, uint64_t runs, uint64_t each_ns)
{
	total.runs += runs;
	total.measured += runs / TX_COST_EVERY;
	total.ns += runs / TX_COST_EVERY * each_ns;
	return cost_add(cost, &total);
}

static void test_window(void)
{
	struct point_cost cost = {};
	uint64_t got = 0;

	/* What there was before the first look is not of this second. */
	total = (struct tx_point_cost){ .runs = 640000, .measured = 10000, .ns = 10000000 };
	CHECK(!cost_add(&cost, &total));
	for (int i = 0; i < POINT_SECONDS - 2; i++)
		CHECK(!second(&cost, 64000, 2000));
	got = second(&cost, 64000, 2000);
	CHECK(got == 4 * 128 * MS / POINT_SECONDS);
	CHECK(second(&cost, 64000, 2000) == 128 * MS);
	/* One second of rest is seen, and after all of them nothing is left. */
	CHECK(second(&cost, 0, 0) == 4 * 128 * MS / POINT_SECONDS);
	for (int i = 0; i < POINT_SECONDS - 2; i++)
		CHECK(second(&cost, 0, 0));
	CHECK(!second(&cost, 0, 0));
}

static void test_restart(void)
{
	struct point_cost cost = {};

	for (int i = 0; i <= POINT_SECONDS; i++)
		second(&cost, 64000, 2000);
	cost_restart(&cost);
	for (int i = 1; i < POINT_SECONDS; i++)
		CHECK(!second(&cost, 64000, 2000));
	CHECK(second(&cost, 64000, 2000) == 128 * MS);
}

static void test_odd(void)
{
	struct point_cost cost = {};

	/* A few runs, of which one was interrupted, are no cost. */
	for (int i = 0; i < 2 * POINT_SECONDS; i++)
		CHECK(!second(&cost, 4 * TX_COST_EVERY, TX_COST_MOST_NS));
	/* Figures that begin again are those of another point. */
	total = (struct tx_point_cost){ .runs = 6400, .measured = 100, .ns = 100 };
	CHECK(!cost_add(&cost, &total));
	/* None may wrap: the longest run there is, as often as can be. */
	CHECK(second(&cost, 10000000, TX_COST_MOST_NS) == 10000000 * MS / POINT_SECONDS);
}

int main(void)
{
	test_window();
	test_restart();
	test_odd();
	return unit_end("cost");
}
