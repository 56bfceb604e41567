/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Two objects are made of these sources. One needs bpf_loop (5.17) and all that came before it; the
 * other, compiled with TX_OLD, does with what 5.8 has: no current task as a typed pointer (5.11),
 * no atomic operation that answers (5.12), no attach cookie (5.15), no loop by a callback. The
 * engine tries which one it needs (old_kernel).
 */
#ifndef TELOVIX_TIER_BPF_H
#define TELOVIX_TIER_BPF_H

#ifdef TX_OLD

/*
 * A step is a global function: the verifier looks at it once, and what is left of the loop is short
 * enough to be followed to its end. It uses both arguments, or clang would pass none.
 */
#define TX_STEP(step)                               \
	__noinline int step##_old(u32 i, u32 of)    \
	{                                           \
		asm volatile("" ::"r"(i), "r"(of)); \
		return step(i, &of);                \
	}
#define TX_LOOP(count, step, slot)                        \
	for (u32 _i = 0; _i < (count); _i++) {            \
		if (step##_old(_i, (slot) ? *(slot) : 0)) \
			break;                            \
	}

/* Not in one piece: a program that comes in between, on this CPU, gives the same number again. That
 * hides nothing: whatever finds no room is counted as well. */
#define TX_NEXT(counter) (++*(volatile u64 *)&(counter))

/* One more, and how many there are; never fewer than that. */
#define TX_ADDED(counter)                         \
	({                                        \
		__sync_fetch_and_add(counter, 1); \
		*(volatile u32 *)(counter);       \
	})

/* Whoever finds himself alone has it. Of two at a time both may go away. */
static __always_inline void claim__give(u64 *claim)
{
	__sync_fetch_and_add(claim, -1);
}

static __always_inline bool claim__take(u64 *claim)
{
	__sync_fetch_and_add(claim, 1);
	if (*(volatile u64 *)claim == 1)
		return true;
	claim__give(claim);
	return false;
}

#define TX_OF(pointer, field, ...) BPF_CORE_READ(pointer, field, ##__VA_ARGS__)
#define TX_STACK_BYTES 16384 /* of a thread in the kernel */

struct iov_iter___word {
	unsigned int type; /* before 5.14: the direction is its lowest bit */
} __attribute__((preserve_access_index));

#define TX_ITER_TYPE(it)                        \
	(bpf_core_field_exists((it)->iter_type) \
		 ? TX_READ(it, iter_type)       \
		 : (u8)TX_READ((struct iov_iter___word *)(it), type) & ~1)

static __always_inline struct task_struct *task__current(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

static __always_inline u64 task__id(struct task_struct *task)
{
	return bpf_get_current_pid_tgid();
}

struct task_struct___stack {
	void *stack;
} __attribute__((preserve_access_index));

/* As it came into the kernel. */
static __always_inline struct pt_regs *task__regs(void)
{
	return BPF_CORE_READ((struct task_struct___stack *)task__current(), stack) +
	       TX_STACK_BYTES - bpf_core_type_size(struct pt_regs);
}

#else

#define TX_STEP(step)
#define TX_LOOP(count, step, slot) bpf_loop(count, step, slot, 0)
#define TX_NEXT(counter) (__sync_fetch_and_add(&(counter), 1) + 1)
#define TX_ADDED(counter) (__sync_fetch_and_add(counter, 1) + 1)
#define TX_ITER_TYPE(it) TX_READ(it, iter_type)

static __always_inline bool claim__take(u64 *claim)
{
	return !*claim && !__sync_val_compare_and_swap(claim, 0, 1);
}

static __always_inline void claim__give(u64 *claim)
{
	barrier();
	*claim = 0;
}

/* A field of what the verifier knows the type of. */
#define TX_OF(pointer, field, ...) ___arrow(pointer, field, ##__VA_ARGS__)

static __always_inline struct task_struct *task__current(void)
{
	return bpf_get_current_task_btf();
}

/* Of the current task, as bpf_get_current_pid_tgid says. */
static __always_inline u64 task__id(struct task_struct *task)
{
	return (u64)(u32)task->tgid << 32 | (u32)task->pid;
}

static __always_inline struct pt_regs *task__regs(void)
{
	return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
}

#endif

/* i386 calls have other numbers and other registers. */
static __always_inline bool task__is_compat(struct task_struct *task)
{
	return TX_OF(task, thread_info.TX_THREAD_WORD) & TX_THREAD_COMPAT;
}

#endif
