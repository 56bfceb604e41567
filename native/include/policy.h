/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the policy programs are told, and what they tell: rows of a hook, keys of the index, the
 * record of an event. Included by both sides.
 *
 * A hook point is one place in the kernel where one program of ours is attached, whatever the
 * number of policies that want it. All it must know lies in one array map of rows (tx_hooks[hook]
 * -> rows): the head, how to read each argument, the filter slots of the index, the selectors, and
 * the operations the index can't answer. A change of policies builds new rows and exchanges the
 * map: the kernel waits for programs that still use the old one.
 */
#ifndef TELOVIX_POLICY_H
#define TELOVIX_POLICY_H

#include <linux/types.h>

#include "events.h"
#include "plan.h"
#include "policy_lean.h"

#define TX_POLICIES 1024      /* policies loaded at a time */
#define TX_HOOK_POINTS 1024   /* hook points at a time; 0 is none */
#define TX_HOOK_SELECTORS 256 /* of all policies at one hook point: bits of a mask */
#define TX_MASK_WORDS 4
#define TX_HOOK_ARGS 8  /* distinct arguments read at one hook point */
#define TX_HOOK_SLOTS 8 /* filter slots of the index */
#define TX_HOOK_OPS 1024
#define TX_HOOK_ROWS (1 + TX_HOOK_ARGS + TX_HOOK_SLOTS + TX_HOOK_SELECTORS + TX_HOOK_OPS)
#define TX_RESOLVE_STEPS 10
#define TX_NO_POSITION 255
#define TX_TEXT_KEY 252     /* bytes of text in a key of the text trie */
#define TX_END_KEY 127      /* bytes of a text's end that postfixes see */
#define TX_FOLLOW_WORDS 4   /* 256 follow sets: followForks, followChildren */
#define TX_EVENT_DATA 16384 /* bytes of arguments in one record */
#define TX_ARG_DATA 4096    /* of one argument, unless maxData is given */
#define TX_ARG_DATA_MAX 8192
#define TX_STACK_FRAMES 32
#define TX_IMA_MAX 64     /* bytes of the longest hash */
#define TX_CALL_DATA 3584 /* bytes of arguments kept between kprobe and kretprobe */

/* --- rows, 128 bytes each --- */

#define TX_HOOK_RETURN_PAIR 0x01  /* kprobe and kretprobe: keep the record until the return */
#define TX_HOOK_SYSCALL_REGS 0x02 /* the first argument is the pt_regs of a system call */
#define TX_HOOK_COMPAT_REGS 0x04  /* of the 32-bit ABI */
#define TX_HOOK_MARKS 0x08 /* a selector of it marks threads: this thread's old ones are void */
#define TX_HOOK_IMA 0x10   /* a program behind it takes the file's hash and sends the record */
#define TX_HOOK_LEAN 0x20  /* all of it is plain, and little: told by struct tx_policy_short */
#define TX_HOOK_FEW 0x40   /* lean, and nothing but the first two arguments is read */
#define TX_HOOK_SOCK 0x80  /* lean, and all that is read is one socket */
#define TX_HOOK_LATE 0x100 /* looked at again when memory comes in: before the call goes on */

/*
 * The quick look: where no selector can hold unless a call's text is one of some, or begins so, a
 * bit for what each has at one place, the end of the shortest. A text whose bit is not set is done
 * with before anything else is read. Word: the bytes, zeroes behind them.
 */
#define TX_QUICK_BYTES 8
#define TX_QUICK_WORDS 8 /* of bits */

struct tx_quick {
	__u8 len;   /* 0: no quick look */
	__u8 from;  /* where in the text they are */
	__u8 index; /* argument of the system call: a text in user memory */
	__u8 pad[5];
	__u64 bits[TX_QUICK_WORDS];
};

static inline __u32 tx_quick_bit(__u64 word)
{
	return word * 0x9e3779b97f4a7c15ULL >> 55;
}

/* What is looked at first of a hook point; which: of its two builds, the one in force. */
struct tx_front {
	__u32 which;
	__u32 pad;
	struct tx_quick quick[2];
};

struct tx_hook_row {
	__u32 build; /* number of this set of rows; never used twice in a run */
	__u16 args, slots, selectors, ops;
	__u16 arg_row, slot_row, selector_row, op_row; /* of the first of each */
	__u16 flags;                                   /* TX_HOOK_* */
	__u8 return_position;     /* of the return value among the arguments, or TX_NO_POSITION */
	__u8 first;               /* bit per argument that is read before the slots are looked up */
	__u64 all[TX_MASK_WORDS]; /* the selectors there are */
	struct tx_lean lean;
};

