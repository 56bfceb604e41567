/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The quick look: most calls at a hook are nobody's business, and their first bytes say so. */
#ifndef TELOVIX_POLICY_QUICK_BPF_H
#define TELOVIX_POLICY_QUICK_BPF_H

/* typed: see TX_REG. */
static __always_inline u64 call__argument(struct pt_regs *regs, u32 index, const bool typed)
{
	if (index == 1) /* of those that take a directory, as most do */
		return TX_REG(TX_REG_CALL1);
	/* Not one more case of the rest. */
	asm volatile("" : "+r"(index));
	switch (index) {
	case 0:
		return TX_REG(TX_REG_CALL0);
	case 2:
		return TX_REG(TX_REG_CALL2);
	case 3:
		return TX_REG(TX_REG_CALL3);
	case 4:
		return TX_REG(TX_REG_CALL4);
	default:
		return TX_REG(TX_REG_CALL5);
	}
}

/*
 * True: no selector of the build can hold. Whatever holds has as many bytes as are read; what is
 * behind a shorter one's end can only let it pass, and what can't be read is looked at properly.
 */
static __always_inline bool quick__rules_out(struct tx_quick *quick, struct pt_regs *regs,
					     const bool typed, struct pt_regs *probe)
{
	/* On the stack: copies from user memory into a map are looked up by the kernel's hardening.
	 */
	u32 size = quick->len, bit;
	u64 word = 0, text;

	if ((!regs && !probe) || !size)
		return false;
	/* Only of hooks at system calls is there one. */
	if (probe)
		regs = (void *)probe->TX_REG_ARG0;
	text = call__argument(regs, quick->index, typed) + quick->from;
	TX_BOUND(size, TX_QUICK_BYTES);
	if (bpf_probe_read_user(&word, size, (void *)text))
		return false;
	bit = tx_quick_bit(word);
	return !(quick->bits[(bit >> 6) & (TX_QUICK_WORDS - 1)] & (1ULL << (bit & 63)));
}

#endif
