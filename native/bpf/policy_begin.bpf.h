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
static __always_inline u64 cost__begin(u32 *point)
{
	struct tx_point_cost *cost = bpf_map_lookup_elem(&tx_point_costs, point);

	return cost && !(++cost->runs % TX_COST_EVERY) ? bpf_ktime_get_ns() : 0;
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
	scratch__event(s)->seen = 0;
	s->ret = 0;
	s->context = 0;
	s->regs = 0;
	s->error = 0;
	s->overridden = 0;
	s->returning = 0;
	s->unread = 0;
}

/* A run of which it is known that it looks at its hook. */
struct tx_run {
	struct tx_hook_row *head; /* of the build */
	u64 began;                /* see cost__begin */
	u64 id;                   /* of the thread and its process */
	u32 point;
	u32 rows;
};

/*
 * False: the hook is not to be looked at. regs: of a system call that is entered, or NULL; typed:
 * see TX_REG; probe: of a kprobe, whose first argument may be such registers.
 */
static __always_inline bool run__look(struct tx_run *run, u32 point, struct pt_regs *regs,
				      const bool typed, struct pt_regs *probe)
{
	struct tx_front *front = bpf_map_lookup_elem(&tx_fronts, &point);
	struct tx_quick *quick;
	union tx_row *head;
	u32 which;

	if (!front)
		return false;
	which = front->which & 1;
	quick = &front->quick[which];
	/* Put together once, not for each of its fields. */
	asm volatile("" : "+r"(quick));
	run->began = cost__begin(&point);
	if (quick__rules_out(quick, regs, typed, probe)) {
		cost__end(point, run->began);
		return false;
	}
	run->id = task__id(task__current());
	if (process__is_self(run->id >> 32)) {
		TX_TOTAL(self);
		return false;
	}
	run->point = point;
	run->rows = 2 * point + which;
	head = row__get(run->rows, 0);
	if (!head) {
		TX_TOTAL(no_rows);
		return false;
	}
	run->head = &head->hook;
	return true;
}

/* A work space for the run, or NULL. What is not lean needs head__take as well. */
static __always_inline struct tx_scratch *run__claim(struct tx_run *run, u32 *slot)
{
	struct tx_scratch *s = scratch__claim(slot);

	if (!s) {
		TX_TOTAL(no_slot);
		return NULL;
	}
	s->point = run->point;
	s->began = run->began;
	s->id = run->id;
	s->rows = run->rows;
	s->nr = 0;
	scratch__event(s)->data_len = 0;
	return s;
}

static __always_inline struct tx_scratch *
run__begin_call(u32 point, u32 *slot, struct pt_regs *regs, const bool typed, struct pt_regs *probe)
{
	struct tx_scratch *s;
	struct tx_run run;

	if (!run__look(&run, point, regs, typed, probe))
		return NULL;
	s = run__claim(&run, slot);
	if (s)
		head__take(s, run.head);
	return s;
}

static __always_inline struct tx_scratch *run__begin(u32 point, u32 *slot)
{
	return run__begin_call(point, slot, NULL, false, NULL);
}

#endif
