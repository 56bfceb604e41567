/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The wire between the BPF programs and the engine: one struct per record, included by both sides.
 * Every struct is laid out by hand to 8-byte alignment, with explicit padding and no `packed`
 * (clang then writes byte by byte). The sizes are asserted at the end of the file.
 */
#ifndef TELOVIX_EVENTS_H
#define TELOVIX_EVENTS_H

#include <linux/types.h>

#include "calls.h"

#define TX_PATH_MAX 4096    /* one path, including its end; longer ones keep their last part */
#define TX_NAME_MAX 256     /* one path component */
#define TX_ARGS_MAX 8192    /* argv of an exec */
#define TX_CGROUP_MAX 1024  /* cgroup path */
#define TX_SCRIPT_MAX 512   /* the name given to execve when it was a script */
#define TX_STR_MAX 1024     /* one string argument of a system call */
#define TX_STRS 4           /* string arguments of one system call */
#define TX_DNS_MAX 1232     /* bytes of a DNS message: the EDNS size that is never fragmented */
#define TX_WATCH_PREFIX 252 /* longest watched prefix: an LPM key holds 256 data bytes */
#define TX_COMM 16

enum tx_type {
	TX_EXEC = 1,
	TX_FORK,
	TX_EXIT,
	TX_TASK, /* a process found by the task iterator */
	TX_TCP_CONNECT,
	TX_TCP_ACCEPT,
	TX_TCP_CLOSE,
	TX_LISTEN,
	TX_UDP_SEND,
	TX_DNS,
	TX_OPEN,
	TX_PATHCALL,
	TX_CREDS,
	TX_SYSCALL,
	TX_POLICY_EVENT, /* policy.h */
	TX_LOADER,       /* policy.h */
	TX_TYPES
};

enum tx_ring { TX_RING_EXEC, TX_RING_MAIN, TX_RINGS };

struct tx_header {
	__u64 ktime; /* boot-time clock */
	__u64 cpu_seq;
	__u64 start; /* start_boottime of the thread group leader: with tgid it names the process */
	__u32 tgid;
	__u32 tid;
	__u32 uid; /* effective */
	__u16 cpu;
	__u8 type;
	__u8 flags; /* TX_HF_* */
};
#define TX_HF_NO_OWNER 0x01 /* a socket whose owner was never seen */
#define TX_HF_SHORT 0x02    /* struct tx_policy_short */

struct tx_creds {
	__u32 uid, gid, suid, sgid, euid, egid, fsuid, fsgid;
	__u32 securebits;
	__u32 user_ns;
	__u64 cap_inheritable, cap_permitted, cap_effective;
};

enum tx_ns {
	TX_NS_UTS,
	TX_NS_IPC,
	TX_NS_MNT,
	TX_NS_PID,
	TX_NS_PID_CHILD,
	TX_NS_NET,
	TX_NS_TIME,
	TX_NS_TIME_CHILD,
	TX_NS_CGROUP,
	TX_NS_USER,
	TX_NS_COUNT
};

struct tx_task {
	__u64 start;
	__u64 cgroup_id;
	struct tx_creds creds;
	__u32 tgid, tid, ppid, auid;
	__u32 nspid; /* as the process sees itself */
	__u32 kthread;
	__u32 ns[TX_NS_COUNT];
	char comm[TX_COMM];
};

/* Strings in data, in this order: path, script, cwd, cgroup, args; none ends in NUL but args' own.
 */
struct tx_proc {
	struct tx_header h;
	struct tx_task task;
	__u64 ino;
	__u32 dev, nlink;
	__u32 args_total; /* bytes the process has; more than args_len means truncated */
	__u16 path_len, script_len, cwd_len, cgroup_len, args_len;
	__u16 flags; /* TX_PF_* */
	char data[];
};
#define TX_PROC_DATA (2 * TX_PATH_MAX + TX_SCRIPT_MAX + TX_CGROUP_MAX + TX_ARGS_MAX)
#define TX_PF_ARGS_ERROR 0x01  /* argv could not be read */
#define TX_PF_PATH_CUT 0x02    /* path longer than TX_PATH_MAX */
#define TX_PF_CWD_CUT 0x04     /* cwd longer than TX_PATH_MAX */
#define TX_PF_SETID 0x08       /* the kernel raised privileges in this exec (AT_SECURE) */
#define TX_PF_CGROUP_SAME 0x10 /* fork: the child is in its creator's cgroup, no path given */

