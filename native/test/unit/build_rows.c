// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rows of single plans, as the kernel's programs expect them. */
#include "unit.h"

#include "build_part.h"
#include "build_single.h"

static void whole(void)
{
	const struct tx_hook_row *head;

	begin(POINT_KPROBE, TX_HOOK_SYSCALL_REGS, (uint8_t[]){ 0, 4 }, 2);
	head = build();
	CHECK(head->selectors == 1 && head->all[0] == 1 && !head->ops && !head->slots);
	CHECK(head->args == 2 && head->arg_row == 1);
	CHECK(head->flags == (TX_HOOK_SYSCALL_REGS | TX_HOOK_LATE));
	CHECK(head->return_position == TX_NO_POSITION && row(0)->action.flags == TX_SEL_POST);
	CHECK(row(0)->policy == 3 && row(0)->id && !row(0)->ops);
	/* Nobody is there: nothing matches. */
	p.want.status = POINT_REJECTED;
	head = build();
	CHECK(!head->selectors && !head->all[0] && built.count == 1);
}

/* What is read by one look at its row. */
static void plain(void)
{
	struct tx_arg_row row = { .type = TX_ARG_INT, .source = TX_SOURCE_ARG };

	CHECK(build_plain(&row) == TX_PLAIN_NUMBER);
	row.steps = 1;
	CHECK(build_plain(&row) == TX_PLAIN_NONE);
	row = (struct tx_arg_row){ .type = TX_ARG_STRING, .source = TX_SOURCE_ARG };
	CHECK(build_plain(&row) == TX_PLAIN_NONE); /* in the kernel's memory, or in the user's */
	row.flags = TX_ARGROW_USER;
	CHECK(build_plain(&row) == TX_PLAIN_STRING);
	row.flags = TX_ARGROW_USER | TX_ARGROW_AT_RETURN;
	CHECK(build_plain(&row) == TX_PLAIN_NONE);
	row = (struct tx_arg_row){ .type = TX_ARG_SOCK, .source = TX_SOURCE_ARG };
	CHECK(build_plain(&row) == TX_PLAIN_SOCK);
	row.source = TX_SOURCE_RETURN;
	CHECK(build_plain(&row) == TX_PLAIN_NONE);
	row = (struct tx_arg_row){ .type = TX_ARG_SOCKADDR, .source = TX_SOURCE_ARG };
	CHECK(build_plain(&row) == TX_PLAIN_NONE);
}

/* More subjects than slots: the rest are operations, and the most wanted are slots. */
static void slots_chosen(void)
{
	const struct tx_hook_row *head;
	bool has_numbers = false;

	begin(POINT_KPROBE, 0, (uint8_t[]){ 0, 4 }, 2);
	for (int i = 0; i < 3; i++) {
		struct tx_plan_filter *f = filter(&selector()->filters, TX_FILTER_INT_EQUAL);

		value(f)->a = i;
	}
	for (int i = 0; i < TX_NS_COUNT; i++) {
		struct tx_plan_filter *f = filter(&p.selectors[0].filters, TX_FILTER_NAMESPACE);

		/* they must follow one another */
		p.selectors[0].filters.first = 3;
		f->sub = i;
		for (int k = 0; k < 20; k++)
			value(f)->a = k;
	}
	p.selectors[0].filters.count = TX_NS_COUNT + 1;
	filter(&p.selectors[0].filters, TX_FILTER_INT_EQUAL);
	value(&p.filters[3 + TX_NS_COUNT])->a = 0;
	p.selectors[0].filters.count = TX_NS_COUNT + 1;
	head = build();
	CHECK(!built.wants[0].rejected && head->slots == TX_HOOK_SLOTS);
	for (int i = 0; i < head->slots; i++)
		has_numbers |= built.rows[head->slot_row + i].slot.source == TX_SRC_VALUE;
	CHECK(has_numbers && head->ops == TX_NS_COUNT + 1 - TX_HOOK_SLOTS);
	for (int i = 0; i < head->ops; i++) {
		const struct tx_op_row *op = &built.rows[head->op_row + i].op;

		CHECK(op->op == TX_OP_IN_SET && op->sub == TX_SLOT_INT && op->count < TX_NS_COUNT);
		CHECK(op->source == TX_SRC_NAMESPACE && built.sets[op->set]->count == 20);
	}
	CHECK(row(0)->op == head->op_row && row(0)->ops == head->ops && !row(1)->ops);
}

