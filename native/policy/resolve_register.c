// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Registers by name, as the kernel saves them (struct pt_regs). */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolve_arg.h"

#ifdef __aarch64__
bool register_find(const char *name, uint32_t *offset, uint8_t *width)
{
	char *end;
	unsigned long n;

	*width = 8;
	if (!strcmp(name, "sp") || !strcmp(name, "pc")) {
		*offset = 8 * (*name == 's' ? 31 : 32);
		return true;
	}
	if ((*name != 'x' && *name != 'w') || !name[1])
		return false;
	n = strtoul(name + 1, &end, 10);
	*offset = 8 * n;
	*width = *name == 'w' ? 4 : 8;
	return !*end && n < 31;
}
#else
/* In the order of struct pt_regs: names of 8, 4, 2 and 1 bytes. */
static const char *const registers[][4] = {
	{ "r15", "r15d", "r15w", "r15b" },
	{ "r14", "r14d", "r14w", "r14b" },
	{ "r13", "r13d", "r13w", "r13b" },
	{ "r12", "r12d", "r12w", "r12b" },
	{ "rbp", "ebp", "bp", "bpl" },
	{ "rbx", "ebx", "bx", "bl" },
	{ "r11", "r11d", "r11w", "r11b" },
	{ "r10", "r10d", "r10w", "r10b" },
	{ "r9", "r9d", "r9w", "r9b" },
	{ "r8", "r8d", "r8w", "r8b" },
	{ "rax", "eax", "ax", "al" },
	{ "rcx", "ecx", "cx", "cl" },
	{ "rdx", "edx", "dx", "dl" },
	{ "rsi", "esi", "si", "sil" },
	{ "rdi", "edi", "di", "dil" },
	{ "orig_rax", "orig_eax", "orig_ax", "" },
	{ "rip", "eip", "ip", "" },
	{ "cs", "", "", "" },
	{ "rflags", "eflags", "flags", "" },
	{ "rsp", "esp", "sp", "spl" },
	{ "ss", "", "", "" },
};

bool register_find(const char *name, uint32_t *offset, uint8_t *width)
{
	for (size_t r = 0; r < sizeof(registers) / sizeof(registers[0]); r++)
		for (int w = 0; w < 4; w++)
			if (*name && !strcmp(registers[r][w], name)) {
				*offset = 8 * r;
				*width = 8 >> w;
				return true;
			}
	return false;
}
#endif