struct tx_exit {
	struct tx_header h;
	__u32 code; /* as wait(2) shows it */
	__u32 pad;
};

struct tx_sock {
	__u64 cookie;
	__u8 saddr[16], daddr[16]; /* IPv4 in the first four bytes */
	__u32 mark, priority, netns;
	__u16 family, type, protocol;
	__u16 sport, dport; /* host order */
	__u8 state, pad;
};

struct tx_net {
	struct tx_header h;
	struct tx_sock sock;
	__s64 ret;
	__u64 sent, received, duration;
	__s32 backlog;
	__u8 inbound;
	__u8 pad[3];
};

struct tx_dns {
	struct tx_header h;
	struct tx_sock sock;
	__u32 total; /* length of the message; more than len means cut */
	__u16 len;
	__u8 response;
	__u8 pad;
	char data[];
};

struct tx_open {
	struct tx_header h;
	__s64 ret;
	__u64 ino;
	__u32 dev, mode; /* of the inode, type bits included */
	__s32 dirfd;
	__u32 flags, create_mode;
	__u16 id; /* enum tx_sysid */
	__u16 path_len;
	__u32 watch;  /* index of the matched entry */
	__u8 toctou;  /* path from user memory */
	__u8 unclean; /* "..", "." or "//" in it: the engine normalises and matches again */
	__u8 cut;
	__u8 pad;
	char data[];
};

struct tx_pathcall {
	struct tx_header h;
	__s64 ret;
	__u64 args[6];
	__u16 id;
	__u16 len[2]; /* two paths in data, one after the other */
	__u8 unclean;
	__u8 toctou;
	__u32 watch;
	__u32 mode;
	char data[];
};

struct tx_credcall {
	struct tx_header h;
	__s64 ret;
	__u64 args[6];
	struct tx_creds now;
	__u16 id;
	__u16 pad[3];
};

struct tx_syscall {
	struct tx_header h;
	__s64 ret;
	__u64 args[6];
	__u16 id;
	__u16 cut; /* bit per string that was longer than TX_STR_MAX */
	__u16 len[TX_STRS];
	__u32 pad;
	char data[];
};

/* Value of the watched-prefix trie. */
struct tx_watch {
	__u32 index;
	__u32 flags; /* TX_W_* */
};
#define TX_W_READ 0x1
#define TX_W_WRITE 0x2
#define TX_W_REMOVE 0x4
/* In front of a key that is a directory above a watched prefix: no path begins with it. The key
 * ends in NUL; flags are those of all below.
 */
#define TX_WATCH_ABOVE '^'

/* Per-CPU counters, read every second; nothing the programs drop is without one. */
struct tx_stats {
	__u64 seq;
	__u64 lost[TX_RINGS]; /* failed reserve */
	__u64 events[TX_TYPES];
	__u64 bytes[TX_RINGS];
	__u64 self;         /* calls of the engine or the sensor, left out */
	__u64 scratch;      /* no scratch buffer: cannot happen, counted all the same */
	__u64 no_handler;   /* handler program was refused at load */
	__u64 compat;       /* 32-bit calls not read */
	__u64 fault;        /* user memory was not readable */
	__u64 owner_full;   /* socket owner not stored */
	__u64 output_error; /* ring refused for another reason */
	__u64 ptask_full;   /* a process that filters will not know */
};

_Static_assert(sizeof(struct tx_header) == 40, "tx_header");
_Static_assert(sizeof(struct tx_creds) == 64, "tx_creds");
_Static_assert(sizeof(struct tx_task) == 160, "tx_task");
_Static_assert(sizeof(struct tx_proc) == 232, "tx_proc");
_Static_assert(sizeof(struct tx_exit) == 48, "tx_exit");
_Static_assert(sizeof(struct tx_sock) == 64, "tx_sock");
_Static_assert(sizeof(struct tx_net) == 144, "tx_net");
_Static_assert(sizeof(struct tx_dns) == 112, "tx_dns");
_Static_assert(sizeof(struct tx_open) == 88, "tx_open");
_Static_assert(sizeof(struct tx_pathcall) == 112, "tx_pathcall");
_Static_assert(sizeof(struct tx_credcall) == 168, "tx_credcall");
_Static_assert(sizeof(struct tx_syscall) == 112, "tx_syscall");

#endif
