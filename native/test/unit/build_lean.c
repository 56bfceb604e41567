// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* When a hook is so plain that a short record tells it, and when not. */
#include <arpa/inet.h>

#include "unit.h"

#include "build_single.h"

#define INT_ROW 0 /* of world_rows */
#define TEXT_ROW 4
#define SOCK_ROW 6
#define FILE_ROW 5

static void match(uint8_t arg, uint8_t kind, const char *text)
{
	struct tx_plan_filter *f = filter(&selector()->filters, kind);

	f->arg = arg;
	value(f)->text = add_text(&p, text, strlen(text));
}

/* A number and a text in user memory. */
static void open_like(enum point_backend backend, uint16_t flags)
{
	begin(backend, flags, (uint8_t[]){ INT_ROW, TEXT_ROW }, 2);
	p.want.arg[0].index = 0;
	p.want.arg[1].index = 1;
	p.want.arg[1].flags = TX_ARGROW_USER;
	p.want.arg[1].max = 4096;
	match(1, TX_FILTER_STR_PREFIX, "/srv/one/");
}

static void end_with(uint8_t kind)
{
	action(&p.selectors[0].actions, (struct tx_plan_action){ .kind = kind, .signal = 9 });
}

static bool is_lean(void)
{
	return build()->flags & TX_HOOK_LEAN;
}

/* What it is told by is what the rows say. */
static void says_the_same(void)
{
	const struct tx_hook_row *head = &built.rows->hook;
	const struct tx_lean *lean = &head->lean;
	const struct tx_slot_row *slot = &built.rows[head->slot_row].slot;

	built.sets[0]->number = 7;
	build_settle(&built, 1);
	CHECK(lean->arg[0].plain == TX_PLAIN_NUMBER && lean->arg[0].index == 0);
	CHECK(lean->arg[1].plain == TX_PLAIN_STRING && lean->arg[1].index == 1 &&
	      lean->arg[1].type == TX_ARG_STRING && lean->arg[1].max == 4096);
	CHECK(lean->kind == TX_SLOT_TEXT && lean->source == TX_SRC_TEXT && lean->slot_arg == 1 &&
	      lean->set == 7 && slot->set == 7 && lean->care == 1 && !lean->inverted);
	CHECK(lean->policy == row(0)->policy);
}

/* Connections to a network; more of them are values of the same filter. */
static void network(const char *bytes, size_t len, uint64_t prefix)
{
	struct tx_plan_filter *f = filter(&selector()->filters, TX_FILTER_DADDR);
	struct tx_plan_value *v = value(f);

	v->text = add_text(&p, bytes, len);
	v->a = prefix;
}

static const struct tx_lean *lean_sock(void)
{
	CHECK(is_lean() && built.rows->hook.flags & TX_HOOK_SOCK);
	return &built.rows->hook.lean;
}

/* One network of IPv4 is compared with; of several, or of IPv6, none is. */
static void test_network(void)
{
	const struct tx_lean *lean;

	begin(POINT_KPROBE, 0, (uint8_t[]){ SOCK_ROW }, 1);
	network("\x7f\0\0\1", 4, 8);
	lean = lean_sock();
	CHECK(lean->network == htonl(0x7f000000) && lean->network_mask == htonl(0xff000000) &&
	      lean->network_word == 1);
	begin(POINT_KPROBE, 0, (uint8_t[]){ SOCK_ROW }, 1);
	network("\x0a\1\2\3", 4, 0);
	lean = lean_sock();
	CHECK(!lean->network && !lean->network_mask && lean->network_word == 1);
	begin(POINT_KPROBE, 0, (uint8_t[]){ SOCK_ROW }, 1);
	network("\x0a\1\2\3", 4, 32);
	p.filters[0].values.count++;
	*add_value(&p) = (struct tx_plan_value){ .text = add_text(&p, "\x7f\0\0\1", 4), .a = 8 };
	CHECK(!lean_sock()->network_word && built.sets[0]->count == 2);
	begin(POINT_KPROBE, 0, (uint8_t[]){ SOCK_ROW }, 1);
	network("\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16, 8);
	CHECK(!lean_sock()->network_word);
	/* A text is none. */
	open_like(POINT_KPROBE, TX_HOOK_SYSCALL_REGS);
	CHECK(is_lean() && !built.rows->hook.lean.network_word);
}

/* Where the kernel reads the memory after us. */
static void test_late(void)
{
	static const enum point_backend never[] = { POINT_SYS_EXIT, POINT_FEXIT, POINT_LSM,
						    POINT_UPROBE, POINT_USDT };

	begin(POINT_SYS_ENTER, 0, (uint8_t[]){ 1 }, 1);
	CHECK(build()->flags & TX_HOOK_LATE);
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		begin(never[i], 0, (uint8_t[]){ 1 }, 1);
		CHECK(!(build()->flags & TX_HOOK_LATE));
	}
}

int main(void)
{
	test_late();
	test_network();
	open_like(POINT_KPROBE, TX_HOOK_SYSCALL_REGS);
	CHECK(is_lean());
	CHECK((built.rows->hook.flags & (TX_HOOK_FEW | TX_HOOK_SOCK)) == TX_HOOK_FEW);
	says_the_same();
	open_like(POINT_SYS_ENTER, 0);
	CHECK(is_lean());

	/* An argument behind the first two has to be read. */
	open_like(POINT_KPROBE, TX_HOOK_SYSCALL_REGS);
	p.want.arg[0].index = 2;
	CHECK(is_lean());
	CHECK(!(built.rows->hook.flags & TX_HOOK_FEW));

	/* What must be kept until the return, or is told at it. */
	open_like(POINT_KPROBE, TX_HOOK_SYSCALL_REGS | TX_HOOK_RETURN_PAIR);
	CHECK(!is_lean());
	open_like(POINT_SYS_EXIT, 0);
	CHECK(!is_lean());

	/* More than telling. */
	open_like(POINT_KPROBE, TX_HOOK_SYSCALL_REGS);
	end_with(TX_ACTION_SIGKILL);
	CHECK(!is_lean());

	/* Of two selectors of one hook the first counts. */
	open_like(POINT_KPROBE, TX_HOOK_SYSCALL_REGS);
	match(1, TX_FILTER_STR_PREFIX, "/srv/two/");
	CHECK(!is_lean());

	/* What no single lookup answers. */
	open_like(POINT_KPROBE, TX_HOOK_SYSCALL_REGS);
	p.hook.selectors.count = 0;
	match(1, TX_FILTER_STR_POSTFIX, ".key");
	CHECK(!is_lean());

	/* A text behind another, arguments that take more to read, too many of them. */
	begin(POINT_KPROBE, 0, (uint8_t[]){ SOCK_ROW, TEXT_ROW }, 2);
	p.want.arg[1].flags = TX_ARGROW_USER;
	match(1, TX_FILTER_STR_PREFIX, "/srv/one/");
	CHECK(!is_lean());
	begin(POINT_KPROBE, 0, (uint8_t[]){ FILE_ROW }, 1);
	CHECK(!is_lean());
	begin(POINT_KPROBE, 0, (uint8_t[]){ INT_ROW, 1, 2 }, 3);
	CHECK(!is_lean());
	build_free(&built);
	return unit_end("build_lean");
}
