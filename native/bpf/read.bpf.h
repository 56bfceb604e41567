/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fields of kernel structures. Since 6.2 a program may declare what type an address has and load
 * from it directly: seven instructions a field, where the helper takes some sixty. A bad address
 * reads as 0 either way.
 */
#ifndef TELOVIX_READ_BPF_H
#define TELOVIX_READ_BPF_H

/* Whether the kernel has bpf_rdonly_cast. Each way has an object of its own: a verifier takes a
 * third longer over a program that has both. */
#ifdef TX_DIRECT
#define tx_direct true
#else
#define tx_direct false
#endif

extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

#define TX_AT(ptr) \
	((typeof(ptr))bpf_rdonly_cast((const void *)(ptr), bpf_core_type_id_kernel(typeof(*(ptr)))))
#define TX_READ(ptr, field, ...)                                \
	(tx_direct ? ___arrow(TX_AT(ptr), field, ##__VA_ARGS__) \
		   : BPF_CORE_READ(ptr, field, ##__VA_ARGS__))

/*
 * A pointer in what the verifier trusts, as the current task: from 6.2 on it asks at each whether
 * the field is trusted too, by a name that it looks for among all types of the kernel, on every
 * path to it. Of what is only declared to be of a type it does not ask.
 */
#define TX_VIA(trusted, field, ...)                                 \
	(tx_direct ? ___arrow(TX_AT(trusted), field, ##__VA_ARGS__) \
		   : TX_OF(trusted, field, ##__VA_ARGS__))

/*
 * A typed pointer as a number, given one that is NULL: the verifier forbids all other arithmetic on
 * what it knows to be a pointer, and says nothing of what a difference of two is.
 */
#define TX_DISTANCE(pointer, null)                                    \
	({                                                            \
		u64 _number = (u64)(pointer);                         \
		asm volatile("%0 -= %1" : "+r"(_number) : "r"(null)); \
		_number;                                              \
	})

struct timespec64 {
	s64 tv_sec;
	long tv_nsec;
} __attribute__((preserve_access_index));

/* Eight bytes of an address, as a number: the verifier forbids arithmetic on what it knows to be a
 * pointer. Any structure that begins with a number does. */
#define TX_WORD(address) ((u64)TX_READ((struct timespec64 *)(address), tv_sec))
#define TX_WORD_AT(address) ((u64)TX_AT((struct timespec64 *)(address))->tv_sec)
#define TX_WORD_READ(address) ((u64)BPF_CORE_READ((struct timespec64 *)(address), tv_sec))
#define TX_NUMBER(base, type, field) TX_WORD((base) + bpf_core_field_offset(type, field))

/*
 * typed: regs is a BTF pointer (tp_btf) and may be read directly; in raw_tp it
 * takes a helper per register. A constant in each program, so only one of the
 * two remains.
 */
#define TX_REG(reg) (typed ? regs->reg : TX_READ(regs, reg))

#endif