/* What is done at the call, and what when it returns. */
static void pair(void)
{
	struct tx_plan_selector *s;

	begin(POINT_KRETPROBE, TX_HOOK_RETURN_PAIR, (uint8_t[]){ 0, 7 }, 2);
	s = selector();
	filter(&s->return_filters, TX_FILTER_INT_RANGE)->arg = BUILD_RETURN;
	value(&p.filters[0])->b = 1000;
	action(&s->actions, (struct tx_plan_action){ .kind = TX_ACTION_OVERRIDE, .error = -13 });
	action(&s->actions, (struct tx_plan_action){ .kind = TX_ACTION_POST,
						     .interval_ns = 7,
						     .flags = TX_ACTION_F_KERNEL_STACK });
	build();
	CHECK(built.rows->hook.return_position == 1 && built.wants[0].return_position == 1);
	CHECK(built.rows[2].arg.flags & TX_ARGROW_AT_RETURN);
	p.filters[0].arg = 1; /* not by that number */
	CHECK(refused_for("not read"));
	p.filters[0].arg = BUILD_RETURN;
	build();
	CHECK(row(0)->action.flags == TX_SEL_OVERRIDE && row(0)->action.error == -13);
	CHECK(!row(0)->action.rate_ns && row(0)->return_action.rate_ns == 7);
	CHECK(row(0)->return_action.flags == (TX_SEL_POST | TX_SEL_KERNEL_STACK));
	CHECK(!row(0)->ops && row(0)->return_ops == 1);
	CHECK(built.rows[row(0)->return_op].op.op == TX_OP_RANGE_SIGNED);
	action(&s->return_actions, (struct tx_plan_action){ .kind = TX_ACTION_NO_POST });
	action(&s->return_actions, (struct tx_plan_action){ .kind = TX_ACTION_SIGKILL });
	p.hook.return_action = TX_ACTION_TRACK_SOCK;
	build();
	CHECK(row(0)->return_action.flags == (TX_SEL_SIGNAL | TX_SEL_TRACK));
	CHECK(row(0)->return_action.signal == 9 && row(0)->return_action.sock_arg == 1);
	/* The part that only tells; what is done at the return is nobody else's. */
	p.want.part = WANT_POST | WANT_COUNTED;
	build();
	CHECK(row(0)->action.flags == TX_SEL_COUNTED);
	CHECK(row(0)->return_action.flags == (TX_SEL_SIGNAL | TX_SEL_TRACK));
	/* Both at once. */
	p.want.part = WANT_POST | WANT_ENFORCE;
	point.place.backend = POINT_FEXIT;
	point.place.row_flags = 0;
	build();
	CHECK(row(0)->action.flags == (TX_SEL_OVERRIDE | TX_SEL_SIGNAL | TX_SEL_TRACK));
	CHECK(row(0)->ops == 1 && !row(0)->return_ops && !row(0)->return_action.flags);
}

static void marks(void)
{
	struct tx_plan_selector *s;
	uint32_t id;

	begin(POINT_SYS_ENTER, 0, (uint8_t[]){ 0 }, 1);
	s = selector();
	action(&s->actions, (struct tx_plan_action){ .kind = TX_ACTION_OVERRIDE, .error = -1 });
	p.want.part |= WANT_MARK;
	build();
	CHECK(row(0)->action.flags == (TX_SEL_POST | TX_SEL_MARK));
	CHECK(built.rows->hook.flags & TX_HOOK_MARKS);
	id = row(0)->id;
	p.want.part = WANT_ENFORCE;
	build();
	CHECK(row(0)->action.flags == TX_SEL_OVERRIDE && !(built.rows->hook.flags & TX_HOOK_MARKS));
	CHECK(row(0)->id == id);
	selector();
	build();
	CHECK(row(0)->id == id && row(1)->id != id);
	p.text[p.policy.name.offset] ^= 1;
	build();
	CHECK(row(0)->id != id);
	action(&s->actions,
	       (struct tx_plan_action){ .kind = TX_ACTION_NOTIFY_ENFORCER, .error = -2 });
	CHECK(refused_for("NotifyEnforcer"));
	p.actions[1].error = -1;
	p.actions[1].signal = 9;
	build();
	CHECK(row(0)->action.flags == (TX_SEL_OVERRIDE | TX_SEL_NOTIFY) &&
	      row(0)->action.signal == 9);
	/* Asked of an enforcer: by an LSM hook, by the gate, by nobody. */
	p.actions[0] = (struct tx_plan_action){ .kind = TX_ACTION_NO_POST };
	strcpy(p.want.place.name, "sendto");
	p.want.part = WANT_ENFORCE | WANT_NOTIFY;
	build();
	CHECK(row(0)->action.flags == TX_SEL_NOTIFY && row(0)->action.error == -1);
	p.want.part |= WANT_NOTIFY_GATE;
	build();
	CHECK(row(0)->action.flags == (TX_SEL_NOTIFY | TX_SEL_CGROUP));
	CHECK(row(0)->action.gate == TX_GATE_SENDTO);
	p.want.part = WANT_ENFORCE;
	build();
	CHECK(row(0)->action.flags == TX_SEL_NOTIFY && !row(0)->action.error);
	CHECK(!(built.rows->hook.flags & TX_HOOK_MARKS)); /* a signal alone marks nobody */
}

