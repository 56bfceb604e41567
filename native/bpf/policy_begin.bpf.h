/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How a run begins, and ends: is the hook to be looked at, with which rows, in which work space. */
#ifndef TELOVIX_POLICY_BEGIN_BPF_H
#define TELOVIX_POLICY_BEGIN_BPF_H

/* A work space that nobody on this CPU is in the middle of using, and which it is; NULL: none is
 * left. */
static __always_inline struct tx_scratch *scratch__claim(u32 *slot)
{
#pragma unroll
	for (u32 i = 0; i < TX_PSLOTS; i++) {
		struct tx_scratch *s = scratch__get(i);

		if (s && claim__take(&s->busy)) {
			*slot = i;
			return s;
		}
	}
	return NULL;
}

/* A run at a point begins: the time, when this one is measured, or 0. */
static __always_inline u64 cost__begin(u32 point)
{
	struct tx_point_cost *cost = bpf_map_lookup_elem(&tx_point_costs, &point);

	return cost && !(cost->runs++ % TX_COST_EVERY) ? bpf_ktime_get_ns() : 0;
}

static __always_inline void cost__end(u32 point, u64 began)
{
	struct tx_point_cost *cost;
	u64 took;

	if (!began)
		return;
	cost = bpf_map_lookup_elem(&tx_point_costs, &point);
	if (!cost)
		return;
	took = bpf_ktime_get_ns() - began;
	cost->measured++;
	cost->ns += took < TX_COST_MOST_NS ? took : TX_COST_MOST_NS;
}

/* Gives the work space back: the run is over. */
static __always_inline void run__end(struct tx_scratch *s)
{
	cost__end(s->point, s->began);
	claim__give(&s->busy);
}

/* What a run needs of its hook before anything is known to match. */
static __always_inline void head__take(struct tx_scratch *s, struct tx_hook_row *head)
{
	const u64 *from = (const u64 *)head;
	u64 *to = (u64 *)&s->head;

	_Static_assert(__builtin_offsetof(struct tx_hook_row, all) == 24, "copied by words");
	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
#pragma unroll
	for (u32 w = 0; w < TX_MASK_WORDS; w++)
		s->mask[w] = head->all[w];
	scratch__event(s)->data_len = 0;
	scratch__event(s)->trampoline = 0;
}

/*
 * A work space for this run, or NULL when the hook is not to be looked at. regs: of a system call
 * that is entered, or NULL; typed: see TX_REG; probe: of a kprobe, whose first argument may be such
 * registers. head: of the build.
 */
static __always_inline struct tx_scratch *run__begin_head(u32 point, u32 *slot, union tx_row **head,
							  struct pt_regs *regs, const bool typed,
							  struct pt_regs *probe)
{
	struct tx_front *front = bpf_map_lookup_elem(&tx_fronts, &point);
	struct tx_quick *quick;
	struct tx_scratch *s;
	u32 which, rows;
	u64 began, id;

	if (!front)
		return NULL;
	which = front->which & 1;
	quick = &front->quick[which];
	/* Put together once, not for each of its fields. */
	asm volatile("" : "+r"(quick));
	began = cost__begin(point);
	if (quick__rules_out(quick, regs, typed, probe)) {
		cost__end(point, began);
		return NULL;
	}
	id = bpf_get_current_pid_tgid();
	if (process__is_self(id >> 32)) {
		TX_TOTAL(self);
		return NULL;
	}
	rows = 2 * point + which;
	*head = row__get(rows, 0);
	if (!*head) {
		TX_TOTAL(no_rows);
		return NULL;
	}
	s = scratch__claim(slot);
	if (!s) {
		TX_TOTAL(no_slot);
		return NULL;
	}
	head__take(s, &(*head)->hook);
	s->point = point;
	s->began = began;
	s->id = id;
	s->rows = rows;
	s->ret = 0;
	s->context = 0;
	s->regs = 0;
	s->nr = 0;
	s->error = 0;
	s->overridden = 0;
	s->returning = 0;
	return s;
}

static __always_inline struct tx_scratch *
run__begin_call(u32 point, u32 *slot, struct pt_regs *regs, const bool typed, struct pt_regs *probe)
{
	union tx_row *head;

	return run__begin_head(point, slot, &head, regs, typed, probe);
}

static __always_inline struct tx_scratch *run__begin(u32 point, u32 *slot)
{
	return run__begin_call(point, slot, NULL, false, NULL);
}

#endif
