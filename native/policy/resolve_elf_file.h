/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef TELOVIX_RESOLVE_ELF_FILE_H
#define TELOVIX_RESOLVE_ELF_FILE_H

#include <gelf.h>
#include <stdbool.h>

struct elf_file {
	int fd;
	Elf *elf;
};

/* data: NULL when it has none in the file. */
bool elf_section(struct elf_file *file, const char *name, GElf_Shdr *sh, Elf_Data **data);

#endif
