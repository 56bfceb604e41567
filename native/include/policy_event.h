/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The record of an event at a hook point, and how its arguments are told. Part of policy.h. */
#ifndef TELOVIX_POLICY_EVENT_H
#define TELOVIX_POLICY_EVENT_H

#include "policy.h"

#define TX_PARG_CUT 0x01     /* more there was than is given; orig says how much */
#define TX_PARG_FAULT 0x02   /* memory could not be read */
#define TX_PARG_MISSING 0x04 /* no room in the record */
#define TX_PARG_LOCAL 0x08   /* an open file: its file system answers by itself */

struct tx_parg {
	__u8 type; /* enum tx_arg_type */
	__u8 flags;
	__u16 mode;        /* of a file's inode */
	__u32 offset, len; /* in data */
	__u32 orig;        /* of an open file: its file system's device, as the kernel has it */
	__u64 value; /* integers; of an open file its inode's number; the pointer of all else */
	__u64 extra; /* flags of a file */
};

#define TX_SEEN_TRAMPOLINE 0x01 /* by one that does a kprobe's work */
#define TX_SEEN_LATE 0x02       /* when the memory it speaks of had come in */
/* Of enforcing policies: one was not to enforce then, one spared who is guarded. */
#define TX_SEEN_MONITORED 0x04
#define TX_SEEN_GUARDED 0x08

enum tx_method {
	TX_METHOD_NONE,
	TX_METHOD_SIGNAL,
	TX_METHOD_LSM,
	TX_METHOD_FMOD_RET,
	TX_METHOD_OVERRIDE_RETURN,
	TX_METHOD_CGROUP,
	TX_METHOD_SET,
};

/* h.type is TX_POLICY_EVENT. */
struct tx_policy_event {
	struct tx_header h;
	__u32 hook;
	__u32 build;
	__u64 posted[TX_MASK_WORDS];   /* selectors that want an event: a line for each */
	__u64 enforced[TX_MASK_WORDS]; /* whose action was carried out */
	__s64 ret;
	__s32 error;  /* returned instead of the call, 0: none */
	__u32 signal; /* sent, 0: none */
	__u8 method;  /* enum tx_method of the error */
	__u8 args;
	__u8 has_ret;
	__u8 seen; /* TX_SEEN_* */
	__u32 data_len;
	__u32 kernel_stack, user_stack; /* bytes, behind the arguments' data, in this order */
	__u32 call_nr;                  /* system call hooks: number */
	__u32 stacks_end;               /* bytes of data with the stacks */
	__u8 ima_algorithm;             /* enum hash_algo of the kernel */
	__u8 ima_len;                   /* 0: no hash was taken */
	__u8 pad2[6];
	__u8 ima[TX_IMA_MAX];
	struct tx_parg arg[TX_HOOK_ARGS];
	__u64 key; /* room to make a key of the text that stands first */
	char data[];
};

#define TX_PENDINGS 640
#define TX_PENDINGS_OF_ONE \
	256 /* of one hook point: calls that never return leave room for others */

#define TX_PENDING_MARK 0x80000000U /* in a key: waits for whether the call is denied */
#define TX_PENDING_LATE 0x40000000U /* beside it: what another look at the call has found */

/* A call between kprobe and kretprobe, or between mark and gate; key: tid << 32 | hook point. */
struct tx_pending {
	__u64 ktime;
	__u64 raw[8];
	__u64 matched[TX_MASK_WORDS];
	char record[sizeof(struct tx_policy_event) + TX_CALL_DATA];
	__u64 within; /* calls of the same in it, told when they were made */
};

/*
 * The same in fewer bytes, with TX_HF_SHORT, where nothing is to be said but that one of the first
 * 64 selectors holds (TX_HOOK_LEAN). From its arguments on it is the end of the other, so that it
 * is made in the same place.
 */
struct tx_policy_short {
	struct tx_header h;
	__u32 hook;
	__u32 build;
	__u64 posted;
	__u32 data_len;
	__u32 call_nr;
	__u8 args;
	__u8 seen;
	__u8 pad[6];
	struct tx_parg arg[TX_SHORT_ARGS];
	__u64 key;
	char data[];
};

/* In data, by the argument's type. sock, socket, sockaddr: struct tx_sock. cred: struct tx_creds.
 */
struct tx_skb_data {
	struct tx_sock sock; /* addresses and ports of the packet */
	__u32 hash, len;
	__u32 sec_path_len, sec_path_olen;
};

struct tx_user_ns_data {
	__s32 level;
	__u32 uid, gid, inum;
};

/* bpf_attr, bpf_prog: type, instructions. bpf_map: type, key, value, entries. */
struct tx_bpf_data {
	__u32 type, count, value_size, entries;
	char name[16];
};

struct tx_perf_data {
	__u64 config, probe_offset;
	__u32 type, pad;
	char function[64];
};

struct tx_module_data {
	__u64 taints;
	__u32 signature_ok, has_signature;
	char name[56];
};

_Static_assert(sizeof(struct tx_parg) == 32, "tx_parg");
_Static_assert(sizeof(struct tx_policy_event) % 8 == 0, "tx_policy_event");
_Static_assert(sizeof(struct tx_policy_short) - __builtin_offsetof(struct tx_policy_short, arg) ==
		       sizeof(struct tx_policy_event) -
			       __builtin_offsetof(struct tx_policy_event,
						  arg[TX_HOOK_ARGS - TX_SHORT_ARGS]),
	       "tx_policy_short");

#endif
