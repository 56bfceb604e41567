/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Hook points: places in the kernel (or in a program's file) where one program of ours is attached
 * for all policies. resolve.c turns a plan's hook into wants, one per hook point it needs on this
 * host; points.c keeps the points, attaches and detaches; build.c makes the rows of a point from
 * its wants.
 */
#ifndef TELOVIX_POINTS_H
#define TELOVIX_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plans.h"
#include "policy.h"

enum point_backend {
	POINT_KPROBE,
	POINT_KRETPROBE, /* kprobe and kretprobe, one record */
	POINT_FENTRY,
	POINT_FEXIT, /* arguments and return value at once */
	POINT_LSM,
	POINT_TRACEPOINT,
	POINT_RAW_TP,
	POINT_UPROBE,
	POINT_URETPROBE,
	POINT_USDT,
	POINT_SYS_ENTER,
	POINT_SYS_EXIT,
	POINT_FMOD_RET, /* on security_<name>, where LSM programs do not run: lsm__policy all the
			   same */
	POINT_DENY,     /* lsm__deny: no rows, only carries out marks */
	POINT_BACKENDS
};

extern const char *const point_backend_names[POINT_BACKENDS]; /* "kprobe", "sys_exit", … */

enum point_status { POINT_OK, POINT_DEGRADED, POINT_REJECTED };

/* Where: equal places share a point. */
struct point_place {
	enum point_backend backend;
	char name[128];  /* function, LSM hook, tracepoint, symbol; system call without prefix */
	char group[128]; /* tracepoint: subsystem; usdt: provider */
	char path[256];  /* uprobe, usdt */
	uint64_t offset; /* uprobe: file offset */
	uint64_t ref_ctr;
	uint16_t row_flags; /* TX_HOOK_RETURN_PAIR, _SYSCALL_REGS, _COMPAT_REGS of its head row */
	bool compat;        /* 32-bit system call */
	bool trampoline;    /* kprobe: its work may be done by a trampoline */
	bool override;      /* kprobe with bpf_override_return; POINT_DENY by fmod_ret */
};

#define POINT_DENY_HOOKS 2 /* LSM hooks that one system call passes, at most */
#define POINT_DENY_NAME 40
#define POINT_DENY_CGROUP '@' /* begins the name of a gate of the root cgroup: "@connect" */

#define WANT_POST 0x01    /* events and all that belongs to them */
#define WANT_ENFORCE 0x02 /* signals, overrides, marks, sockets tracked */
#define WANT_MARK                                                                      \
	0x04 /* Override is carried out by a mark that lsm__deny consumes at deny_hook \
	      */

#define WANT_WATCH 0x08 /* Override is left out: nothing here could carry it out */
#define WANT_NOTIFY                                                                  \
	0x10 /* the error of NotifyEnforcer is carried out by an enforcer's LSM hook \
	      */
#define WANT_NOTIFY_GATE 0x20 /* and by the root cgroup's gate */
#define WANT_COUNTED 0x40     /* what matches is counted where the hook's other part is */

/* What one hook of one policy wants of one point. */
struct want {
	struct want *next; /* of the same point */
	struct want *next_of_policy;
	const struct plan *plan;
	const struct tx_plan_hook *hook;
	uint32_t policy; /* index in tx_policies */
	uint32_t part;   /* WANT_*: an entry and an exit point may share the work of one hook */
	bool placed;     /* place counts; else nothing is attached but at deny_hook */
	struct point_place place;
	char deny_hook[POINT_DENY_HOOKS][POINT_DENY_NAME]; /* LSM hooks; empty: none */
	struct point *point;
	struct point *deny[POINT_DENY_HOOKS];
	enum point_status status;
	bool feature;     /* status is for want of a feature of the kernel, not of a name */
	uint8_t argument; /* status is due to this one of the plan's, from 1; 0: to none */
	char reason[160]; /* a sentence's worth; may also say something of a want that is ok */
	/* One per plan argument in order, then the return value if it is read here. */
	uint8_t args;
	struct tx_arg_row arg[TX_HOOK_ARGS];
	bool has_return; /* the last of arg is the return value */
};

#define POINT_TRAMPOLINES 16 /* in place of kprobes, at a time */

#define POINT_SECONDS 5 /* its cost is taken over */

/* What the runs at a point take, second by second. */
struct point_cost {
	struct tx_point_cost total; /* as last seen, of all CPUs */
	uint64_t ns[POINT_SECONDS]; /* of the last seconds */
	uint32_t seconds;           /* of them that are filled */
	bool seen;                  /* total says something */
};

/* Ids are given in turn, so that one freed is not soon another's. */
struct point {
	struct point *next;
	struct point_cost cost;
	struct point_place place;
	uint32_t id; /* hook number in tx_hooks; 0: none (POINT_DENY) */
	struct want *wants;
	uint32_t users; /* wants, those that only need its denying included */
	bool attached;
	bool no_trampoline; /* a kprobe after all */
	int program;        /* descriptor of its own copy; -1: it is served by one for all */
	int leave_program;  /* the same for its return, see attach_own.c */
	int link[2];        /* descriptors; -1: none. Served by a table or by libbpf: none either */
	void *multi;        /* link that many points share */
	void *usdt;         /* struct bpf_link: libbpf keeps several behind one */
	char error[96];     /* why it could not be attached */
	uint32_t build;
	int rows_fd;
};

struct shared_map {
	const char *name;
	int fd;
};

/*
 * Makes the maps of the policy object, taking those of the list (by name) as they are. configure
 * may set its constants; it is called for every copy of the object: rodata is a struct
 * policy_bpf__rodata. 0 or a negative errno.
 */
int points_open(const struct shared_map *shared, size_t count, void (*configure)(void *rodata));

/* Detaches everything and lets go of programs and maps. */
void points_close(void);

/* What the point's programs are entered by: its place's backend, or what spares that. */
enum point_backend point_entered_by(const struct point *point);

/*
 * Whether calls there are looked at a second time where their memory was not in
 * (bpf/policy_late.bpf.h): where the kernel reads it after us, and for us.
 */
bool point_is_late(enum point_backend backend);

/* Descriptor of a map of the policy object, ".bss" included, or -1. It stays points.c's. */
int points_map(const char *name);

/* The point of that place, made when there is none; NULL: all TX_HOOK_POINTS are taken. */
struct point *point_get(const struct point_place *place);

/*
 * Makes a want part of its point and of those that deny for it. Nothing is attached yet. Negative
 * errno, with status and reason set, when there is no room.
 */
int want_join(struct want *want);

/* Takes it out again; a point nobody wants any more is detached and forgotten. */
void want_leave(struct want *want);

/*
 * Attaches all points that are not yet, with as few loads as possible; rows must be in place. What
 * fails is said in the wants concerned (status, reason). The number of points that failed.
 */
int points_attach(void);

/*
 * The same in turns: after points_attach_begin each step loads at most so many programs (one takes
 * the kernel some 0.2 s) and attaches what can be. 1: more is to be done, 0: all is.
 */
void points_attach_begin(void);
int points_attach_step(uint32_t programs);

/* One alone. 0, or a negative errno and point->error. */
int point_attach(struct point *point);
void point_detach(struct point *point);

void points_each(void (*fn)(struct point *point, void *arg), void *arg);

/* Programs at work or loaded to be: for figures (recursion_misses, run time) and pins. */
void points_programs(void (*fn)(const char *name, int fd, void *arg), void *arg);

/* Descriptors of all links, those that serve several points included. */
void points_links(void (*fn)(const char *name, int fd, void *arg), void *arg);

#endif
