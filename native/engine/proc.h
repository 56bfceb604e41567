/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The process table: who each record belongs to. One entry per incarnation (a fork or an exec); an
 * entry outlives its process for a grace period, because late records (a socket closing in softirq)
 * still name it, and as long as a child needs it as its parent. Bounded in entries and in bytes.
 */
#ifndef TELOVIX_PROC_H
#define TELOVIX_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "events.h"

#define PROC_MAX 65536u
#define PROC_TEXT_BYTES (32u << 20)
#define PROC_GRACE_NS (30 * 1000000000ULL)

/* Flags of the process, written as Tetragon's tokens. */
#define PROC_EXECVE 0x001
#define PROC_PROCFS 0x002
#define PROC_CLONE 0x004
#define PROC_TRUNC_ARGS 0x008
#define PROC_ERROR_ARGS 0x010
#define PROC_NO_CWD 0x020
#define PROC_ERROR_CWD 0x040
#define PROC_ROOT_CWD 0x080
#define PROC_MISS 0x100
#define PROC_UNKNOWN 0x200
#define PROC_ERROR_FILENAME 0x400

/* Strings shared by a process and its forks until they exec. */
struct proc_text {
	uint32_t refs;
	uint32_t bytes; /* of this allocation */
	uint32_t binary_len, cwd_len, cgroup_len, script_len, args_len;
	char docker[32]; /* first 31 characters of the container id */
	char data[];     /* binary, cwd, cgroup, script, args */
};

struct proc {
	struct proc *next;          /* hash chain */
	struct proc *older, *newer; /* list of living or of exited entries */
	struct proc *parent;        /* while this process lives; NULL after */
	struct proc_text *text;
	uint64_t ktime; /* with pid: the exec_id */
	uint64_t start; /* start_boottime, the same over execs */
	uint64_t wall_start;
	uint64_t exited_at; /* 0: alive */
	uint64_t parent_ktime;
	uint32_t parent_pid; /* of the entry that forked it */
	uint32_t refs;
	uint32_t pid, ppid;
	uint32_t flags;
	uint32_t nlink, dev;
	uint64_t ino;
	uint32_t slot; /* in the state that outlives us, plus one; 0: none */
	bool linked;   /* in the hash */
	bool gone;     /* not in /proc any more, its end not seen yet */
	struct tx_task task;
};

struct proc_stats {
	uint64_t live, exited, evicted, missed, text_bytes, text_refused;
};

extern struct proc_stats proc_stats;

/* Creates the table with the kernel (pid 0) in it. */
int proc_table_open(void);
void proc_table_close(void);

/* The entry of (pid, start); start 0: the newest of that pid. NULL when unknown. */
struct proc *proc_find(uint32_t pid, uint64_t start);
struct proc *proc_kernel(void);

/* New entries. They replace a living one of the same pid. NULL only when memory is out. */
struct proc *proc_add(const struct tx_task *task, uint64_t ktime, struct proc *parent,
		      struct proc_text *text, uint32_t flags);
void proc_exit(struct proc *p, uint64_t now);

/* Frees entries whose grace is over. */
void proc_expire(uint64_t now);

struct proc *proc_hold(struct proc *p);
void proc_drop(struct proc *p);

/* Strings: one allocation, arguments cut to what the budget allows. */
struct proc_text *proc_text_make(const char *binary, size_t binary_len, const char *cwd,
				 size_t cwd_len, const char *cgroup, size_t cgroup_len,
				 const char *script, size_t script_len, const char *args,
				 size_t args_len, bool *cut);
struct proc_text *proc_text_hold(struct proc_text *text);
void proc_text_drop(struct proc_text *text);

static inline const char *proc_binary(const struct proc *p)
{
	return p->text->data;
}
static inline const char *proc_cwd(const struct proc *p)
{
	return p->text->data + p->text->binary_len;
}
static inline const char *proc_cgroup(const struct proc *p)
{
	return proc_cwd(p) + p->text->cwd_len;
}
static inline const char *proc_script(const struct proc *p)
{
	return proc_cgroup(p) + p->text->cgroup_len;
}
static inline const char *proc_args(const struct proc *p)
{
	return proc_script(p) + p->text->script_len;
}

#endif
