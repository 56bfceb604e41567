/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What is plain: arguments as they were given, and hooks that look at nothing else. */
#ifndef TELOVIX_POLICY_LEAN_H
#define TELOVIX_POLICY_LEAN_H

#include <linux/types.h>

#define TX_SHORT_ARGS 2 /* of a hook that is lean */

/* What is read most, and where it was given: known by one look at the row. */
enum tx_plain {
	TX_PLAIN_NONE,
	TX_PLAIN_NUMBER,
	TX_PLAIN_STRING, /* in user memory */
	TX_PLAIN_SOCK,
};

struct tx_plain_arg {
	__u8 plain; /* enum tx_plain; the rest as in struct tx_arg_row */
	__u8 type;
	__u8 index;
	__u8 width;
	__u8 is_signed;
	__u8 pad[3];
	__u32 max;
};

/* With TX_HOOK_LEAN: all that the other rows say, but for selectors behind the first. */
struct tx_lean {
	struct tx_plain_arg arg[TX_SHORT_ARGS];
	/* As in struct tx_slot_row; kind 0: there is no slot. */
	__u8 kind;
	__u8 source;
	__u8 slot_arg;
	__u8 pad;
	__u32 set;
	__u64 care;
	__u64 inverted;
	__u32 policy; /* of the first selector */
	/* The slot's set, where it is one network of IPv4: what it finds, or 0. As on the wire. */
	__u32 network;
	__u32 network_mask;
	__u32 pad2;
	__u64 network_word;
};

#endif
