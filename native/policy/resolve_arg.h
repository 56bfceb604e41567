/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How each argument of a hook is read at the place that was chosen for it. */
#ifndef TELOVIX_RESOLVE_ARG_H
#define TELOVIX_RESOLVE_ARG_H

#include "resolve_choose.h"
#include "resolve_elf.h"

/* What is known of the arguments at a place. */
struct arg_source {
	const struct facts *facts;
	const struct chosen *at;
	const struct btf *btf;       /* of types; NULL: unknown */
	uint32_t proto;              /* FUNC_PROTO in btf; 0: unknown */
	uint32_t skip;               /* first parameters that are not the hook's */
	const struct format *format; /* a tracepoint's, or a system call's */
	const struct elf_usdt *usdt;
	char call[128]; /* as in the plan */
};

/* Fills want->arg, args and has_return; lowers its status and adds reasons where need be. */
void resolve_arguments(const struct arg_source *source, struct want *want);

/* The worse status stays. */
__attribute__((format(printf, 3, 4))) void want_say(struct want *want, enum point_status status,
						    const char *format, ...);

/* The same, for want of a feature of this kernel. */
__attribute__((format(printf, 3, 4))) void want_lacks(struct want *want, enum point_status status,
						      const char *format, ...);

/* Offset and bytes of a register in the kernel's pt_regs ("rdi", "eax"); false: no such register.
 */
bool register_find(const char *name, uint32_t *offset, uint8_t *width);

#endif
