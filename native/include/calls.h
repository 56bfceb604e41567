/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The table that says what is done with each system call, shared by both sides. */
#ifndef TELOVIX_CALLS_H
#define TELOVIX_CALLS_H

#include <linux/types.h>

#define TX_SYSCALLS 512 /* table size per ABI; compat numbers follow the native ones */

/* Tail-called handlers of sys_exit: the index into tx_handlers. */
enum tx_handler {
	TX_H_NONE,
	TX_H_GENERIC,
	TX_H_CREDS,
	TX_H_OPEN,
	TX_H_PATH,   /* the path is a string in user memory */
	TX_H_FDPATH, /* the path is that of an open descriptor */
	TX_H_CONNECT,
	TX_H_ACCEPT,
	TX_H_LISTEN,
	TX_H_SEND,
	TX_H_RECV,
	TX_H_COMPAT, /* 32-bit call whose structures we don't read: counted */
	TX_HANDLERS
};

/* Which arguments matter, set by the engine per system call number (struct tx_sysdef.flags). */
#define TX_SF_WX 0x01      /* only when a mapping is writable and executable */
#define TX_SF_PRCTL 0x02   /* only PR_SET_NAME of the main thread, and PR_SET_SECCOMP */
#define TX_SF_SIGNAL 0x04  /* not signal 0, the existence test; the signal is argument 1 */
#define TX_SF_SIGNAL2 0x08 /* the same, argument 2, and not to the caller's own threads */
#define TX_SF_PTRACE 0x10  /* not the requests that only read or continue */
#define TX_SF_UDP_FD 0x40  /* only on descriptors known to be connected UDP sockets */
#define TX_SF_COMPAT \
	0x80 /* in a native row: something is done with the compat call of this number */
#define TX_SF_REMOVES 0x20 /* path call that removes or truncates what it names */

#define TX_NO_ARG 7 /* "none": no such path, or a path relative to the working directory */

/*
 * Canonical names: several numbers of several ABIs map to one. The kernel side only compares the
 * few it must tell apart; names and argument layouts are in engine/syscalls.c.
 */
enum tx_sysid {
	TX_S_NONE,
	TX_S_OPEN,
	TX_S_CREAT,
	TX_S_OPENAT,
	TX_S_OPENAT2,
	TX_S_SETUID,
	TX_S_SETGID,
	TX_S_SETREUID,
	TX_S_SETREGID,
	TX_S_SETRESUID,
	TX_S_SETRESGID,
	TX_S_SETFSUID,
	TX_S_SETFSGID,
	TX_S_PTRACE,
	TX_S_MOUNT,
	TX_S_UMOUNT,
	TX_S_PIVOT_ROOT,
	TX_S_CHROOT,
	TX_S_SETNS,
	TX_S_UNSHARE,
	TX_S_PROCESS_VM_WRITEV,
	TX_S_BPF,
	TX_S_MEMFD_CREATE,
	TX_S_KILL,
	TX_S_TGKILL,
	TX_S_PRCTL,
	TX_S_CAPSET,
	TX_S_INIT_MODULE,
	TX_S_FINIT_MODULE,
	TX_S_DELETE_MODULE,
	TX_S_MPROTECT,
	TX_S_MMAP,
	TX_S_SYMLINKAT,
	TX_S_RENAMEAT2,
	TX_S_LINKAT,
	TX_S_FCHMODAT,
	TX_S_FCHOWNAT,
	TX_S_UNLINKAT,
	TX_S_SETXATTR,
	TX_S_TRUNCATE,
	TX_S_CONNECT,
	TX_S_ACCEPT,
	TX_S_LISTEN,
	TX_S_SENDTO,
	TX_S_SENDMSG,
	TX_S_SENDMMSG,
	TX_S_WRITE,
	TX_S_RECVFROM,
	TX_S_RECVMSG,
	TX_S_RECVMMSG,
	TX_S_READ,
	TX_SYSIDS
};

/* sys_bpf: which object of the kernel a call was about; args[3] of its record, the id is args[4].
 */
enum tx_bpf_object { TX_BPF_NONE, TX_BPF_MAP, TX_BPF_PROG, TX_BPF_LINK };

struct tx_sysdef {
	__u8 handler;
	__u8 id;       /* enum tx_sysid: the name and argument layout in the engine */
	__u8 str_mask; /* TX_H_GENERIC: arguments that are strings */
	__u8 flags;
	__u8 dirfd[2]; /* argument numbers of up to two (dirfd, path) pairs, or TX_NO_ARG */
	__u8 path[2];
};

/* A row of the kernel's table; 0: nothing is done with the call. */
union tx_sysrow {
	struct tx_sysdef def;
	__u64 word;
};

_Static_assert(sizeof(struct tx_sysdef) == 8, "tx_sysdef");

#endif
