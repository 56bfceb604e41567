/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Calls between their kprobe and their kretprobe. */
#ifndef TELOVIX_POLICY_PENDING_BPF_H
#define TELOVIX_POLICY_PENDING_BPF_H

static __always_inline u64 mask__any(const u64 *words)
{
	return words[0] | words[1] | words[2] | words[3];
}

/* What can't be kept until the return is cut, and says so. */
static __always_inline void pending__cut(struct tx_scratch *s)
{
	struct tx_policy_event *e = scratch__event(s);

	if (e->data_len <= TX_CALL_DATA)
		return;
	e->data_len = TX_CALL_DATA;
	for (u32 i = 0; i < TX_HOOK_ARGS; i++) {
		struct tx_parg *p = &e->arg[i];

		if (i >= s->head.args)
			break;
		if (p->offset + p->len <= TX_CALL_DATA)
			continue;
		p->flags |= TX_PARG_CUT;
		p->len = p->offset < TX_CALL_DATA ? TX_CALL_DATA - p->offset : 0;
	}
}

/* Between kprobe and kretprobe: what was read and which selectors hold. */
static __always_inline void pending__keep(struct tx_scratch *s)
{
	u64 key = bpf_get_current_pid_tgid() << 32 | s->point;
	struct tx_policy_event *e = scratch__event(s);

	if (!mask__any(s->matched))
		return;
	pending__cut(s);
	if (bpf_map_update_elem(&tx_pendings, &key, &s->now, BPF_ANY)) {
		TX_TOTAL(pair_full);
		return;
	}
	/* It is told at the return; not twice. */
#pragma unroll
	for (u32 w = 0; w < TX_MASK_WORDS; w++) {
		e->posted[w] = 0;
		e->enforced[w] = 0;
	}
}

#endif
