/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The plan: one policy, compiled. A file is a header and sections of fixed-size records; records
 * name each other by index and text by (offset, length) in the last section. Everything is
 * little-endian and 8-byte aligned. Written by src/core/policy/plan, read by engine/plan.c;
 * docs/plan-format.md says the same in words.
 *
 * A plan knows no kernel: names stay names. The engine resolves them on the host it runs on and
 * answers, per hook, with which mechanism and with what loss.
 */
#ifndef TELOVIX_PLAN_H
#define TELOVIX_PLAN_H

#include <linux/types.h>

#define TX_PLAN_MAGIC                                                               \
	"TXPLAN\r\n" /* eight bytes; damaged by any transfer that touches line ends \
		      */
#define TX_PLAN_VERSION 1
#define TX_PLAN_MAX (16 << 20) /* largest file the engine reads */
#define TX_PLAN_NONE 0xffffffffU

enum tx_plan_section {
	TX_PLAN_POLICY,    /* exactly one */
	TX_PLAN_HOOKS,     /* at most 4096 */
	TX_PLAN_ARGS,      /* at most 8192 */
	TX_PLAN_SELECTORS, /* at most 4096 */
	TX_PLAN_FILTERS,   /* at most 65536 */
	TX_PLAN_VALUES,    /* at most 262144 */
	TX_PLAN_ACTIONS,   /* at most 16384 */
	TX_PLAN_CODE,      /* at most 65536 */
	TX_PLAN_TEXT,      /* bytes */
	TX_PLAN_SECTIONS
};

struct tx_plan_header {
	char magic[8];
	__u32 version;
	__u32 size;  /* of the whole file */
	__u32 crc;   /* CRC-32C of everything behind this header */
	__u32 flags; /* 0 */
	struct {
		__u32 offset; /* from the file's start, a multiple of 8 */
		__u32 count;  /* records; bytes for TX_PLAN_TEXT */
	} section[TX_PLAN_SECTIONS];
};

/* UTF-8 unless said otherwise, no NUL at its end; length 0: none. */
struct tx_plan_text {
	__u32 offset; /* in TX_PLAN_TEXT */
	__u32 length;
};

/* count records from first on; count 0: none, first is 0 then. */
struct tx_plan_range {
	__u32 first, count;
};

enum tx_plan_mode { TX_MODE_DEFAULT, TX_MODE_MONITOR, TX_MODE_ENFORCE };
enum tx_plan_override { TX_OVERRIDE_ANY, TX_OVERRIDE_FMOD_RET, TX_OVERRIDE_RETURN };

#define TX_PLAN_F_NAMESPACED 0x01
#define TX_PLAN_F_NO_KPROBE_MULTI 0x02
#define TX_PLAN_F_NO_UPROBE_MULTI 0x04
#define TX_PLAN_F_LOADER 0x08   /* report executable mappings */
#define TX_PLAN_F_HOST 0x10     /* hostSelector {}: processes outside containers only */
#define TX_PLAN_F_WORKLOAD 0x20 /* podSelector or containerSelector given: workload text */

struct tx_plan_policy {
	struct tx_plan_text name;
	struct tx_plan_text namespace;
	struct tx_plan_text
		workload;      /* JSON of the selectors, for the sensor that knows workloads */
	__u32 mode;            /* enum tx_plan_mode */
	__u32 override_method; /* enum tx_plan_override */
	__u32 flags;           /* TX_PLAN_F_* */
	__u32 pad;
};

enum tx_plan_hook_kind {
	TX_HOOK_KPROBE = 1,
	TX_HOOK_FENTRY,
	TX_HOOK_LSM,
	TX_HOOK_TRACEPOINT,
	TX_HOOK_RAW_TRACEPOINT,
	TX_HOOK_UPROBE,
	TX_HOOK_USDT,
};

#define TX_HOOK_F_SYSCALL 0x01 /* call is a system call: name without ABI prefix, "sys_openat" */
#define TX_HOOK_F_I386 0x02    /* of the 32-bit ABI */
#define TX_HOOK_F_RETURN 0x04  /* the return value is wanted */
#define TX_HOOK_F_IGNORE_MISSING 0x08     /* ignore.callNotFound */
#define TX_HOOK_F_GENERATED_SYSCALLS 0x10 /* every system call; call is empty */
#define TX_HOOK_F_GENERATED_FTRACE \
	0x20 /* every traceable function that matches the regular expression in call */
#define TX_HOOK_F_OFFSET 0x40  /* uprobe: offset counts, call (a symbol) may be empty */
#define TX_HOOK_F_ADDRESS 0x80 /* uprobe: offset is a virtual address of the file */
#define TX_HOOK_F_ENFORCER \
	0x100 /* only serves NotifyEnforcer: kills or denies for a marked thread */