static void refusals(void)
{
	struct tx_plan_filter *f;
	char text[300];

	memset(text, 'x', sizeof(text));
	begin(POINT_KPROBE, 0, (uint8_t[]){ 0, 4 }, 2);
	f = filter(&selector()->filters, TX_FILTER_STR_EQUAL);
	f->arg = 1;
	value(f)->text = add_text(&p, text, TX_TEXT_KEY);
	CHECK(refused_for("too long"));
	p.values[f->values.first].text.length--;
	build();
	CHECK(!built.wants[0].rejected);
	f->kind = TX_FILTER_STR_SUBSTRING;
	CHECK(refused_for("longer"));
	f->kind = TX_FILTER_INT_EQUAL;
	CHECK(refused_for("is text"));
	f->kind = TX_FILTER_STR_EQUAL;
	f->arg = 0;
	CHECK(refused_for("is none"));
	f->arg = BUILD_RETURN;
	CHECK(refused_for("return value"));
	f->arg = 5;
	CHECK(refused_for("not read"));
	f->kind = TX_FILTER_SADDR;
	f->arg = 0;
	CHECK(refused_for("address"));
	f->kind = TX_FILTER_WORKLOAD;
	f->flags = TX_FILTER_F_NOT;
	CHECK(refused_for("excluded"));
	p.selectors[0].filters.count = BUILD_FILTERS + 1;
	CHECK(refused_for("filters"));
	p.selectors[0].filters.count = 0;
	p.selectors[0].return_filters = (struct tx_plan_range){ 0, 1 };
	CHECK(refused_for("return value"));
}

/* A call of the 32-bit ABI is another number only where the argument tells the two apart. */
static void calls(void)
{
	struct tx_plan_filter *f;

	begin(POINT_RAW_TP, 0, (uint8_t[]){ 2 }, 1);
	f = filter(&selector()->filters, TX_FILTER_INT_EQUAL);
	value(f)->text = add_text(&p, "i386/x", 6);
	build();
	CHECK(built.sets[0]->count == 1 && built.sets[0]->entries[0].value == 6);
	p.want.arg[0].type = TX_ARG_SYSCALL64;
	build();
	CHECK(built.sets[0]->entries[0].value == TX_SYSCALLS + 6);
	p.text[p.values[f->values.first].text.offset] = '?';
	build();
	CHECK(!built.sets[0]->count && built.rows->hook.slots == 1);
	p.text[p.values[f->values.first].text.offset] = '*';
	build();
	CHECK(!built.rows->hook.slots && built.rows->hook.ops == 1);
}

/* The first policies there keep what they have; the one that doesn't fit goes. */
static void too_many(void)
{
	static struct want wants[TX_HOOK_SELECTORS + 10];
	uint32_t n = TX_HOOK_SELECTORS + 10, rejected = 0;

	begin(POINT_KPROBE, 0, (uint8_t[]){ 0 }, 1);
	point.wants = NULL;
	for (uint32_t i = 0; i < n; i++) {
		wants[i] = p.want;
		wants[i].policy = n - i;
		wants[i].next = point.wants;
		point.wants = &wants[i];
	}
	CHECK(build()->selectors == TX_HOOK_SELECTORS);
	for (uint32_t i = 0; i < n; i++) {
		const struct built_want *w = &built.wants[i];

		rejected += w->rejected;
		CHECK(w->rejected == (i >= TX_HOOK_SELECTORS) && w->want->policy == i + 1);
		CHECK(w->rejected || (w->first == i && w->count == 1));
	}
	CHECK(rejected == 10 && strstr(built.wants[n - 1].reason, "selectors"));
	CHECK(built.rows->hook.all[3] == ~0ULL);
}

/* Of all places the set's number is put where its place in the build was. */
static void settled(void)
{
	struct tx_plan_filter *f;

	begin(POINT_KPROBE, 0, (uint8_t[]){ 0, 4 }, 2);
	f = filter(&selector()->filters, TX_FILTER_STR_EQUAL);
	f->arg = 1;
	value(f)->text = add_text(&p, "/a", 2);
	f = filter(&p.selectors[0].filters, TX_FILTER_BINARY_EQUAL);
	f->flags = TX_FILTER_F_FOLLOW;
	value(f)->text = add_text(&p, "/b", 2);
	build();
	CHECK(built.set_count == 2 && built.rows->hook.slots == 1 && built.rows->hook.ops == 2);
	built.sets[0]->number = 70;
	built.sets[1]->number = 71;
	build_settle(&built, 5);
	CHECK(built.rows->hook.build == 5);
	CHECK(built.rows[built.rows->hook.slot_row].slot.set == 70);
	CHECK(built.rows[built.rows->hook.op_row].op.op == TX_OP_FOLLOW);
	CHECK(built.rows[built.rows->hook.op_row].op.flags == TX_OPROW_MORE);
	CHECK(built.rows[built.rows->hook.op_row + 1].op.set == 71);
}

int main(void)
{
	whole();
	plain();
	slots_chosen();
	pair();
	marks();
	refusals();
	calls();
	too_many();
	settled();
	build_free(&built);
	return unit_end("build_rows");
}
