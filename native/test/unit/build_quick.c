// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* When a hook gets a quick look, and that it rules out nothing that could match. */
#include "unit.h"

#include "build_single.h"

#define TEXT_ROW 4 /* of world_rows: a text in user memory */

static bool passes(const char *text)
{
	__u64 word = 0;
	uint32_t bit;

	memcpy(&word, text + built.quick.from, built.quick.len);
	bit = tx_quick_bit(word);
	return built.quick.bits[bit / 64] & 1ULL << bit % 64;
}

static uint8_t quick_len(void)
{
	build();
	return built.quick.len;
}

static void text(uint8_t kind, const char *value_text)
{
	struct tx_plan_filter *f = filter(&selector()->filters, kind);
	struct tx_plan_value *v;

	f->arg = 1;
	v = value(f);
	v->text = add_text(&p, value_text, strlen(value_text));
}

static void start(enum point_backend backend, uint16_t flags)
{
	begin(backend, flags, (uint8_t[]){ 0, TEXT_ROW }, 2);
	p.want.arg[1].type = TX_ARG_STRING;
	p.want.arg[1].flags = TX_ARGROW_USER;
	p.want.arg[1].max = 4096;
	p.want.arg[1].steps = 0;
	p.want.arg[1].source = TX_SOURCE_ARG;
	p.want.arg[1].index = 1;
}

int main(void)
{
	const struct tx_hook_row *head;
	char other[64];
	int ruled_out = 0;

	start(POINT_KPROBE, TX_HOOK_SYSCALL_REGS);
	text(TX_FILTER_STR_PREFIX, "/srv/one/");
	text(TX_FILTER_STR_PREFIX, "/srv/another/and/so/on/for/a/long/way/");
	head = build();
	/* Where the shortest ends: what many begin with says little. */
	CHECK(built.quick.len == 8 && built.quick.from == 1 && built.quick.index == 1 &&
	      head->first == 2);
	CHECK(passes("/srv/one/x") && passes("/srv/another/and/so/on/for/a/long/way/x"));
	for (int i = 0; i < 1000; i++) {
		snprintf(other, sizeof(other), "/usr/%d/file", i);
		ruled_out += !passes(other);
	}
	CHECK(ruled_out > 900);

	/* The end of a whole text counts. */
	start(POINT_SYS_ENTER, 0);
	text(TX_FILTER_STR_EQUAL, "/a");
	CHECK(quick_len() == 3 && !built.quick.from && passes("/a") && !passes("/ab"));

	/* What is told of a text may end before the bytes that would be looked at. */
	start(POINT_SYS_ENTER, 0);
	text(TX_FILTER_STR_PREFIX, "/srv/one/");
	p.want.arg[1].max = 9;
	CHECK(!quick_len());
	p.want.arg[1].max = 10;
	CHECK(quick_len());

	/* One selector that asks for no text, and nothing can be ruled out by it. */
	start(POINT_KPROBE, TX_HOOK_SYSCALL_REGS);
	text(TX_FILTER_STR_PREFIX, "/srv/one/");
	selector();
	CHECK(!quick_len());

	/* A function's text may be anywhere; what a return is asked is not known yet. */
	start(POINT_KPROBE, 0);
	text(TX_FILTER_STR_PREFIX, "/srv/one/");
	CHECK(!quick_len());
	start(POINT_SYS_EXIT, 0);
	text(TX_FILTER_STR_PREFIX, "/srv/one/");
	CHECK(!quick_len());
	build_free(&built);
	return unit_end("build_quick");
}