#define TX_HOOK_F_IGNORE_DIGEST 0x200
#define TX_HOOK_F_URETPROBE 0x400 /* uprobe "return: true" */
#define TX_HOOK_F_LOADER 0x800    /* serves "loader: true": its events are process_loader */

struct tx_plan_hook {
	__u32 kind;
	__u32 flags;
	struct tx_plan_text call;   /* function, hook, symbol, event; usdt: name */
	struct tx_plan_text group;  /* tracepoint: subsystem; usdt: provider */
	struct tx_plan_text path;   /* uprobe, usdt: file */
	struct tx_plan_text btf;    /* uprobe, usdt: btfPath */
	struct tx_plan_text digest; /* uprobe: "algo:hash" lines */
	struct tx_plan_text message;
	struct tx_plan_text tags; /* a JSON array */
	__u64 offset;
	__u64 ref_ctr; /* uprobe: reference counter offset, 0: none */
	struct tx_plan_range
		args; /* args in the order of the policy, then data; not the return value */
	struct tx_plan_range selectors; /* none: everything matches, Post */
	__u32 return_arg;               /* index in TX_PLAN_ARGS, or TX_PLAN_NONE */
	__u32 return_action; /* enum tx_plan_action_kind TRACK_SOCK, UNTRACK_SOCK, or 0 */
	__u32 line, column;  /* in the policy's text, for messages */
};

/* The types of the format, in the order of its list. */
enum tx_arg_type {
	TX_ARG_NOP,
	TX_ARG_AUTO,
	TX_ARG_INT, /* 32 bits, signed */
	TX_ARG_INT8,
	TX_ARG_UINT8,
	TX_ARG_INT16,
	TX_ARG_UINT16,
	TX_ARG_UINT32,
	TX_ARG_INT32,
	TX_ARG_UINT64, /* ulong, uint64, size_t */
	TX_ARG_INT64,  /* long, int64 */
	TX_ARG_SIZE,   /* size_t: as UINT64, printed as size_arg */
	TX_ARG_CHAR_BUF,
	TX_ARG_CHAR_IOVEC,
	TX_ARG_CONST_BUF,
	TX_ARG_STRING,
	TX_ARG_FILENAME, /* struct filename * */
	TX_ARG_FD,
	TX_ARG_FILE,
	TX_ARG_PATH,
	TX_ARG_DENTRY,
	TX_ARG_KIOCB,
	TX_ARG_IOV_ITER,
	TX_ARG_LINUX_BINPRM,
	TX_ARG_SKB,
	TX_ARG_SOCK,
	TX_ARG_SOCKET,
	TX_ARG_SOCKADDR,
	TX_ARG_SOCKADDR_UN,
	TX_ARG_NET_DEVICE,
	TX_ARG_CRED,
	TX_ARG_USER_NAMESPACE,
	TX_ARG_CAPABILITY,
	TX_ARG_KERNEL_CAP_T,
	TX_ARG_CAP_INHERITABLE,
	TX_ARG_CAP_PERMITTED,
	TX_ARG_CAP_EFFECTIVE,
	TX_ARG_BPF_ATTR,
	TX_ARG_BPF_CMD,
	TX_ARG_BPF_MAP,
	TX_ARG_BPF_PROG,
	TX_ARG_PERF_EVENT,
	TX_ARG_LOAD_INFO,
	TX_ARG_MODULE,
	TX_ARG_SYSCALL64,
	TX_ARG_DATA_LOC,
	TX_ARG_TYPES
};

enum tx_arg_source { TX_SOURCE_ARG, TX_SOURCE_RETURN, TX_SOURCE_CURRENT_TASK, TX_SOURCE_PT_REGS };

#define TX_ARG_F_RETURN_COPY 0x01 /* read when the call returns */
#define TX_ARG_F_MAX_DATA 0x02    /* maxData given */
#define TX_ARG_F_DATA 0x04        /* from data[], not args[] */

struct tx_plan_arg {
	__u8 type;   /* enum tx_arg_type */
	__u8 source; /* enum tx_arg_source */
	__u8 index;  /* number of the argument, from 0 */
	__u8 flags;
	__u32 size_index; /* argument that holds the size, from 0, or TX_PLAN_NONE */
	__u32 max_data;   /* bytes, with TX_ARG_F_MAX_DATA */
	__u32 pad;
	struct tx_plan_text resolve; /* "mm.owner.comm", "a[2].b"; empty: the argument itself */
	struct tx_plan_text btf_type;
	struct tx_plan_text btf_module;
	struct tx_plan_text label;
};

#include "plan_filter.h"

_Static_assert(sizeof(struct tx_plan_header) == 96, "tx_plan_header");
_Static_assert(sizeof(struct tx_plan_policy) == 40, "tx_plan_policy");
_Static_assert(sizeof(struct tx_plan_hook) == 112, "tx_plan_hook");
_Static_assert(sizeof(struct tx_plan_arg) == 48, "tx_plan_arg");

#endif
