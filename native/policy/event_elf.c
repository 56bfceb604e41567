// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "event_elf.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "event_image.h"

#define SEGMENTS 64
#define SECTIONS 256
#define SYMBOLS (64u << 10) /* of one table; the rest is not looked at */
#define CHUNK 512
#define CACHE 256  /* a power of two */
#define LOOKUPS 32 /* files read in one second */

struct entry {
	uint64_t device, inode, offset;
	char name[ELF_NAME]; /* "": there is none */
};

static struct entry cache[CACHE];

static bool read_at(int fd, void *to, size_t size, uint64_t at)
{
	return at < 1ULL << 62 && pread(fd, to, size, at) == (ssize_t)size;
}

static bool read_header(int fd, Elf64_Ehdr *h)
{
	return read_at(fd, h, sizeof(*h), 0) && !memcmp(h->e_ident, ELFMAG, SELFMAG) &&
	       h->e_ident[EI_CLASS] == ELFCLASS64 && h->e_ident[EI_DATA] == ELFDATA2LSB &&
	       h->e_phentsize == sizeof(Elf64_Phdr) && h->e_shentsize == sizeof(Elf64_Shdr);
}

/* Symbols have addresses, mappings offsets: the loaded segments say which belongs to which. */
static bool address_of(int fd, const Elf64_Ehdr *h, uint64_t offset, uint64_t *address)
{
	for (unsigned i = 0; i < h->e_phnum && i < SEGMENTS; i++) {
		Elf64_Phdr p;

		if (!read_at(fd, &p, sizeof(p), h->e_phoff + i * sizeof(p)))
			return false;
		if (p.p_type != PT_LOAD || offset < p.p_offset || offset - p.p_offset >= p.p_filesz)
			continue;
		*address = offset - p.p_offset + p.p_vaddr;
		return true;
	}
	return false;
}

/* The function of one symbol table that holds the address: its name's offset, 0 for none. */
static uint32_t search(int fd, const Elf64_Shdr *table, uint64_t address)
{
	uint64_t count = table->sh_size / sizeof(Elf64_Sym);
	static Elf64_Sym symbols[CHUNK];

	if (table->sh_entsize != sizeof(Elf64_Sym))
		return 0;
	if (count > SYMBOLS)
		count = SYMBOLS;
	for (uint64_t first = 0; first < count; first += CHUNK) {
		size_t some = count - first < CHUNK ? count - first : CHUNK;

		if (!read_at(fd, symbols, some * sizeof(*symbols),
			     table->sh_offset + first * sizeof(*symbols)))
			return 0;
		for (size_t i = 0; i < some; i++) {
			const Elf64_Sym *s = &symbols[i];
			unsigned type = ELF64_ST_TYPE(s->st_info);

			if ((type == STT_FUNC || type == STT_GNU_IFUNC) &&
			    s->st_shndx != SHN_UNDEF && address >= s->st_value &&
			    address - s->st_value < s->st_size)
				return s->st_name;
		}
	}
	return 0;
}

static bool read_name(int fd, const Elf64_Ehdr *h, uint32_t section, uint32_t offset,
		      char name[ELF_NAME])
{
	Elf64_Shdr strings;
	ssize_t n;

	if (section >= h->e_shnum || section >= SECTIONS ||
	    !read_at(fd, &strings, sizeof(strings), h->e_shoff + section * sizeof(strings)) ||
	    offset >= strings.sh_size || strings.sh_offset >= 1ULL << 62)
		return false;
	n = pread(fd, name, ELF_NAME - 1, strings.sh_offset + offset);
	if (n <= 0)
		return false;
	name[n] = 0;
	for (char *at = name; *at; at++)
		if (*at < ' ' || *at == 0x7f)
			return false;
	return name[0] != 0;
}

bool elf_find(int fd, uint64_t file_offset, char name[ELF_NAME])
{
	uint64_t address;
	Elf64_Ehdr h;

	if (!read_header(fd, &h) || !address_of(fd, &h, file_offset, &address))
		return false;
	for (unsigned i = 0; i < h.e_shnum && i < SECTIONS; i++) {
		uint32_t offset;
		Elf64_Shdr s;

		if (!read_at(fd, &s, sizeof(s), h.e_shoff + i * sizeof(s)))
			return false;
		if (s.sh_type != SHT_SYMTAB && s.sh_type != SHT_DYNSYM)
			continue;
		offset = search(fd, &s, address);
		if (offset && read_name(fd, &h, s.sh_link, offset, name))
			return true;
	}
	return false;
}

static struct entry *entry_of(const struct stat *st, uint64_t offset)
{
	uint64_t hash = (st->st_ino * 0x9e3779b97f4a7c15ULL + st->st_dev) ^ offset;

	return &cache[(hash * 0x9e3779b97f4a7c15ULL) >> 32 & (CACHE - 1)];
}

/* The mapping may be another file's by now: what is found there is looked at before it is opened.
 */
static int open_place(uint32_t pid, const struct maps_place *place)
{
	char path[96];
	int found, fd;

	snprintf(path, sizeof(path), "/proc/%u/map_files/%llx-%llx", pid,
		 (unsigned long long)place->start, (unsigned long long)place->end);
	found = open(path, O_PATH | O_CLOEXEC);
	fd = found >= 0 && image_on_disk(found) ? image_open(found) : -1;
	if (found >= 0)
		close(found);
	return fd;
}

bool elf_function(uint32_t pid, const struct maps_place *place, uint64_t now, char name[ELF_NAME])
{
	static struct maps_rate rate;
	struct entry *entry;
	struct stat st;
	bool found;
	int fd;

	/*
	 * A file of FUSE or of a network answers when its server likes. Those have no device, nor
	 * have some that would do; their frames keep module and offset.
	 */
	if (!place->on_disk)
		return false;
	fd = open_place(pid, place);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return false;
	}
	entry = entry_of(&st, place->offset);
	if (entry->inode == st.st_ino && entry->device == st.st_dev &&
	    entry->offset == place->offset) {
		close(fd);
		memcpy(name, entry->name, ELF_NAME);
		return name[0] != 0;
	}
	if (!maps_may(&rate, LOOKUPS, now)) {
		close(fd);
		return false;
	}
	found = elf_find(fd, place->offset, name);
	close(fd);
	if (!found)
		name[0] = 0;
	entry->device = st.st_dev;
	entry->inode = st.st_ino;
	entry->offset = place->offset;
	memcpy(entry->name, name, ELF_NAME);
	return found;
}
