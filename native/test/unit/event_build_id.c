// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Build ids of files that anybody may have made. */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "event_build_id.h"
#include "small_elf.h"
#include "unit.h"

static struct {
	Elf32_Ehdr h;
	Elf32_Phdr p;
	struct {
		Elf32_Nhdr n;
		char name[4], desc[20];
	} id;
} narrow;

static int file_of(const void *bytes, size_t size)
{
	int fd = memfd_create("library", MFD_CLOEXEC);

	CHECK(write(fd, bytes, size) == (ssize_t)size);
	return fd;
}

static bool read_from(const void *bytes, size_t size, struct build_id *id)
{
	int fd = file_of(bytes, size);
	bool found = build_id_read(fd, id);

	close(fd);
	return found;
}

static bool small_id(struct build_id *id)
{
	return read_from(&small, sizeof(small), id);
}

static void notes(void)
{
	struct build_id id;

	small_make();
	CHECK(small_id(&id) && id.len == 3 && !memcmp(id.bytes, "abc", 3));
	small.id.n.n_descsz = 0;
	CHECK(!small_id(&id) && !id.len);
	small.id.n.n_descsz = 5; /* one more than there is */
	CHECK(!small_id(&id));
	small_make();
	small.id.n.n_descsz = 4;
	CHECK(small_id(&id) && id.len == 4);
	small.id.n.n_type = 5;
	CHECK(!small_id(&id));
	small_make();
	small.first.n.n_namesz = UINT32_MAX; /* padded, it is 0 again in 32 bits */
	CHECK(!small_id(&id));
	small_make();
	small.first.n.n_descsz = UINT32_MAX - 2;
	CHECK(!small_id(&id));
	small_make();
	small.h.e_ident[EI_DATA] = ELFDATA2MSB;
	CHECK(!small_id(&id));
	small_make();
	small.h.e_phentsize = 1;
	CHECK(!small_id(&id));
	small_make();
	small.h.e_phnum = 1;
	CHECK(!small_id(&id));
	small_make();
	small.h.e_phoff = UINT64_MAX - 8;
	CHECK(!small_id(&id));
}

static void long_ids(void)
{
	struct {
		typeof(small) whole;
		char more[256];
	} file = { 0 };
	struct build_id id;

	small_make();
	small.p[1].p_filesz += 128;
	small.id.n.n_descsz = BUILD_ID_MAX;
	file.whole = small;
	CHECK(read_from(&file, sizeof(file), &id) && id.len == BUILD_ID_MAX);
	file.whole.id.n.n_descsz = BUILD_ID_MAX + 1;
	CHECK(!read_from(&file, sizeof(file), &id));
}

static void narrow_programs(void)
{
	struct build_id id;

	memcpy(narrow.h.e_ident, ELFMAG, SELFMAG);
	narrow.h.e_ident[EI_CLASS] = ELFCLASS32;
	narrow.h.e_ident[EI_DATA] = ELFDATA2LSB;
	narrow.h.e_phoff = offsetof(typeof(narrow), p);
	narrow.h.e_phentsize = sizeof(narrow.p);
	narrow.h.e_phnum = 1;
	narrow.p = (Elf32_Phdr){ .p_type = PT_NOTE,
				 .p_offset = offsetof(typeof(narrow), id),
				 .p_filesz = sizeof(narrow.id) };
	narrow.id.n = (Elf32_Nhdr){ 4, 20, NT_GNU_BUILD_ID };
	memcpy(narrow.id.name, "GNU", 4);
	memset(narrow.id.desc, 7, 20);
	CHECK(read_from(&narrow, sizeof(narrow), &id) && id.len == 20 && id.bytes[19] == 7);
	narrow.h.e_ident[EI_CLASS] = 3;
	CHECK(!read_from(&narrow, sizeof(narrow), &id));
}

/* Cut anywhere, or with any byte wrong: an answer, and an end. */
static void damaged(void)
{
	static const unsigned char wrong[] = { 0x01, 0x04, 0x80, 0xff, 0x7f };
	struct build_id id;

	small_make();
	for (size_t size = 0; size < offsetof(typeof(small), id.desc) + 3; size++)
		CHECK(!read_from(&small, size, &id));
	for (size_t at = 0; at < sizeof(small); at++)
		for (size_t i = 0; i < sizeof(wrong); i++) {
			small_make();
			((unsigned char *)&small)[at] ^= wrong[i];
			if (small_id(&id))
				CHECK(id.len && id.len <= BUILD_ID_MAX);
		}
}

int main(void)
{
	notes();
	long_ids();
	narrow_programs();
	damaged();
	return unit_end("event_build_id");
}
