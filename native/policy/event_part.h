/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of a policy's line. */
#ifndef TELOVIX_EVENT_PART_H
#define TELOVIX_EVENT_PART_H

#include "event.h"
#include "json.h"

/* Where in the buffer a part must have ended. */
static inline size_t event_room(const struct json *j, size_t limit)
{
	return j->len < limit ? limit - j->len : 0;
}

/*
 * One argument, as an object with one field named after its type, and its label. NULL: the record
 * has none. Text and bytes take at most max bytes of JSON. False when some of it is not told.
 */
bool event_arg(struct json *j, const struct tx_policy_event *e, const struct tx_parg *a,
	       const char *label, size_t max);

/* Text or bytes: as long as they are let be. */
bool event_arg_is_long(const struct tx_parg *a);

/* Bytes of JSON an argument takes at most, text and bytes apart. */
size_t event_arg_bytes(const struct tx_parg *a);

/*
 * The kernel's objects: "sock_arg":{…}. False when type is none of them or its data are too short.
 */
bool event_object(struct json *j, uint8_t type, const void *data, size_t len);

/* "name", or the number as text when it has none. */
void event_name(struct json *j, const char *key, const char *name, uint32_t number);

/*
 * Stack traces, if the record has them; frames that pass limit are left out. Returns how many.
 */
uint32_t event_kernel_stack(struct json *j, const struct tx_policy_event *e, size_t limit);
uint32_t event_user_stack(struct json *j, const struct tx_policy_event *e, const struct proc *p,
			  size_t limit);

/* Bytes of JSON both take at most. */
size_t event_stack_bytes(const struct tx_policy_event *e);

/* What of a line is not told. */
struct event_cuts {
	struct {
		uint8_t arg; /* number in the policy, TX_NO_POSITION: the return value */
		uint32_t size;
	} list[TX_HOOK_ARGS + 1];
	int count;
	uint32_t frames;
};

void event_cut(struct event_cuts *cuts, uint8_t arg, const struct tx_parg *a);

/* Extras in `telovix`. */
void event_left_out(struct json *j, const struct event_cuts *cuts, uint8_t seen);
void event_enforcement(struct json *j, const struct tx_policy_event *e,
		       const struct event_selector *s);

static inline bool event_has_bit(const __u64 *words, uint32_t bit)
{
	return bit < TX_HOOK_SELECTORS && words[bit / 64] >> bit % 64 & 1;
}

/* The file's hash as the kernel's integrity measurement knows it. */
void event_digest(struct json *j, const struct tx_policy_event *e);

/* The line of a file that is mapped to be run. */
void event_loader_line(struct proc *p, const struct tx_policy_event *e,
		       const struct event_selector *s, const char *backend);

#endif
