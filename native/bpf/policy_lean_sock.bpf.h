/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Lean hooks about one socket (TX_HOOK_SOCK): looked at on the stack and told in the ring, so that
 * no work space is claimed and nothing is copied twice.
 */
#ifndef TELOVIX_POLICY_LEAN_SOCK_BPF_H
#define TELOVIX_POLICY_LEAN_SOCK_BPF_H

/* Which selectors the slot's set has for the socket's address. */
static __always_inline u64 sock__found(struct tx_sock *sock, struct tx_lean *lean)
{
	struct tx_address_key key = {};
	struct tx_mask *found;
	u32 address;

	if (lean->network_word) {
		address = lean->source == TX_SRC_DADDR ? *(u32 *)sock->daddr : *(u32 *)sock->saddr;
		return sock->family == TX_AF_INET && (address & lean->network_mask) == lean->network
			       ? lean->network_word
			       : 0;
	}
	if (!address__fill(&key, sock, lean->source))
		return 0;
	key.set = bpf_htonl(lean->set);
	found = bpf_map_lookup_elem(&tx_addresses, &key);
	return found ? found->word[0] : 0;
}

/* False: there was no room. */
static __always_inline bool sock__send(struct tx_run *run, u64 mask, struct tx_sock *sock,
				       u64 address)
{
	const u32 size = sizeof(struct tx_policy_short) + sizeof(*sock);
	struct tx_policy_short *e;
	struct tx_stats *counters;
	u64 seq, flags;

	e = record__reserve(&tx_ring_main, TX_RING_MAIN, size, &seq, &flags, &counters);
	if (!e)
		return false;
	*(u64 *)&e->args = 0; /* and what follows them */
	short__begin(e, run->point, run->id, run->head, mask, true);
	e->data_len = sizeof(*sock);
	e->call_nr = 0;
	arg__clear(&e->arg[0], run->head->lean.arg[0].type);
	e->arg[0].value = address;
	e->arg[0].len = sizeof(*sock);
#pragma unroll
	for (u32 i = 0; i < sizeof(*sock) / 8; i++)
		((u64 *)e->data)[i] = ((u64 *)sock)[i];
	record__send(&e->h, TX_RING_MAIN, TX_POLICY_EVENT, size, seq, flags, counters);
	return true;
}

/*
 * At a trampoline. True: done with. False: nothing has been done yet. A function of its own: what
 * it has on the stack is not there while another hook goes the whole way.
 */
static __noinline int lean__sock(struct tx_run *run, void *ctx)
{
	struct tx_hook_row *head = run->head;
	struct tx_lean *lean = &head->lean;
	u64 mask = head->all[0], address = raw__one(ctx, lean->arg[0].index);
	struct tx_sock sock;
	u32 policy;

	if (!address)
		return false;
	sock__fill(&sock, (struct sock *)address);
	if (lean->kind)
		mask &= (sock__found(&sock, lean) ^ lean->inverted) | ~lean->care;
	if (!mask)
		return true;
	if (mask & (mask - 1))
		return false;
	policy = lean__policy(run->rows, head, mask);
	if (plain__count(policy) && !sock__send(run, mask, &sock, address))
		TX_POLICY_COUNT(policy, lost);
	return true;
}

#endif
