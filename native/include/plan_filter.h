/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The plan's selectors: filters, values, code, actions. Part of plan.h. */
#ifndef TELOVIX_PLAN_FILTER_H
#define TELOVIX_PLAN_FILTER_H

#include "plan.h"

struct tx_plan_selector {
	struct tx_plan_range filters, return_filters; /* all must hold */
	struct tx_plan_range actions, return_actions; /* none: Post */
	struct tx_plan_text label;
};

enum tx_filter_kind {
	TX_FILTER_INT_EQUAL = 1, /* values: a */
	TX_FILTER_INT_RANGE, /* values: a..b inclusive, in the order of the argument's type; GT, LT,
				InRange */
	TX_FILTER_INT_MASK,  /* values: a; value & a != 0 */
	TX_FILTER_STR_EQUAL, /* values: text, bytes */
	TX_FILTER_STR_PREFIX,
	TX_FILTER_STR_POSTFIX,
	TX_FILTER_STR_SUBSTRING,
	TX_FILTER_STR_SUBSTRING_NOCASE, /* text in lower case */
	TX_FILTER_SADDR, /* values: text = 4 or 16 address bytes, a = prefix length */
	TX_FILTER_DADDR,
	TX_FILTER_SPORT, /* values: a..b */
	TX_FILTER_DPORT,
	TX_FILTER_PROTOCOL, /* values: a */
	TX_FILTER_FAMILY,
	TX_FILTER_STATE,
	TX_FILTER_FILE_TYPE,   /* values: a = S_IFMT bits */
	TX_FILTER_CAPS_GAINED, /* arg: new set, sub: index of the argument with the old; values: a =
				  mask */
	TX_FILTER_PID,         /* values: a */
	TX_FILTER_BINARY_EQUAL, /* values: text */
	TX_FILTER_BINARY_PREFIX,
	TX_FILTER_BINARY_POSTFIX,
	TX_FILTER_NAMESPACE,        /* sub: enum tx_ns; values: a = inode, or b = 1: the host's */
	TX_FILTER_NAMESPACE_CHANGE, /* values: a = enum tx_ns; some of them changed since exec */
	TX_FILTER_CAPABILITY, /* sub: enum tx_cap_set; values: a = mask, some of them are set */
	TX_FILTER_CAPABILITY_CHANGE,
	TX_FILTER_EXPRESSION, /* code: CelExpr */
	TX_FILTER_WORKLOAD,   /* values: text = JSON of podSelector, containerSelector, hostSelector
			       */
};

enum tx_cap_set { TX_CAP_EFFECTIVE, TX_CAP_INHERITABLE, TX_CAP_PERMITTED };

#define TX_FILTER_F_NOT 0x01           /* holds when the filter does not */
#define TX_FILTER_F_FOLLOW 0x02        /* followForks, followChildren */
#define TX_FILTER_F_NAMESPACE_PID 0x04 /* isNamespacePID */
#define TX_FILTER_F_PARENT 0x08        /* TX_FILTER_BINARY_*: matchParentBinaries */
#define TX_FILTER_F_IN_NAMESPACE 0x10  /* isNamespaceCapability */

struct tx_plan_filter {
	__u8 kind; /* enum tx_filter_kind */
	__u8 flags;
	__u8 arg; /* position in the hook's args, the return value: 255; not used by filters on the
		     process */
	__u8 sub;
	__u32 pad;
	struct tx_plan_range values; /* one of them must hold */
	struct tx_plan_range code;
};

struct tx_plan_value {
	__u64 a, b; /* signed values are sign-extended to 64 bits */
	struct tx_plan_text text;
};

/* A stack machine on 64-bit values; the expression's truth is the one value left. At most 64 deep.
 */
enum tx_code_op {
	TX_CODE_CONST = 1, /* push value */
	TX_CODE_ARG,       /* push the value of argument arg */
	TX_CODE_ADD,
	TX_CODE_SUB,
	TX_CODE_AND,
	TX_CODE_OR,
	TX_CODE_XOR,
	TX_CODE_NOT, /* bitwise */
	TX_CODE_LOGIC_NOT,
	TX_CODE_EQ,
	TX_CODE_NE,
	TX_CODE_LT_S,
	TX_CODE_LE_S,
	TX_CODE_LT_U,
	TX_CODE_LE_U,
	TX_CODE_INT32,  /* sign-extend the low 32 bits */
	TX_CODE_UINT32, /* zero-extend them */
	TX_CODE_LOGIC_AND,
	TX_CODE_LOGIC_OR,
};

struct tx_plan_code {
	__u8 op;
	__u8 arg;
	__u8 pad[6];
	__u64 value;
};

enum tx_plan_action_kind {
	TX_ACTION_POST = 1,
	TX_ACTION_NO_POST,
	TX_ACTION_SIGKILL,
	TX_ACTION_SIGNAL,
	TX_ACTION_OVERRIDE,
	TX_ACTION_NOTIFY_ENFORCER,
	TX_ACTION_CLEANUP_ENFORCER,
	TX_ACTION_GET_URL,
	TX_ACTION_DNS_LOOKUP,
	TX_ACTION_TRACK_SOCK,
	TX_ACTION_UNTRACK_SOCK,
	TX_ACTION_SET,
};

enum tx_rate_scope { TX_RATE_THREAD, TX_RATE_PROCESS, TX_RATE_GLOBAL };

#define TX_ACTION_F_KERNEL_STACK 0x01
#define TX_ACTION_F_USER_STACK 0x02
#define TX_ACTION_F_IMA_HASH 0x04
#define TX_ACTION_F_REGS 0x08 /* override of registers: text = lines "rax=11" */

struct tx_plan_action {
	__u8 kind;
	__u8 flags;
	__u8 scope;  /* enum tx_rate_scope */
	__u8 arg;    /* argSock, argIndex: position in the hook's args */
	__s32 error; /* argError, as the call will return it: negative */
	__u32 signal;
	__u32 value;              /* argValue */
	__u64 interval_ns;        /* rateLimit, 0: none */
	struct tx_plan_text text; /* argUrl, argFqdn, registers */
};

_Static_assert(sizeof(struct tx_plan_selector) == 40, "tx_plan_selector");
_Static_assert(sizeof(struct tx_plan_filter) == 24, "tx_plan_filter");
_Static_assert(sizeof(struct tx_plan_value) == 24, "tx_plan_value");
_Static_assert(sizeof(struct tx_plan_code) == 16, "tx_plan_code");
_Static_assert(sizeof(struct tx_plan_action) == 32, "tx_plan_action");

#endif
