/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Static probes without the header of another project: a nop, and an ELF note (type 3, owner
 * "stapsdt") with its address, the address of the base section, of a semaphore (or 0), provider,
 * name and the places of the arguments ("-4@%eax": four bytes, signed, in that register).
 */
#ifndef TELOVIX_USDT_H
#define TELOVIX_USDT_H

#define USDT_TEXT_(x) #x
#define USDT_TEXT(x) USDT_TEXT_(x)

/* clang-format off */
#define USDT_(provider, name, semaphore, arguments, ...) \
	__asm__ volatile( \
		"990: nop\n" \
		".pushsection .note.stapsdt,\"\",\"note\"\n" \
		".balign 4\n" \
		".4byte 992f-991f, 994f-993f, 3\n" \
		"991: .asciz \"stapsdt\"\n" \
		"992: .balign 4\n" \
		"993: .8byte 990b, _.stapsdt.base, " semaphore "\n" \
		".asciz \"" USDT_TEXT(provider) "\"\n" \
		".asciz \"" USDT_TEXT(name) "\"\n" \
		".asciz \"" arguments "\"\n" \
		"994: .balign 4\n" \
		".popsection\n" \
		".ifndef _.stapsdt.base\n" \
		".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n" \
		".weak _.stapsdt.base\n" \
		".hidden _.stapsdt.base\n" \
		"_.stapsdt.base: .space 1\n" \
		".size _.stapsdt.base, 1\n" \
		".popsection\n" \
		".endif\n" \
		: : __VA_ARGS__ : "memory")
/* clang-format on */

#define USDT_2(provider, name, s1, a1, s2, a2) \
	USDT_(provider, name, "0", s1 "@%0 " s2 "@%1", "r"(a1), "r"(a2))
#define USDT_3(provider, name, s1, a1, s2, a2, s3, a3) \
	USDT_(provider, name, "0", s1 "@%0 " s2 "@%1 " s3 "@%2", "r"(a1), "r"(a2), "r"(a3))
#define USDT_PLACE(provider, name, a1) USDT_(provider, name, "0", "-4@%0", "m"(a1))
#define USDT_GUARDED(provider, name, s1, a1, s2, a2)                                \
	USDT_(provider, name, USDT_TEXT(provider) "_" USDT_TEXT(name) "_semaphore", \
	      s1 "@%0 " s2 "@%1", "r"(a1), "r"(a2))
#define USDT_SEMAPHORE(provider, name) \
	volatile unsigned short provider##_##name##_semaphore __attribute__((section(".probes")))

#endif
