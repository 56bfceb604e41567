// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "resolve_elf.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nearest.h"
#include "resolve_elf_file.h"

struct elf_file *elf_open(const char *path, char *why, size_t why_size)
{
	struct elf_file *file = calloc(1, sizeof(*file));
	struct stat st;

	if (!file)
		return NULL;
	elf_version(EV_CURRENT);
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file->fd < 0 || fstat(file->fd, &st)) {
		snprintf(why, why_size, "%.96s: %s", path, strerror(errno));
		elf_close(file);
		return NULL;
	}
	if (S_ISREG(st.st_mode))
		file->elf = elf_begin(file->fd, ELF_C_READ, NULL);
	if (!file->elf || elf_kind(file->elf) != ELF_K_ELF) {
		snprintf(why, why_size, "%.96s is no program or library", path);
		elf_close(file);
		return NULL;
	}
	return file;
}

void elf_close(struct elf_file *file)
{
	if (!file)
		return;
	elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	free(file);
}

/* The loaded segment that holds the address or the offset. */
static bool find_segment(struct elf_file *file, uint64_t value, bool by_offset, GElf_Phdr *found)
{
	size_t count = 0;
	GElf_Phdr ph;

	elf_getphdrnum(file->elf, &count);
	for (size_t i = 0; i < count; i++) {
		uint64_t from;

		if (!gelf_getphdr(file->elf, i, &ph) || ph.p_type != PT_LOAD)
			continue;
		from = by_offset ? ph.p_offset : ph.p_vaddr;
		if (value >= from && value - from < ph.p_filesz && (ph.p_flags & PF_X)) {
			*found = ph;
			return true;
		}
	}
	return false;
}

int elf_address(struct elf_file *file, uint64_t address, uint64_t *offset, char *why,
		size_t why_size)
{
	GElf_Phdr ph;

	if (!find_segment(file, address, false, &ph)) {
		snprintf(why, why_size, "0x%llx is no address of code in the file",
			 (unsigned long long)address);
		return -ENOENT;
	}
	*offset = address - ph.p_vaddr + ph.p_offset;
	return 0;
}

bool elf_is_code(struct elf_file *file, uint64_t offset)
{
	GElf_Phdr ph;

	return find_segment(file, offset, true, &ph);
}

/* Better definitions first: global before weak before local. */
static int rank(const GElf_Sym *sym)
{
	int bind = GELF_ST_BIND(sym->st_info);

	return bind == STB_GLOBAL || bind == STB_GNU_UNIQUE ? 3 : bind == STB_WEAK ? 2 : 1;
}

struct search {
	const char *name;
	struct nearest nearest;
	GElf_Sym best;
	int rank;
	bool ambiguous, ifunc;
};

static void consider(struct search *s, const GElf_Sym *sym)
{
	int r = rank(sym);

	if (r == s->rank && sym->st_value != s->best.st_value)
		s->ambiguous = true;
	if (r <= s->rank)
		return;
	s->best = *sym;
	s->rank = r;
	s->ambiguous = false;
	s->ifunc = GELF_ST_TYPE(sym->st_info) == STT_GNU_IFUNC;
}

static bool is_function(const GElf_Sym *sym)
{
	int type = GELF_ST_TYPE(sym->st_info);

	return sym->st_shndx != SHN_UNDEF && sym->st_value &&
	       (type == STT_FUNC || type == STT_NOTYPE || type == STT_GNU_IFUNC);
}

static void search_table(struct elf_file *file, uint32_t type, struct search *s)
{
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(file->elf, scn));) {
		GElf_Shdr sh;
		Elf_Data *data;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type != type || !sh.sh_entsize)
			continue;
		data = elf_getdata(scn, NULL);
		for (size_t i = 0; data && i < sh.sh_size / sh.sh_entsize; i++) {
			const char *name;
			GElf_Sym sym;

			if (!gelf_getsym(data, i, &sym))
				break;
			name = elf_strptr(file->elf, sh.sh_link, sym.st_name);
			if (!name || !is_function(&sym))
				continue;
			if (!strcmp(name, s->name))
				consider(s, &sym);
			else if (!s->rank)
				nearest_try(&s->nearest, name);
		}
	}
}

int elf_symbol(struct elf_file *file, const char *symbol, uint64_t *offset, char *why,
	       size_t why_size)
{
	struct search s = { .name = symbol, .nearest = nearest_to(symbol) };

	search_table(file, SHT_SYMTAB, &s);
	if (!s.rank)
		search_table(file, SHT_DYNSYM, &s);
	if (!s.rank) {
		snprintf(why, why_size, "the file has no function %.60s", symbol);
		nearest_add(&s.nearest, why, why_size);
		return -ENOENT;
	}
	if (s.ambiguous) {
		snprintf(why, why_size, "the file has several functions %.80s", symbol);
		return -ENOTUNIQ;
	}
	if (s.ifunc) {
		snprintf(why, why_size,
			 "several functions are %.60s, chosen among at the program's start: hook "
			 "one of them",
			 symbol);
		return -ENOENT;
	}
	return elf_address(file, s.best.st_value, offset, why, why_size);
}

bool elf_section(struct elf_file *file, const char *name, GElf_Shdr *sh, Elf_Data **data)
{
	size_t names;

	if (elf_getshdrstrndx(file->elf, &names))
		return false;
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(file->elf, scn));) {
		const char *own;

		if (!gelf_getshdr(scn, sh))
			continue;
		own = elf_strptr(file->elf, names, sh->sh_name);
		if (own && !strcmp(own, name)) {
			*data = elf_getdata(scn, NULL);
			return true;
		}
	}
	return false;
}

bool elf_is_go(struct elf_file *file)
{
	GElf_Shdr sh;
	Elf_Data *data;

	return elf_section(file, ".gopclntab", &sh, &data) ||
	       elf_section(file, ".go.buildinfo", &sh, &data);
}
