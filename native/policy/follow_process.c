// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* To which sets a process belongs, as far as the process table knows. */
#include <string.h>

#include "follow_part.h"

#define ANCESTORS 4096

static void add_bits(__u64 bits[TX_FOLLOW_WORDS], const struct tx_mask *found)
{
	for (int w = 0; found && w < TX_FOLLOW_WORDS; w++)
		bits[w] |= found->word[w];
}

static void add_image(__u64 bits[TX_FOLLOW_WORDS], const struct proc *p)
{
	const char *binary = proc_binary(p);
	uint32_t len = p->text->binary_len, n;
	char key[TX_TEXT_KEY];

	n = len < TX_TEXT_KEY ? len : TX_TEXT_KEY;
	memcpy(key, binary, n);
	if (n < TX_TEXT_KEY)
		key[n++] = 0;
	if (follow_written[FOLLOW_TEXT])
		add_bits(bits, index_set_find_text(follow_written[FOLLOW_TEXT], key, n));
	n = len < TX_END_KEY ? len : TX_END_KEY;
	for (uint32_t i = 0; i < n; i++)
		key[i] = binary[len - 1 - i];
	if (follow_written[FOLLOW_END])
		add_bits(bits, index_set_find_text(follow_written[FOLLOW_END], key, n));
}

/* Ids as processes see themselves: the kernel has no set of those. */
static void add_own_pid(__u64 bits[TX_FOLLOW_WORDS], uint32_t pid)
{
	for (uint32_t bit = 0; bit < FOLLOW_SETS; bit++)
		for (uint32_t i = 0; follow_sets[bit].own_pid && i < follow_sets[bit].count; i++)
			if (follow_sets[bit].values[i].number == pid)
				bits[bit / 64] |= 1ULL << bit % 64;
}

bool follow_own_pid(uint32_t pid, __u64 bits[TX_FOLLOW_WORDS])
{
	memset(bits, 0, TX_FOLLOW_WORDS * sizeof(*bits));
	add_own_pid(bits, pid);
	return bits[0] | bits[1] | bits[2] | bits[3];
}

void follow_of(const struct proc *p, __u64 bits[TX_FOLLOW_WORDS])
{
	memset(bits, 0, TX_FOLLOW_WORDS * sizeof(*bits));
	for (int i = 0; p && i < ANCESTORS; i++, p = p->parent) {
		if (follow_written[FOLLOW_PID])
			add_bits(bits, index_set_find_number(follow_written[FOLLOW_PID], p->pid));
		add_own_pid(bits, p->task.nspid);
		if (!p->task.kthread && p->pid)
			add_image(bits, p);
	}
}
