/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A policy's event as lines: one per selector that wants it or whose action was carried out.
 * What the record holds is in policy.h; what the lines hold in docs/engine-output.md.
 */
#ifndef TELOVIX_EVENT_H
#define TELOVIX_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan.h"
#include "policy.h"
#include "proc.h"

/* What whoever built the hook's rows knows of one selector. Texts are those of a checked plan. */
struct event_selector {
	const char *policy;
	const char *message;   /* "": none */
	const char *tags_json; /* "": none; a JSON array, written as it is */
	const char *function;  /* as shown: function, LSM hook, event, symbol, name of an USDT */
	enum tx_plan_hook_kind kind;
	const char *group; /* tracepoint: subsystem; USDT: provider */
	const char *path;  /* uprobe, USDT */
	uint64_t offset;   /* uprobe without symbol */
	uint64_t ref_ctr;
	const char *action;        /* the last one: "POST", "SIGKILL", "OVERRIDE", … */
	const char *return_action; /* NULL or "": none */
	bool monitor;              /* its policy only watches */
	bool guarded;              /* nothing is enforced against the process */
	bool loader;               /* its hook serves "loader: true" */
	uint16_t bit;              /* in posted and enforced */
	uint8_t args;              /* of the policy, data included */
	uint8_t data_from;         /* the first of data[]; args when there is none */
	const uint8_t *position;   /* of each: in the record, or TX_NO_POSITION */
	const char *const *labels; /* of each; NULL or "": none. NULL: none has one */
	bool wants_return;
	uint8_t return_position; /* in the record; TX_NO_POSITION: as the record's ret */
	const char *return_label;
};

/* Fills s for a selector of the record's hook and build. False when it is not known any more. */
typedef bool (*event_lookup)(void *context, const struct tx_policy_event *e, uint32_t bit,
			     struct event_selector *s);

/* Room for any record. */
union policy_event_room {
	struct tx_policy_event e;
	char bytes[sizeof(struct tx_policy_event) + TX_EVENT_DATA + TX_ARG_DATA_MAX];
};

/* A short record as the whole one it stands for; its length, or 0 when it makes no sense. */
size_t policy_event_whole(const struct tx_policy_short *from, size_t len,
			  union policy_event_room *room);

/* True when everything the record speaks of lies within its len bytes. */
bool policy_event_valid(const struct tx_policy_event *e, size_t len);

/*
 * All lines of a record. False, and nothing written, when it makes no sense: the caller counts it.
 * A selector that is not known any more is counted here, as a format loss.
 */
bool policy_event_format(const struct tx_policy_event *e, size_t len, event_lookup lookup,
			 void *context, const char *backend);

/* One line. The record must be valid. */
void policy_event_line(struct proc *p, const struct tx_policy_event *e,
		       const struct event_selector *s, const char *backend);

/* Lets go of what was read to name addresses, once nobody has asked for a while. now: boot time. */
void policy_event_idle(uint64_t now);

#endif
