/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs' files: where symbols lie, what static probes there are, whether it is the right file.
 */
#ifndef TELOVIX_RESOLVE_ELF_H
#define TELOVIX_RESOLVE_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_USDT_ARGS 12

/* Arguments of a static probe: bytes each, negative when signed. */
struct elf_usdt {
	int count;
	int8_t size[ELF_USDT_ARGS];
};

struct elf_file;

/* NULL and a reason when it can't be opened or is no ELF file. */
struct elf_file *elf_open(const char *path, char *why, size_t why_size);
void elf_close(struct elf_file *file);

/* Offset in the file of a function. 0, or -errno and a reason. */
int elf_symbol(struct elf_file *file, const char *symbol, uint64_t *offset, char *why,
	       size_t why_size);

/* Of a virtual address. */
int elf_address(struct elf_file *file, uint64_t address, uint64_t *offset, char *why,
		size_t why_size);

/* Is there code at the offset? */
bool elf_is_code(struct elf_file *file, uint64_t offset);

/* Built by Go, which moves its stacks. */
bool elf_is_go(struct elf_file *file);

/* 0: the probe is there; usdt tells its arguments, at the first of its places. */
int elf_usdt(struct elf_file *file, const char *provider, const char *name, struct elf_usdt *usdt,
	     char *why, size_t why_size);

/* Lines of "sha256:HEX" or "build-id:HEX", of which one must be the file's. */
int elf_verify(struct elf_file *file, const char *digests, char *why, size_t why_size);

/* SHA-256 of what fd holds, from its beginning. 0 or -errno. */
int digest_sha256(int fd, uint8_t digest[32]);

#endif
