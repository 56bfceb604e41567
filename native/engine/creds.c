// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Credentials belong to threads, and at sys_exit the old ones are gone. The process table has those
 * of the process; threads that went their own way (file servers do) are kept in a small table.
 * glibc repeats a setuid in every thread: the first changes the process, the others find nothing
 * changed.
 */
#include "creds.h"

#include <string.h>

#include "keep.h"

#define THREADS 4096u

struct thread_creds {
	uint64_t start; /* of the process, so that a reused number is not mistaken */
	uint32_t tid;
	struct tx_creds creds;
};

/* A thread takes the place of any other with the same hash; that one falls back to its process. */
static struct thread_creds threads[THREADS];

static struct thread_creds *slot_of(uint32_t tid)
{
	return &threads[tid * 2654435761u >> 20 & (THREADS - 1)];
}

static bool call_failed(const struct tx_credcall *e)
{
	/* setfsuid and setfsgid return the old id, never an error. */
	return e->id != TX_S_SETFSUID && e->id != TX_S_SETFSGID && e->ret < 0;
}

bool creds_change(struct proc *p, const struct tx_credcall *e, struct tx_creds *old)
{
	struct thread_creds *own = slot_of(e->h.tid);
	bool leader = e->h.tid == e->h.tgid;
	bool known = !leader && own->tid == e->h.tid && own->start == e->h.start;

	*old = known ? own->creds : p->task.creds;
	if (leader && memcmp(old, &e->now, sizeof(*old))) {
		p->task.creds = e->now;
		keep_drop(p);
		keep_add(p);
	} else if (!leader) {
		*own = (struct thread_creds){ .start = e->h.start,
					      .tid = e->h.tid,
					      .creds = e->now };
	}
	return call_failed(e) || memcmp(old, &e->now, sizeof(*old)) != 0;
}
