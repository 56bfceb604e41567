/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The quick look: most calls at a hook are nobody's business, and their first bytes say so. */
#ifndef TELOVIX_POLICY_QUICK_BPF_H
#define TELOVIX_POLICY_QUICK_BPF_H

static __always_inline u64 call__argument(struct pt_regs *regs, u32 index)
{
	switch (index) {
	case 0:
		return TX_READ(regs, TX_REG_CALL0);
	case 1:
		return TX_READ(regs, TX_REG_CALL1);
	case 2:
		return TX_READ(regs, TX_REG_CALL2);
	case 3:
		return TX_READ(regs, TX_REG_CALL3);
	case 4:
		return TX_READ(regs, TX_REG_CALL4);
	default:
		return TX_READ(regs, TX_REG_CALL5);
	}
}

/* True: no selector of the hook can hold. A text that can't be read is none. */
static __always_inline bool quick__rules_out(struct tx_hook_row *head, struct pt_regs *regs)
{
	/* On the stack: copies from user memory into a map are looked up by the kernel's hardening.
	 */
	u64 words[TX_QUICK_BYTES / 8 + 1] = {};
	u32 size = head->quick_len, bit;

	if (!size || !regs)
		return false;
	size++; /* the NUL that is written behind */
	TX_BOUND(size, TX_QUICK_BYTES + 1);
	if (bpf_probe_read_user_str(words, size, (void *)call__argument(regs, head->quick_index)) <
	    0)
		return true;
	bit = tx_quick_bit(words);
	return !(head->quick[(bit >> 6) & (TX_MASK_WORDS - 1)] & (1ULL << (bit & 63)));
}

#endif