#define TX_ARGROW_USER 0x01  /* text and buffers lie in user memory */
#define TX_ARGROW_FIELD 0x02 /* a field of a tracepoint's record, at offset */
#define TX_ARGROW_ADDRESS \
	0x04 /* the last step gives the address of the thing, not a pointer to it */
#define TX_ARGROW_AT_RETURN 0x08 /* read when the call returns */
#define TX_ARGROW_USDT 0x10      /* read by bpf_usdt_arg */

struct tx_arg_row {
	__u8 type;   /* enum tx_arg_type; never AUTO */
	__u8 source; /* enum tx_arg_source */
	__u8 index;
	__u8 flags;      /* TX_ARGROW_* */
	__u8 size_index; /* argument that holds the size, or TX_NO_POSITION */
	__u8 steps;
	__u8 width; /* bytes of an integer in memory */
	__u8 is_signed;
	__u32 max;    /* bytes of data at most */
	__u32 offset; /* with TX_ARGROW_FIELD */
	/* value = raw argument; per step: value += offset, then value = *(void **)value if deref.
	 */
	struct {
		__u32 offset;
		__u32 deref;
	} step[TX_RESOLVE_STEPS];
	struct tx_plain_arg plain;
};

/* What a slot or an operation looks at. */
enum tx_source {
	TX_SRC_VALUE = 1, /* the argument's 64-bit value */
	TX_SRC_TEXT,      /* its bytes, from the start */
	TX_SRC_END,       /* its bytes, from the end */
	TX_SRC_SADDR,
	TX_SRC_DADDR,
	TX_SRC_SPORT,
	TX_SRC_DPORT,
	TX_SRC_PROTOCOL,
	TX_SRC_FAMILY,
	TX_SRC_STATE,
	TX_SRC_PID,       /* of the process (tgid) */
	TX_SRC_OWN_PID,   /* as the process sees itself */
	TX_SRC_NAMESPACE, /* sub: enum tx_ns */
	TX_SRC_BINARY,    /* path of the process's image */
	TX_SRC_BINARY_END,
	TX_SRC_PARENT, /* of its parent's */
	TX_SRC_PARENT_END,
	TX_SRC_CGROUP, /* id of the process's cgroup */
	TX_SRC_MODE,   /* file type bits of the argument */
};

enum tx_slot_kind { TX_SLOT_INT = 1, TX_SLOT_TEXT, TX_SLOT_ADDRESS };

/* mask &= (found ^ inverted) | ~care */
struct tx_slot_row {
	__u8 kind;   /* enum tx_slot_kind: which map */
	__u8 source; /* enum tx_source */
	__u8 arg;
	__u8 sub;
	__u32 set; /* number of the set in the index maps; never used twice in a run */
	__u64 care[TX_MASK_WORDS];
	__u64 inverted[TX_MASK_WORDS];
};

#define TX_SEL_POST 0x0001
#define TX_SEL_KERNEL_STACK 0x0002
#define TX_SEL_USER_STACK 0x0004
#define TX_SEL_IMA 0x0008
#define TX_SEL_SIGNAL 0x0010
#define TX_SEL_OVERRIDE 0x0020
#define TX_SEL_NOTIFY 0x0040
#define TX_SEL_CLEANUP 0x0080
#define TX_SEL_TRACK 0x0100
#define TX_SEL_UNTRACK 0x0200
#define TX_SEL_SET 0x0400
#define TX_SEL_CGROUP                                                                          \
	0x1000             /* the mark is carried out by the cgroup's gate, not by an LSM hook \
			    */
#define TX_SEL_KEEP 0x2000 /* told at the return, or at once where that cannot be waited for */
#define TX_SEL_MARK 0x0800 /* override by a mark that the LSM hook of this call consumes */

#define TX_SEL_COUNTED 0x4000 /* that it matches is counted at another hook point */
#define TX_WANT_ANSWER 0x8000 /* of a run: it waits until its mark is answered */

/* Where a system call that the root cgroup's gate may refuse holds the address it is for. */
enum tx_gate {
	TX_GATE_NONE,
	TX_GATE_CONNECT, /* connect: the second argument */
	TX_GATE_SENDTO,  /* sendto: the fifth */
	TX_GATE_SENDMSG, /* sendmsg, sendmmsg: first in what the second points at */
};

