/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A call of a hook, as a test makes it up: eight possible arguments, told apart by the index in
 * their rows, and a process.
 */
#ifndef TELOVIX_BUILD_WORLD_H
#define TELOVIX_BUILD_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "policy.h"

#define WORLD_TEXT 600

struct world_arg {
	uint64_t value;
	char text[WORLD_TEXT];
	uint32_t len;
	bool missing;  /* its text could not be kept */
	bool cut;      /* its end is not there */
	bool has_sock; /* it has addresses and ports */
	struct tx_sock sock;
	uint32_t mode;
};

struct world_text {
	char text[TX_TEXT_KEY];
	uint32_t len; /* 0: not known */
};

struct world {
	struct world_arg arg[8]; /* 7: the return value */
	uint64_t pid, own_pid, cgroup;
	uint32_t ns[TX_NS_COUNT], ns_then[TX_NS_COUNT];
	uint64_t caps[3], caps_then[3];
	bool known; /* what was at exec is remembered */
	bool own_user_ns;
	struct world_text binary, parent;
	uint64_t follow[TX_FOLLOW_WORDS];
};

/* The seven arguments and the return value there are: types and widths of all sorts. */
static const struct tx_arg_row world_rows[8] = {
	{ .type = TX_ARG_INT32, .index = 0, .width = 4, .is_signed = 1 },
	{ .type = TX_ARG_UINT32, .index = 1, .width = 4 },
	{ .type = TX_ARG_INT64, .index = 2, .width = 8, .is_signed = 1 },
	{ .type = TX_ARG_UINT64, .index = 3, .width = 8 },
	{ .type = TX_ARG_STRING, .index = 4, .max = 512 },
	{ .type = TX_ARG_FILE, .index = 5, .max = 512 },
	{ .type = TX_ARG_SOCK, .index = 6 },
	{ .type = TX_ARG_INT32,
	  .source = TX_SOURCE_RETURN,
	  .index = 7,
	  .width = 4,
	  .is_signed = 1 },
};

static inline uint64_t world_cut(uint64_t v, const struct tx_arg_row *row)
{
	if (row->width == 4)
		return row->is_signed ? (uint64_t)(int64_t)(int32_t)v : (uint32_t)v;
	return v;
}

/* Deterministic: the same cases wherever it runs. */
static uint64_t world_seed = 88172645463325252ULL;

static inline uint64_t any(void)
{
	world_seed ^= world_seed << 13;
	world_seed ^= world_seed >> 7;
	world_seed ^= world_seed << 17;
	return world_seed;
}

static inline uint32_t below(uint32_t n)
{
	return (any() >> 33) % n;
}

static inline bool one_in(uint32_t n)
{
	return !below(n);
}

/* Numbers that meet again, and a few that are far out. */
static inline uint64_t some_number(void)
{
	static const uint64_t far[] = { 0x7fffffff,
					0x80000000,
					0xffffffff,
					0x7fffffffffffffffULL,
					0x8000000000000000ULL,
					0xffffffff80000000ULL };

	return one_in(12) ? far[below(6)] : (uint64_t)((int64_t)below(12) - 3);
}

/* Texts that begin and end alike. Returns the length. */
static inline uint32_t some_text(char *to, uint32_t most)
{
	static const char *const parts[] = { "/", "a", "ab", "b", "/etc", ".so", "\0", "aa" };
	uint32_t len = 0, wanted = one_in(20) ? most : below(7);

	for (uint32_t i = 0; i < wanted && len < most; i++) {
		const char *part = parts[below(8)];
		uint32_t n = *part ? strlen(part) : one_in(8);

		if (len + n > most)
			break;
		memcpy(to + len, part, n);
		len += n;
	}
	return len;
}

static inline void some_address(uint8_t *to, uint16_t family)
{
	static const uint8_t start[] = { 10, 10, 192, 0 };

	memset(to, 0, 16);
	for (int i = 0; i < (family == 2 ? 4 : 16); i++)
		to[i] = one_in(3) ? start[below(4)] : below(2) << below(8);
}

static inline void some_world(struct world *w)
{
	memset(w, 0, sizeof(*w));
	for (int i = 0; i < 8; i++) {
		struct world_arg *a = &w->arg[i];

		a->value = world_cut(some_number(), &world_rows[i]);
		a->len = one_in(6) ? some_text(a->text, WORLD_TEXT) : some_text(a->text, 200);
		a->missing = one_in(30);
		a->cut = one_in(15);
		a->mode = (1 + below(12)) << 12;
		a->has_sock = i == 6 && !one_in(10);
		a->sock.family = one_in(2) ? 2 : one_in(8) ? 1 : 10;
		some_address(a->sock.saddr, a->sock.family);
		some_address(a->sock.daddr, a->sock.family);
		a->sock.sport = below(100);
		a->sock.dport = one_in(3) ? 443 : below(2000);
		a->sock.protocol = one_in(2) ? 6 : 17;
		a->sock.state = below(12);
	}
	w->pid = below(8);
	w->own_pid = below(8);
	w->cgroup = below(6);
	w->known = !one_in(8);
	w->own_user_ns = one_in(2);
	for (int i = 0; i < TX_NS_COUNT; i++) {
		w->ns[i] = below(3);
		w->ns_then[i] = one_in(4) ? below(3) : w->ns[i];
	}
	for (int i = 0; i < 3; i++) {
		w->caps[i] = any() & any() & 0xff;
		w->caps_then[i] = one_in(2) ? w->caps[i] : any() & 0xff;
	}
	w->binary.len = some_text(w->binary.text, 251);
	w->parent.len = some_text(w->parent.text, 251);
	for (int i = 0; i < TX_FOLLOW_WORDS; i++)
		w->follow[i] = any() & any();
}

#endif
