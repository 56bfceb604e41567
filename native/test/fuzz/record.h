/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A policy's record, made by hand. */
#ifndef TELOVIX_RECORD_H
#define TELOVIX_RECORD_H

#include <stdint.h>
#include <string.h>

#include "policy.h"

#define RECORD_DATA (TX_EVENT_DATA + 2 * 8 * TX_STACK_FRAMES + 256)

union record {
	struct tx_policy_event e;
	char room[sizeof(struct tx_policy_event) + RECORD_DATA];
};

static inline void record_begin(union record *r)
{
	memset(r, 0, sizeof(*r));
	r->e.h.type = TX_POLICY_EVENT;
	r->e.h.ktime = 5000000000;
	r->e.h.cpu_seq = 7;
	r->e.h.cpu = 1;
	r->e.posted[0] = 1;
}

static inline size_t record_size(const union record *r)
{
	return sizeof(r->e) + r->e.stacks_end;
}

/* An argument with data; returns it. */
static inline struct tx_parg *record_data(union record *r, uint8_t type, const void *data,
					  uint32_t len)
{
	struct tx_parg *a = &r->e.arg[r->e.args++];

	a->type = type;
	a->offset = r->e.data_len;
	a->len = len;
	memcpy(r->e.data + a->offset, data, len);
	r->e.data_len = (r->e.data_len + len + 7) & ~7U;
	r->e.stacks_end = r->e.data_len;
	return a;
}

static inline struct tx_parg *record_text(union record *r, uint8_t type, const char *text)
{
	return record_data(r, type, text, strlen(text));
}

static inline struct tx_parg *record_number(union record *r, uint8_t type, uint64_t value)
{
	struct tx_parg *a = record_data(r, type, "", 0);

	a->value = value;
	return a;
}

/* Frames behind the data; kernel first. */
static inline void record_stack(union record *r, const uint64_t *kernel, uint32_t kernel_count,
				const uint64_t *user, uint32_t user_count)
{
	memcpy(r->e.data + r->e.data_len, kernel, 8 * kernel_count);
	memcpy(r->e.data + r->e.data_len + 8 * kernel_count, user, 8 * user_count);
	r->e.kernel_stack = 8 * kernel_count;
	r->e.user_stack = 8 * user_count;
	r->e.stacks_end = r->e.data_len + r->e.kernel_stack + r->e.user_stack;
}

#endif
