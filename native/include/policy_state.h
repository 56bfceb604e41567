/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the programs know of policies, processes and enforcement. Part of policy.h. */
#ifndef TELOVIX_POLICY_STATE_H
#define TELOVIX_POLICY_STATE_H

#include "policy.h"

enum tx_policy_state { TX_POLICY_OFF, TX_POLICY_MONITOR, TX_POLICY_ENFORCE };

struct tx_policy_row {
	__u32 state; /* enum tx_policy_state; changed while running */
	__u32 pad;
};

/* Per CPU and policy. */
struct tx_policy_stats {
	__u64 matched;      /* selectors that held */
	__u64 posted;       /* records written for it */
	__u64 lost;         /* records that found no room */
	__u64 rate_limited; /* events kept back by rateLimit */
	__u64 enforced;     /* signals sent, calls denied */
	__u64 guarded;      /* not enforced: a process that may not be */
	__u64 monitored;    /* not enforced: monitor mode, kill switch, lease */
	__u64 truncated;    /* arguments cut */
};

/* Runs of all policies and what went wrong in them, per CPU. */
struct tx_policy_totals {
	__u64 runs;
	__u64 no_slot;   /* all work spaces taken: the run saw nothing */
	__u64 no_rows;   /* a program ran that has no rows (being attached or detached) */
	__u64 self;      /* left out: the engine's own */
	__u64 pair_full; /* a call could not be kept until its return, and not be told without */
	__u64 pair_lost; /* a call that was kept and can't be told */
	__u64 denied;    /* by a mark */
	__u64 unread;    /* memory was not in, and nobody looks again */
};

/*
 * Per CPU and hook point: what its runs take. Of every so many one is measured; the rest is
 * counted.
 */
#define TX_COST_EVERY 64
#define TX_COST_MOST_NS 1000000 /* of one run: what is longer was interrupted */
struct tx_point_cost {
	__u64 runs, measured, ns;
	__u64 unread; /* memory of the process was not in: not all was known that was asked for */
	__u64 late;   /* of these, looked at again when it was */
};

struct tx_control {
	__u64 lease_until_ns; /* boot clock; enforcement ends by itself then; 0: no lease */
	__u32 off;            /* kill switch */
	/* Sets of the follow masks, 0: none. Value bits: follow sets. */
	__u32 follow_text, follow_end; /* by the path of the image, at exec; by its end */
	__u32 follow_pid;              /* by process id, at fork */
	__u32 remember;                /* keep tx_ptasks */
	__u32 pad;
};

#define TX_PTASK_PARENT_KEPT 0x01 /* parent[] is of a parent that has ended */
#define TX_PTASK_BINARY_CUT 0x02

/* What is remembered of a process; key: tgid. Kept only while policies are loaded. */
struct tx_ptask {
	__u64 start; /* start_boottime */
	__u64 follow[TX_FOLLOW_WORDS];
	__u64 caps[3];         /* enum tx_cap_set, at exec */
	__u32 ns[TX_NS_COUNT]; /* at exec */
	__u32 parent_tgid;     /* who forked it */
	__u32 flags;
	__u16 binary_len, parent_len;
	__u32 pad;
	char binary[TX_TEXT_KEY];
	char parent[TX_TEXT_KEY];
};

/* That the call a thread is in be denied behind the place where it was decided. */
struct tx_marked {
	__u64 ktime;
	__s32 error;  /* 0: the place is free */
	__u32 nr;     /* of the system call it was given in */
	__u32 point;  /* whose it is: no other hook point takes it back */
	__u32 build;  /* of the point's rows */
	__u16 policy; /* index in tx_policies */
	__u16 bit;    /* of its selector */
	__u8 shared;  /* more than this policy want it */
	__u8 counted; /* as enforced, for what else was done */
	__u8 pad[2];
};

#define TX_MARKS 4 /* hook points and policies there that want one call denied */

/* Marks of a thread, by NotifyEnforcer or TX_SEL_MARK; key: tid. */
struct tx_mark {
	struct tx_marked by[TX_MARKS];
};

#define TX_UNREAD_MET 1   /* memory could not be read in this run */
#define TX_UNREAD_LATE 2  /* this is another look */
#define TX_UNREAD_TRIES 8 /* looks at one call: each page that comes in is worth one */

#define TX_UNREAD_POINTS 4 /* hook points that look again at one call */

/* A call that is to be looked at again; key: tid << 32 | which, below TX_UNREAD_POINTS. */
struct tx_unread {
	__u64 from; /* what could not be read first */
	__u32 len;
	__u32 point, build;
	__u32 nr;
	__u32 tries;
	__u32 seen;
	__u64 call[4]; /* number and first arguments of the call it was in */
	__u64 regs;
	__u64 raw[8];
	__u64 done[4]; /* selectors that held without it */
};

/* Which hook points a system call belongs to; index: number, compat numbers from TX_SYSCALLS on. */
struct tx_call_hooks {
	__u32 enter, leave;
};

#endif
