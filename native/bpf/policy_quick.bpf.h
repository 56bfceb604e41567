/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The quick look: most calls at a hook are nobody's business, and their first bytes say so. */
#ifndef TELOVIX_POLICY_QUICK_BPF_H
#define TELOVIX_POLICY_QUICK_BPF_H

/* typed: see TX_REG. */
static __always_inline u64 call__argument(struct pt_regs *regs, u32 index, const bool typed)
{
	switch (index) {
	case 0:
		return TX_REG(TX_REG_CALL0);
	case 1:
		return TX_REG(TX_REG_CALL1);
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
 * True: no selector of the build can hold. Whatever holds has as many bytes as are read, so a text
 * of which they can't be read is none; what is behind a shorter one's end can only let it pass.
 */
static __always_inline bool quick__rules_out(u32 rows, struct pt_regs *regs, const bool typed,
					     struct pt_regs *probe)
{
	/* On the stack: copies from user memory into a map are looked up by the kernel's hardening.
	 */
	u64 words[TX_QUICK_BYTES / 8] = {};
	struct tx_quick *quick;
	u32 size, bit;

	if (!regs && !probe)
		return false;
	quick = bpf_map_lookup_elem(&tx_quicks, &rows);
	if (!quick || !quick->len)
		return false;
	/* Only of hooks at system calls is there one. */
	if (probe)
		regs = (void *)probe->TX_REG_ARG0;
	size = quick->len;
	TX_BOUND(size, TX_QUICK_BYTES);
	if (bpf_probe_read_user(words, size, (void *)call__argument(regs, quick->index, typed)))
		return true;
	bit = tx_quick_bit(words);
	return !(quick->bits[(bit >> 6) & (TX_QUICK_WORDS - 1)] & (1ULL << (bit & 63)));
}

#endif
