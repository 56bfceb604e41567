// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Follow sets: shared by content, bounded, and whom they take in. */
#include "unit.h"

#include <errno.h>

#include "build_random.h"
#include "follow.h"
#include "index.h"

#define PLANS 260

static uint32_t present;

static int insert(enum tx_slot_kind kind, const union index_key *key, const struct tx_mask *mask)
{
	(void)kind, (void)key, (void)mask;
	present++;
	return 0;
}

static int take_out(enum tx_slot_kind kind, const union index_key *key)
{
	(void)kind, (void)key;
	present--;
	return 0;
}

static const struct index_tables tables = { insert, take_out, { 0, 1000, 1000, 1000 } };
static struct random_plan plans[PLANS];

static struct tx_plan_filter *follow(struct random_plan *p, uint8_t kind, uint32_t flags)
{
	struct tx_plan_filter *f;

	p->count = p->plan.count;
	p->plan.filters = p->filters;
	p->plan.values = p->values;
	p->plan.text = p->text;
	f = &p->filters[p->count[TX_PLAN_FILTERS]++];
	*f = (struct tx_plan_filter){ .kind = kind, .flags = TX_FILTER_F_FOLLOW | flags };
	f->values.first = p->count[TX_PLAN_VALUES];
	f->values.count = 1;
	return f;
}

static struct tx_plan_filter *follow_image(struct random_plan *p, const char *path, uint32_t flags)
{
	struct tx_plan_filter *f = follow(p, TX_FILTER_BINARY_EQUAL, flags);

	add_value(p)->text = add_text(p, path, strlen(path));
	return f;
}

static struct tx_plan_filter *follow_pid(struct random_plan *p, uint32_t pid, uint32_t flags)
{
	struct tx_plan_filter *f = follow(p, TX_FILTER_PID, flags);

	add_value(p)->a = pid;
	return f;
}

static struct proc *add(uint32_t pid, const char *binary, struct proc *parent)
{
	struct tx_task task = { .tgid = pid, .tid = pid, .start = pid, .nspid = pid + 1000 };
	bool cut;
	struct proc_text *t =
		proc_text_make(binary, strlen(binary), "/", 1, "/", 1, "", 0, "", 0, &cut);
	struct proc *p = proc_add(&task, pid, parent, t, 0);

	proc_text_drop(t);
	return p;
}

static bool is_in(const struct proc *p, int bit)
{
	__u64 bits[TX_FOLLOW_WORDS];

	follow_of(p, bits);
	return bits[bit / 64] >> bit % 64 & 1;
}

static void shared(void)
{
	struct tx_plan_filter *a = follow_image(&plans[0], "/bin/a", 0);
	struct tx_plan_filter *b = follow_image(&plans[1], "/bin/a", TX_FILTER_F_NOT);
	struct tx_plan_filter *c = follow_image(&plans[1], "/bin/c", TX_FILTER_F_PARENT);
	struct tx_plan_filter *d = follow_pid(&plans[1], 20, 0);
	struct tx_plan_filter *e = follow_pid(&plans[1], 20, TX_FILTER_F_NAMESPACE_PID);
	int bits[4];

	CHECK(follow_bit(&plans[0].plan, a) == -ENOSPC);
	CHECK(!follow_use(&plans[0].plan) && !follow_use(&plans[1].plan));
	bits[0] = follow_bit(&plans[0].plan, a);
	CHECK(bits[0] >= 0 && bits[0] == follow_bit(&plans[1].plan, b));
	bits[1] = follow_bit(&plans[1].plan, c);
	bits[2] = follow_bit(&plans[1].plan, d);
	bits[3] = follow_bit(&plans[1].plan, e);
	for (int i = 1; i < 4; i++)
		for (int k = 0; k < i; k++)
			CHECK(bits[i] >= 0 && bits[i] != bits[k]);
	/* The set stays as long as one of them is there. */
	follow_unuse(&plans[0].plan);
	CHECK(follow_bit(&plans[1].plan, b) == bits[0]);
	CHECK(!follow_use(&plans[0].plan) && follow_bit(&plans[0].plan, a) == bits[0]);
}

