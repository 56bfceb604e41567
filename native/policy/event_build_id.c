// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "event_build_id.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "event_maps.h"

#define SEGMENTS 64
#define NOTES 4096 /* bytes of one segment; the build id stands among the first */
#define CACHE 256  /* a power of two */
#define LOOKS 8192 /* in one second */
#define READS 256  /* of files not in the cache */

struct entry {
	struct image_mark mark;
	struct build_id id; /* len 0: it has none */
};

static struct entry cache[CACHE];

/* What both classes have in common. */
struct program {
	uint64_t headers;
	unsigned count;
	bool wide; /* 64 bits */
};

static ssize_t read_some(int fd, void *to, size_t size, uint64_t at)
{
	return at < 1ULL << 62 ? pread(fd, to, size, at) : -1;
}

static bool read_header(int fd, struct program *p)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf64_Ehdr wide;
		Elf32_Ehdr narrow;
	} h = { 0 };

	if (read_some(fd, &h, sizeof(h), 0) < (ssize_t)sizeof(h.narrow) ||
	    memcmp(h.ident, ELFMAG, SELFMAG) || h.ident[EI_DATA] != ELFDATA2LSB)
		return false;
	p->wide = h.ident[EI_CLASS] == ELFCLASS64;
	p->headers = p->wide ? h.wide.e_phoff : h.narrow.e_phoff;
	p->count = p->wide ? h.wide.e_phnum : h.narrow.e_phnum;
	if (p->wide)
		return h.wide.e_phentsize == sizeof(Elf64_Phdr);
	return h.ident[EI_CLASS] == ELFCLASS32 && h.narrow.e_phentsize == sizeof(Elf32_Phdr);
}

/* Where segment i lies in the file, when it is one of notes. */
static bool note_segment(int fd, const struct program *p, unsigned i, uint64_t *at, uint64_t *size)
{
	Elf64_Phdr wide;
	Elf32_Phdr narrow;

	if (p->wide) {
		if (read_some(fd, &wide, sizeof(wide), p->headers + i * sizeof(wide)) !=
			    sizeof(wide) ||
		    wide.p_type != PT_NOTE)
			return false;
		*at = wide.p_offset;
		*size = wide.p_filesz;
		return true;
	}
	if (read_some(fd, &narrow, sizeof(narrow), p->headers + i * sizeof(narrow)) !=
		    sizeof(narrow) ||
	    narrow.p_type != PT_NOTE)
		return false;
	*at = narrow.p_offset;
	*size = narrow.p_filesz;
	return true;
}

static size_t padded(uint32_t size)
{
	return ((size_t)size + 3) & ~(size_t)3;
}

static bool find_note(const uint8_t *notes, size_t size, struct build_id *id)
{
	size_t at = 0;

	while (size - at > sizeof(Elf64_Nhdr)) {
		size_t name = at + sizeof(Elf64_Nhdr), desc;
		Elf64_Nhdr note; /* of both classes */

		memcpy(&note, notes + at, sizeof(note));
		if (padded(note.n_namesz) > size - name)
			return false;
		desc = name + padded(note.n_namesz);
		if (note.n_descsz > size - desc)
			return false;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    !memcmp(notes + name, "GNU", 4) && note.n_descsz &&
		    note.n_descsz <= BUILD_ID_MAX) {
			id->len = note.n_descsz;
			memcpy(id->bytes, notes + desc, id->len);
			return true;
		}
		if (padded(note.n_descsz) > size - desc)
			return false;
		at = desc + padded(note.n_descsz);
	}
	return false;
}

bool build_id_read(int fd, struct build_id *id)
{
	static uint8_t notes[NOTES];
	struct program p;

	id->len = 0;
	if (!read_header(fd, &p))
		return false;
	for (unsigned i = 0; i < p.count && i < SEGMENTS; i++) {
		uint64_t at, size;
		ssize_t n;

		if (!note_segment(fd, &p, i, &at, &size))
			continue;
		n = read_some(fd, notes, size < NOTES ? size : NOTES, at);
		if (n > 0 && find_note(notes, n, id))
			return true;
	}
	return false;
}

static struct entry *entry_of(const struct image_mark *mark)
{
	uint64_t hash =
		(mark->inode * 0x9e3779b97f4a7c15ULL + mark->device) * 0x9e3779b97f4a7c15ULL;

	return &cache[hash >> 32 & (CACHE - 1)];
}

enum build_id_answer build_id_of(const struct image *image, uint64_t now, struct build_id *id)
{
	static struct maps_rate looks, reads;
	struct image_mark mark;
	struct entry *entry;
	int found, fd;

	if (!maps_may(&looks, LOOKS, now))
		return BUILD_ID_BUSY;
	found = image_find(image, &mark);
	if (found < 0)
		return BUILD_ID_GONE;
	entry = entry_of(&mark);
	if (memcmp(&entry->mark, &mark, sizeof(mark))) {
		if (!maps_may(&reads, READS, now)) {
			close(found);
			return BUILD_ID_BUSY;
		}
		fd = image_open(found);
		if (fd < 0) {
			close(found);
			return BUILD_ID_GONE;
		}
		build_id_read(fd, &entry->id);
		entry->mark = mark;
		close(fd);
	}
	close(found);
	*id = entry->id;
	return id->len ? BUILD_ID_FOUND : BUILD_ID_NONE;
}
