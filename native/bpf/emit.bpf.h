/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Record headers and the way into the rings. */
#ifndef TELOVIX_EMIT_BPF_H
#define TELOVIX_EMIT_BPF_H

/* How often the fill of a ring is asked for: the query touches the consumer's cache line. */
#define TX_QUERY_EVERY 64

static __always_inline void header__begin(struct tx_header *h, u8 type, u64 now)
{
	h->ktime = now;
	h->cpu_seq = 0;
	h->cpu = 0;
	h->type = type;
	h->flags = 0;
}

static __always_inline void header__init(struct tx_header *h, u8 type)
{
	header__begin(h, type, bpf_ktime_get_boot_ns());
}

/* id: as bpf_get_current_pid_tgid says. */
static __always_inline void header__of(struct tx_header *h, u8 type, u64 now, u64 id)
{
	struct task_struct *task = task__current();

	header__begin(h, type, now);
	h->tgid = id >> 32;
	h->tid = (u32)id;
	h->uid = TX_VIA(task, cred, euid.val);
	h->start = TX_VIA(task, group_leader, start_boottime);
}

static __always_inline void header__at(struct tx_header *h, u8 type, u64 now)
{
	header__of(h, type, now, bpf_get_current_pid_tgid());
}

static __always_inline void header__current(struct tx_header *h, u8 type)
{
	header__at(h, type, bpf_ktime_get_boot_ns());
}

static __always_inline void header__owner(struct tx_header *h, u8 type, u64 now,
					  const struct tx_owner *owner)
{
	header__begin(h, type, now);
	h->tgid = owner->tgid;
	h->tid = owner->tid;
	h->uid = owner->uid;
	h->start = owner->start;
}

/*
 * Numbers the record and copies it into a ring. The number is taken before the copy, so a record
 * that finds no room leaves a gap as well as a count. No wake-up: the engine looks every 10 ms,
 * and is only woken early when the ring fills.
 */
static __always_inline long record__output(void *ring, u32 which, struct tx_header *h, u64 size)
{
	struct tx_stats *stats = counters__get();
	u64 flags = BPF_RB_NO_WAKEUP;
	long err;

	if (!stats)
		return -1;
	h->cpu = bpf_get_smp_processor_id();
	h->cpu_seq = TX_NEXT(stats->seq);
	if (h->cpu_seq % TX_QUERY_EVERY == 0 &&
	    bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) > tx_wake_bytes[which & 1])
		flags = BPF_RB_FORCE_WAKEUP;
	err = bpf_ringbuf_output(ring, h, size, flags);
	if (err) {
		__sync_fetch_and_add(&stats->lost[which & 1], 1);
		return err;
	}
	if (h->type < TX_TYPES)
		__sync_fetch_and_add(&stats->events[h->type], 1);
	__sync_fetch_and_add(&stats->bytes[which & 1], size);
	return 0;
}

/*
 * The same for a record of fixed size, filled where it will be read: room for size bytes, or NULL,
 * and counted. What is given must be sent. seq, flags and counters are for record__send.
 */
static __always_inline void *record__reserve(void *ring, u32 which, u64 size, u64 *seq, u64 *flags,
					     struct tx_stats **counters)
{
	struct tx_stats *stats = counters__get();
	void *room;

	*counters = stats;
	if (!stats)
		return NULL;
	*seq = TX_NEXT(stats->seq);
	*flags = BPF_RB_NO_WAKEUP;
	if (*seq % TX_QUERY_EVERY == 0 &&
	    bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) > tx_wake_bytes[which & 1])
		*flags = BPF_RB_FORCE_WAKEUP;
	room = bpf_ringbuf_reserve(ring, size, 0);
	if (!room) {
		__sync_fetch_and_add(&stats->lost[which & 1], 1);
		return NULL;
	}
	return room;
}

static __always_inline void record__send(struct tx_header *h, u32 which, const u8 type, u64 size,
					 u64 seq, u64 flags, struct tx_stats *stats)
{
	h->cpu = bpf_get_smp_processor_id();
	h->cpu_seq = seq;
	if (stats) {
		__sync_fetch_and_add(&stats->events[type], 1);
		__sync_fetch_and_add(&stats->bytes[which & 1], size);
	}
	bpf_ringbuf_submit(h, flags);
}

#define record__output_exec(h, size) record__output(&tx_ring_exec, TX_RING_EXEC, h, size)
#define record__output_main(h, size) record__output(&tx_ring_main, TX_RING_MAIN, h, size)

/* Keeps clang from carrying a bound in another register than the one it indexes with. */
#define TX_BOUND(var, max)                    \
	do {                                  \
		asm volatile("" : "+r"(var)); \
		if ((var) > (max))            \
			(var) = (max);        \
		asm volatile("" : "+r"(var)); \
	} while (0)

#endif