static void lineage(void)
{
	int image = follow_bit(&plans[0].plan, &plans[0].filters[0]);
	int pid = follow_bit(&plans[1].plan, &plans[1].filters[2]);
	int own = follow_bit(&plans[1].plan, &plans[1].filters[3]);
	struct proc *init = add(1, "/sbin/init", proc_kernel()), *a = add(10, "/bin/a", init);
	struct proc *child = add(11, "/bin/other", a), *grandchild = add(12, "/bin/ab", child);
	struct proc *twenty = add(20, "/bin/b", init), *below_it = add(21, "/bin/c", twenty);
	struct tx_control control = { 0 };
	__u64 bits[TX_FOLLOW_WORDS];

	CHECK(!is_in(a, image)); /* not written yet */
	CHECK(!follow_write(&control) && control.follow_text && control.follow_pid);
	CHECK(!control.follow_end && control.follow_text != control.follow_pid);
	follow_settle(true);
	CHECK(is_in(a, image) && is_in(child, image) && is_in(grandchild, image));
	CHECK(!is_in(init, image) && !is_in(twenty, image) && !is_in(below_it, image));
	CHECK(is_in(twenty, pid) && is_in(below_it, pid) && !is_in(a, pid));
	CHECK(!is_in(twenty, own) && !follow_own_pid(21, bits));
	CHECK(follow_own_pid(20, bits) && (bits[own / 64] >> own % 64 & 1));
	/* Unwritten again: what is in force stays. */
	CHECK(present == 3 && !follow_write(&control));
	follow_settle(false);
	CHECK(is_in(a, image) && !index_clean(100) && present == 3);
}

static void bounded(void)
{
	static struct random_plan twin;
	struct tx_plan_filter *twin_filter;
	uint32_t given = 0;
	__u64 fresh[TX_FOLLOW_WORDS];
	int bit;

	follow_fresh(fresh);
	follow_fresh(fresh);
	CHECK(!(fresh[0] | fresh[1] | fresh[2] | fresh[3]));
	for (uint32_t i = 2; i < PLANS; i++) {
		follow_pid(&plans[i], 100000 + i, 0);
		CHECK(!follow_use(&plans[i].plan));
		given += follow_bit(&plans[i].plan, &plans[i].filters[0]) >= 0;
	}
	CHECK(given == FOLLOW_SETS - 4);
	follow_fresh(fresh);
	for (int w = 0, n = 0; w < TX_FOLLOW_WORDS; w++) {
		n += __builtin_popcountll(fresh[w]);
		CHECK(w < TX_FOLLOW_WORDS - 1 || n == FOLLOW_SETS - 4);
	}
	/* One that found none takes nothing away from one that found a set for the same later. */
	follow_unuse(&plans[2].plan);
	twin_filter = follow_pid(&twin, 100000 + PLANS - 1, 0);
	CHECK(!follow_use(&twin.plan));
	bit = follow_bit(&twin.plan, twin_filter);
	CHECK(bit >= 0);
	follow_unuse(&plans[PLANS - 1].plan);
	CHECK(follow_bit(&twin.plan, twin_filter) == bit);
	CHECK(!follow_use(&plans[PLANS - 1].plan));
	CHECK(follow_bit(&plans[PLANS - 1].plan, &plans[PLANS - 1].filters[0]) == bit);
	follow_unuse(&twin.plan);
	for (uint32_t i = 2; i < PLANS; i++)
		follow_unuse(&plans[i].plan);
	CHECK(!follow_use(&plans[PLANS - 1].plan));
	CHECK(follow_bit(&plans[PLANS - 1].plan, &plans[PLANS - 1].filters[0]) >= 0);
}

static void gone(void)
{
	struct tx_control control;

	follow_unuse(&plans[PLANS - 1].plan);
	follow_unuse(&plans[0].plan);
	follow_unuse(&plans[1].plan);
	CHECK(!follow_write(&control) && !control.follow_text && !control.follow_pid);
	follow_settle(true);
	while (index_clean(10))
		;
	CHECK(!present);
}

int main(void)
{
	CHECK(!proc_table_open());
	index_open(&tables);
	shared();
	lineage();
	bounded();
	gone();
	follow_close();
	index_close();
	proc_table_close();
	return unit_end("build_follow");
}
