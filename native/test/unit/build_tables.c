// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Sets in the tables: shared, written in pieces, taken back when a table refuses. */
#include "unit.h"

#include <errno.h>
#include <stdint.h>

#include "index.h"

static uint32_t present, refuse_at = UINT32_MAX, inserts;

static int insert(enum tx_slot_kind kind, const union index_key *key, const struct tx_mask *mask)
{
	(void)kind, (void)mask;
	CHECK(key->number.set);
	if (inserts++ == refuse_at)
		return -ENOSPC;
	present++;
	return 0;
}

static int take_out(enum tx_slot_kind kind, const union index_key *key)
{
	(void)kind, (void)key;
	present--;
	return 0;
}

static const struct index_tables tables = { insert, take_out, { 0, 100, 100, 100 } };

static struct index_set *make(uint32_t count, uint64_t first)
{
	struct index_set *set = index_set_new(TX_SLOT_INT);

	for (uint32_t i = 0; i < count; i++)
		index_set_number(set, first + i, 3);
	index_set_finish(set);
	return set;
}

static void shared(void)
{
	struct index_set *a = index_take(make(10, 0)), *b = index_take(make(10, 0));
	struct index_set *c = index_take(make(10, 1));
	uint32_t quota = 1000;

	CHECK(a == b && a != c && a->number != c->number && a->refs == 2);
	CHECK(index_used(TX_SLOT_INT) == 20);
	CHECK(!index_write(a, &quota) && !index_write(a, &quota) && !index_write(c, &quota));
	CHECK(present == 20 && quota == 980);
	index_drop(a);
	CHECK(!index_clean(100) && present == 20);
	index_drop(b);
	CHECK(present == 20 && index_clean(4) && present == 16);
	CHECK(!index_clean(100) && present == 10 && index_used(TX_SLOT_INT) == 10);
	index_drop(c);
	CHECK(!index_clean(100) && !present && !index_used(TX_SLOT_INT));
}

static void in_pieces(void)
{
	struct index_set *a = index_take(make(10, 0));
	uint32_t quota = 4;

	CHECK(index_write(a, &quota) == 1 && present == 4 && !quota);
	quota = 100;
	CHECK(!index_write(a, &quota) && present == 10);
	index_drop(a);
	CHECK(!index_clean(100) && !present);
	/* Let go of before it was complete. */
	a = index_take(make(10, 0));
	quota = 3;
	CHECK(index_write(a, &quota) == 1);
	index_drop(a);
	CHECK(index_used(TX_SLOT_INT) == 3 && !index_clean(100) && !present);
	CHECK(!index_used(TX_SLOT_INT));
}

static void refused(void)
{
	struct index_set *a = index_take(make(10, 0));
	uint32_t quota = 100;

	inserts = 0;
	refuse_at = 7;
	CHECK(index_write(a, &quota) == -ENOSPC && !present && !a->written);
	refuse_at = UINT32_MAX;
	quota = 100;
	CHECK(!index_write(a, &quota) && present == 10);
	index_drop(a);
	CHECK(!index_clean(100) && !present);
}

static void budget(void)
{
	struct index_set *a = index_take(make(80, 0)), *b = index_take(make(80, 1));

	CHECK(index_over(TX_SLOT_INT) == 60 && !index_over(TX_SLOT_TEXT));
	index_drop(b);
	CHECK(!index_over(TX_SLOT_INT));
	index_drop(a);
}

int main(void)
{
	index_open(&tables);
	shared();
	in_pieces();
	refused();
	budget();
	index_close();
	return unit_end("build_tables");
}