struct tx_selector_action {
	__u32 flags; /* TX_SEL_* */
	__s32 error; /* negative errno */
	__u32 signal;
	__u8 sock_arg; /* position of argSock, or TX_NO_POSITION */
	__u8 set_arg;
	__u8 rate_scope;
	__u8 gate; /* enum tx_gate, with TX_SEL_CGROUP */
	__u32 set_value;
	__u32 pad2;
	__u64 rate_ns;
};

struct tx_selector_row {
	__u32 policy; /* index in tx_policies */
	__u32 id;     /* of the selector, the same in all builds: key of its rate limit */
	__u32 hook;   /* the policy's hook: of its selectors the first that holds counts */
	__u32 pad;
	__u16 op, ops;               /* first, count: all must hold */
	__u16 return_op, return_ops; /* with TX_HOOK_RETURN_PAIR, at the return */
	struct tx_selector_action action, return_action;
};

enum tx_op {
	TX_OP_EQUAL = 1, /* value is one of v[0..count) */
	TX_OP_RANGE,     /* in one of v[2i]..v[2i+1], unsigned */
	TX_OP_RANGE_SIGNED,
	TX_OP_MASK,      /* value & v[0] */
	TX_OP_IN_SET,    /* lookup in set: kind in sub (enum tx_slot_kind) */
	TX_OP_SUBSTRING, /* text[0..count) occurs in the argument's bytes */
	TX_OP_SUBSTRING_NOCASE,
	TX_OP_CAPS_GAINED,       /* (value of arg) & ~(value of arg sub) & v[0] */
	TX_OP_FOLLOW,            /* bit count of the process's follow set */
	TX_OP_NAMESPACE_CHANGED, /* since exec; v[0]: bit per enum tx_ns */
	TX_OP_CAPABILITY,        /* sub: enum tx_cap_set; v[0]: mask; flags IN_NAMESPACE */
	TX_OP_CAPABILITY_CHANGED,
	TX_OP_CODE,  /* one step of the stack machine: sub = enum tx_code_op, v[0] */
	TX_OP_TRUTH, /* what is left on the stack, and empties it */
	TX_OP_NEVER,
};

#define TX_OPROW_NOT 0x01  /* applies to the whole group */
#define TX_OPROW_MORE 0x02 /* or the next one: a group holds if one of its operations does */
#define TX_OPROW_IN_NAMESPACE 0x04

struct tx_op_row {
	__u8 op;     /* enum tx_op */
	__u8 source; /* enum tx_source */
	__u8 arg;
	__u8 sub;
	__u8 flags;
	__u8 count;
	__u8 pad[2];
	union {
		__u64 v[15];
		char text[120];
		__u32 set;
	};
};

union tx_row {
	struct tx_hook_row hook;
	struct tx_arg_row arg;
	struct tx_slot_row slot;
	struct tx_selector_row selector;
	struct tx_op_row op;
	__u64 words[16];
};

/* --- keys and values of the index --- */

struct tx_mask {
	__u64 word[TX_MASK_WORDS];
};

struct tx_int_key {
	__u32 set;
	__u32 pad;
	__u64 value;
};

/* Trie: prefixlen = 32 + 8 * bytes. An exact text ends in a NUL that is part of the key. */
struct tx_text_key {
	__u32 prefixlen;
	__u32 set; /* big-endian: tries compare bit by bit */
	char text[TX_TEXT_KEY];
};

/* Trie: prefixlen = 64 + bits of the address. */
struct tx_address_key {
	__u32 prefixlen;
	__u32 set;    /* big-endian */
	__u32 family; /* big-endian */
	__u8 address[16];
};

_Static_assert(sizeof(struct tx_hook_row) <= 128, "tx_hook_row");
_Static_assert(sizeof(struct tx_arg_row) <= 128, "tx_arg_row");
_Static_assert(sizeof(struct tx_slot_row) <= 128, "tx_slot_row");
_Static_assert(sizeof(struct tx_selector_row) <= 128, "tx_selector_row");
_Static_assert(sizeof(struct tx_op_row) == 128, "tx_op_row");
_Static_assert(sizeof(union tx_row) == 128, "tx_row");
_Static_assert(sizeof(struct tx_text_key) == 260, "tx_text_key");

#include "policy_event.h"
#include "policy_state.h"

#endif
