// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "dispatch.h"

#include <stdbool.h>
#include <unistd.h>

#include "backend.h"
#include "creds.h"
#include "events.h"
#include "format.h"
#include "loss.h"
#include "serve.h"
#include "track.h"

static bool on_net(const struct tx_net *e, size_t len)
{
	bool from_call = e->h.type != TX_TCP_CONNECT && e->h.type != TX_TCP_CLOSE;
	struct proc *p;

	if (len < sizeof(*e))
		return false;
	p = e->h.flags & TX_HF_NO_OWNER ? proc_kernel() : track_owner(&e->h);
	if (p)
		format_net(p, e, backend_of(from_call ? HOOK_SYS_EXIT : HOOK_SOCK_STATE));
	return true;
}

static bool on_dns(const struct tx_dns *e, size_t len)
{
	struct proc *p;

	if (len < sizeof(*e) || len < sizeof(*e) + e->len)
		return false;
	p = track_owner(&e->h);
	if (p)
		format_dns(p, e, backend_of(HOOK_SYS_EXIT));
	return true;
}

static bool on_file(const struct tx_header *h, size_t len)
{
	const struct tx_pathcall *change = (const void *)h;
	const struct tx_open *o = (const void *)h;
	struct proc *p;

	if (h->type == TX_OPEN) {
		if (len < sizeof(*o) || len < sizeof(*o) + o->path_len ||
		    o->path_len > 2 * TX_PATH_MAX)
			return false;
	} else if (len < sizeof(*change) ||
		   len < sizeof(*change) + change->len[0] + change->len[1] ||
		   change->len[0] > 2 * TX_PATH_MAX || change->len[1] > 2 * TX_PATH_MAX) {
		return false;
	}
	p = track_owner(h);
	if (p && h->type == TX_OPEN)
		format_open(p, o, backend_of(HOOK_SYS_EXIT));
	else if (p)
		format_pathcall(p, change, backend_of(HOOK_SYS_EXIT));
	return true;
}

/*
 * What the engine does to take programs over is seen by these very programs, until it has told them
 * its number.
 */
static uint64_t own_calls;

static bool is_own_call(const struct tx_header *h)
{
	static uint32_t own;

	if (!own)
		own = getpid();
	if (h->tgid != own || h->type != TX_SYSCALL)
		return false;
	own_calls++;
	return true;
}

uint64_t dispatch_own_calls(void)
{
	return own_calls;
}

static bool on_syscall(const struct tx_syscall *e, size_t len)
{
	size_t strings = 0;
	struct proc *p;

	if (len < sizeof(*e))
		return false;
	for (int i = 0; i < TX_STRS; i++)
		strings += e->len[i];
	if (len < sizeof(*e) + strings)
		return false;
	if (is_own_call(&e->h))
		return true;
	p = track_owner(&e->h);
	if (p)
		format_syscall(p, e, backend_of(HOOK_SYS_EXIT));
	return true;
}

static bool on_creds(const struct tx_credcall *e, size_t len)
{
	struct tx_creds old;
	struct proc *p;

	if (len < sizeof(*e))
		return false;
	p = track_owner(&e->h);
	if (p && creds_change(p, e, &old))
		format_credcall(p, e, &old, backend_of(HOOK_SYS_EXIT));
	return true;
}

static bool on_process(const struct tx_header *h, size_t len)
{
	if (h->type == TX_EXIT) {
		if (len < sizeof(struct tx_exit))
			return false;
		track_exit((const void *)h, backend_of(HOOK_EXIT));
		return true;
	}
	if (!track_valid((const void *)h, len))
		return false;
	if (h->type == TX_EXEC)
		track_exec((const void *)h, backend_of(HOOK_EXEC));
	else
		track_fork((const void *)h, backend_of(HOOK_FORK));
	return true;
}

void dispatch_record(const void *record, size_t len)
{
	const struct tx_header *h = record;
	bool good = false;

	if (len >= sizeof(*h)) {
		loss_see(h);
		switch (h->type) {
		case TX_EXEC:
		case TX_FORK:
		case TX_EXIT:
			good = on_process(h, len);
			break;
		case TX_TCP_CONNECT:
		case TX_TCP_ACCEPT:
		case TX_TCP_CLOSE:
		case TX_LISTEN:
		case TX_UDP_SEND:
			good = on_net(record, len);
			break;
		case TX_DNS:
			good = on_dns(record, len);
			break;
		case TX_OPEN:
		case TX_PATHCALL:
			good = on_file(h, len);
			break;
		case TX_CREDS:
			good = on_creds(record, len);
			break;
		case TX_SYSCALL:
			good = on_syscall(record, len);
			break;
		case TX_POLICY_EVENT:
			serve_record(record, len);
			good = true;
			break;
		default:
			break;
		}
	}
	if (!good)
		loss_add(LOSS_FORMAT, LOSS_NO_CPU, 1, h->ktime, h->ktime);
}
