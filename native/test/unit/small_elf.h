/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The smallest library that has a build id: "abc". */
#ifndef TELOVIX_SMALL_ELF_H
#define TELOVIX_SMALL_ELF_H

#include <elf.h>
#include <stddef.h>
#include <string.h>

static struct {
	Elf64_Ehdr h;
	Elf64_Phdr p[2];
	struct {
		Elf64_Nhdr n;
		char name[8], desc[4];
	} first;
	struct {
		Elf64_Nhdr n;
		char name[4], desc[4];
	} id;
} small;

static inline void small_make(void)
{
	memset(&small, 0, sizeof(small));
	memcpy(small.h.e_ident, ELFMAG, SELFMAG);
	small.h.e_ident[EI_CLASS] = ELFCLASS64;
	small.h.e_ident[EI_DATA] = ELFDATA2LSB;
	small.h.e_phoff = offsetof(typeof(small), p);
	small.h.e_phentsize = sizeof(small.p[0]);
	small.h.e_phnum = 2;
	small.p[0].p_type = PT_LOAD;
	small.p[1] = (Elf64_Phdr){ .p_type = PT_NOTE,
				   .p_offset = offsetof(typeof(small), first),
				   .p_filesz = sizeof(small.first) + sizeof(small.id) };
	small.first.n = (Elf64_Nhdr){ 6, 3, NT_GNU_BUILD_ID };
	memcpy(small.first.name, "other", 6);
	small.id.n = (Elf64_Nhdr){ 4, 3, NT_GNU_BUILD_ID };
	memcpy(small.id.name, "GNU", 4);
	memcpy(small.id.desc, "abc", 3);
}

#endif
