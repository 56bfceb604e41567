// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Is all at a hook so plain that it can be done with in one go (bpf/policy_lean.bpf.h)? */
#include <arpa/inet.h>
#include <string.h>

#include "build_part.h"

static bool are_plain(const struct build *b)
{
	if (b->args > TX_SHORT_ARGS)
		return false;
	for (uint32_t i = 0; i < b->args; i++)
		if (build_plain(&b->arg[i]) == TX_PLAIN_NONE)
			return false;
	return true;
}

/* Looked up where it was read: a text that stands first, the address of a socket. */
static bool is_found_in_place(const struct build *b, const struct tx_slot_row *slot)
{
	if (slot->arg >= b->args)
		return false;
	if (slot->kind == TX_SLOT_ADDRESS)
		return build_plain(&b->arg[slot->arg]) == TX_PLAIN_SOCK;
	if (slot->kind != TX_SLOT_TEXT || slot->source != TX_SRC_TEXT ||
	    build_plain(&b->arg[slot->arg]) != TX_PLAIN_STRING)
		return false;
	for (uint32_t i = 0; i < slot->arg; i++)
		if (build_plain(&b->arg[i]) != TX_PLAIN_NUMBER)
			return false;
	return true;
}

/* Of several selectors of one hook the first that holds counts: that is for the long way. */
static bool only_tell(const struct build *b)
{
	for (uint32_t i = 0; i < b->selectors; i++) {
		const struct tx_selector_row *row = &b->selector[i];

		if (row->action.flags != TX_SEL_POST || row->action.rate_ns || row->ops ||
		    row->return_ops)
			return false;
		if (i && row->hook == b->selector[i - 1].hook)
			return false;
	}
	return b->selectors && b->selectors <= 64;
}

static bool is_lean(const struct build *b, const struct tx_hook_row *head)
{
	const uint16_t never = TX_HOOK_RETURN_PAIR | TX_HOOK_MARKS | TX_HOOK_IMA;

	return b->timing == BUILD_ENTRY && !(head->flags & never) &&
	       head->return_position == TX_NO_POSITION && are_plain(b) && only_tell(b) &&
	       (!b->slots || (b->slots == 1 && is_found_in_place(b, &b->slot[0])));
}

static bool asks_few(const struct build *b)
{
	for (uint32_t i = 0; i < b->args; i++)
		if (b->arg[i].index > 1)
			return false;
	return true;
}

/* A set of one network is compared with, not looked up. */
static void take_network(const struct index_set *set, struct tx_lean *lean)
{
	const struct index_entry *e = set->entries;

	if (set->kind != TX_SLOT_ADDRESS || set->count != 1 || e->family != AF_INET || e->len > 32)
		return;
	lean->network_mask = e->len ? htonl(~0U << (32 - e->len)) : 0;
	memcpy(&lean->network, set->bytes + e->at, sizeof(lean->network));
	lean->network &= lean->network_mask;
	lean->network_word = e->mask.word[0];
}

static bool is_one_sock(const struct build *b)
{
	return b->args == 1 && build_plain(&b->arg[0]) == TX_PLAIN_SOCK &&
	       (!b->slots || b->slot[0].kind == TX_SLOT_ADDRESS);
}

void build_lean(const struct build *b, struct tx_hook_row *head)
{
	struct tx_lean *lean = &head->lean;

	if (!is_lean(b, head))
		return;
	head->flags |= asks_few(b) ? TX_HOOK_LEAN | TX_HOOK_FEW : TX_HOOK_LEAN;
	if (is_one_sock(b))
		head->flags |= TX_HOOK_SOCK;
	for (uint32_t i = 0; i < b->args; i++)
		lean->arg[i] = build_plain_arg(&b->arg[i]);
	if (b->slots) {
		lean->kind = b->slot[0].kind;
		lean->source = b->slot[0].source;
		lean->slot_arg = b->slot[0].arg;
		lean->set = b->slot[0].set;
		lean->care = b->slot[0].care[0];
		lean->inverted = b->slot[0].inverted[0];
		take_network(b->out->sets[b->slot[0].set], lean);
	}
	lean->policy = b->selector[0].policy;
}
