// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Names of addresses, the kernel's and those of programs, and the stack traces made of them. */
#include <elf.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "clock.h"
#include "event_elf.h"
#include "event_ksyms.h"
#include "event_line.h"
#include "event_maps.h"
#include "procfs.h"

#define NOW 5000000000ULL
#define KERNEL 0xffffffff81000000ULL

static int file_of(const void *bytes, size_t size)
{
	int fd = memfd_create("symbols", MFD_CLOEXEC);

	CHECK(write(fd, bytes, size) == (ssize_t)size);
	return fd;
}

static bool load(const char *text)
{
	char path[64];
	int fd = file_of(text, strlen(text));
	bool any;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	any = ksyms_load(path, NOW);
	close(fd);
	return any;
}

static void kernel(void)
{
	const char *symbol, *module;
	uint64_t offset;

	CHECK(load("ffffffff81000100 T second\n"
		   "ffffffff81000000 t first\n"
		   "ffffffff81000180 D data\n"
		   "0000000000000000 T hidden\n"
		   "nonsense\n\n"
		   "ffffffffc0000000 t in_module\t[ext4]\n"
		   "ffffffffc0000010 W twice\t[ext4]\n"
		   "ffffffffc0000020 t broken\t[\n"
		   "ffffffffc0000030 t last"));
	CHECK(ksyms_find(KERNEL + 0x1f0, NOW, &symbol, &module, &offset) && offset == 0xf0);
	CHECK_TEXT(symbol, "second");
	CHECK_TEXT(module, "");
	CHECK(ksyms_find(KERNEL, NOW, &symbol, &module, &offset) && !offset);
	CHECK_TEXT(symbol, "first");
	CHECK(!ksyms_find(KERNEL - 1, NOW, &symbol, &module, &offset));
	CHECK(!ksyms_find(KERNEL + (16 << 20), NOW, &symbol, &module, &offset));
	CHECK(!ksyms_find(~0ULL, NOW, &symbol, &module, &offset));
	CHECK(ksyms_find(0xffffffffc0000011, NOW, &symbol, &module, &offset));
	CHECK_TEXT(symbol, "twice");
	CHECK_TEXT(module, "ext4");
	/* kept while it is asked for, and reread when it is old: then it is the running kernel's */
	ksyms_idle(NOW + 59 * NS_PER_S);
	CHECK(ksyms_find(KERNEL, NOW + 59 * NS_PER_S, &symbol, &module, &offset));
	ksyms_idle(NOW + 110 * NS_PER_S);
	CHECK(ksyms_find(KERNEL, NOW + 110 * NS_PER_S, &symbol, &module, &offset) &&
	      !strcmp(symbol, "first"));
	CHECK(!load("") && !load("0000000000000000 T hidden\n"));
	CHECK(!ksyms_find(KERNEL, NOW, &symbol, &module, &offset));
}

__attribute__((noinline)) static void marker(void)
{
	__asm__ volatile("nop\n nop\n nop");
}

static void own_process(void)
{
	uint64_t address = (uint64_t)marker + 2;
	char exe[MAPS_PATH] = "", name[ELF_NAME] = "";
	struct maps_place place;
	struct tx_task task;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	marker();
	CHECK(procfs_task(getpid(), &task) && readlink("/proc/self/exe", exe, MAPS_PATH - 1) > 0);
	CHECK(maps_find(getpid(), task.start, 1, NOW, address, &place));
	CHECK_TEXT(place.path, exe);
	CHECK(address >= place.start && address < place.end);
	CHECK(elf_find(fd, place.offset, name));
	CHECK_TEXT(name, "marker");
	/* twice, since the second answer comes from the cache */
	for (int i = 0; place.on_disk && i < 2; i++) {
		CHECK(elf_function(getpid(), &place, NOW, name));
		CHECK_TEXT(name, "marker");
	}
	CHECK(!maps_find(getpid(), task.start, 1, NOW, 8, &place));
	CHECK(!maps_find(getpid(), task.start, 1, NOW, (uint64_t)&task, &place));
	/* whoever has the number now is not the one of the event */
	CHECK(!maps_find(getpid(), task.start + 10 * NS_PER_S, 1, NOW, address, &place));
	CHECK(!maps_find(4194305, task.start, 1, NOW, address, &place));
	close(fd);
}

/* A program with one function, f, of 16 bytes at 0x401000, which lies at 0x1000 in the file. */
static struct {
	Elf64_Ehdr h;
	Elf64_Phdr p;
	Elf64_Shdr s[3];
	Elf64_Sym symbols[2];
	char strings[8];
} small;

static void small_make(void)
{
	memcpy(small.h.e_ident, ELFMAG, SELFMAG);
	small.h.e_ident[EI_CLASS] = ELFCLASS64;
	small.h.e_ident[EI_DATA] = ELFDATA2LSB;
	small.h.e_phoff = offsetof(typeof(small), p);
	small.h.e_phentsize = sizeof(small.p);
	small.h.e_phnum = 1;
	small.h.e_shoff = offsetof(typeof(small), s);
	small.h.e_shentsize = sizeof(small.s[0]);
	small.h.e_shnum = 3;
	small.p = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = 0x1000, .p_vaddr = 0x401000, .p_filesz = 0x100
	};
	small.s[1] = (Elf64_Shdr){ .sh_type = SHT_SYMTAB,
				   .sh_offset = offsetof(typeof(small), symbols),
				   .sh_size = sizeof(small.symbols),
				   .sh_entsize = sizeof(Elf64_Sym),
				   .sh_link = 2 };
	small.s[2] = (Elf64_Shdr){ .sh_type = SHT_STRTAB,
				   .sh_offset = offsetof(typeof(small), strings),
				   .sh_size = sizeof(small.strings) };
	small.symbols[1] = (Elf64_Sym){ .st_name = 1,
					.st_info = STT_FUNC,
					.st_shndx = 1,
					.st_value = 0x401000,
					.st_size = 16 };
	memcpy(small.strings, "\0f\0\x01", 4);
}

static bool find(size_t size, uint64_t offset, char name[ELF_NAME])
{
	int fd = file_of(&small, size);
	bool found = elf_find(fd, offset, name);

	close(fd);
	return found;
}

static void programs(void)
{
	char name[ELF_NAME] = "";

	small_make();
	CHECK(find(sizeof(small), 0x100f, name));
	CHECK_TEXT(name, "f");
	CHECK(!find(sizeof(small), 0x1010, name) && !find(sizeof(small), 0xfff, name));
	small.symbols[1].st_name = 3; /* not a name */
	CHECK(!find(sizeof(small), 0x1000, name));
	small_make();
	for (size_t size = 0; size < sizeof(small); size += 3)
		CHECK(size > offsetof(typeof(small), strings) || !find(size, 0x1000, name));
	/* every byte wrong in turn: an answer, and an end */
	for (size_t at = 0; at < sizeof(small); at++) {
		static const unsigned char wrong[] = { 0x01, 0x80, 0xff, 0x7f };

		for (int i = 0; i < 4; i++) {
			small_make();
			((unsigned char *)&small)[at] ^= wrong[i];
			if (find(sizeof(small), 0x1008, name))
				CHECK(strlen(name) < ELF_NAME);
		}
	}
}

static void stacks(void)
{
	uint64_t kernel[] = { KERNEL + 16, 0xffffffffc0000000, 0, 5 };
	uint64_t user[] = { (uint64_t)marker, 77 };
	char wanted[256];
	struct tx_task task;
	struct proc_text *t;
	struct proc *p;
	bool cut;

	CHECK(load("ffffffff81000000 T do_x\nffffffffc0000000 t g\t[m]\n"));
	CHECK(procfs_task(getpid(), &task));
	t = proc_text_make("/x", 2, "/", 1, "/", 1, "", 0, "", 0, &cut);
	p = proc_add(&task, 1, NULL, t, 0);
	proc_text_drop(t);
	record_begin(&r);
	record_text(&r, TX_ARG_STRING, "odd");
	r.e.h.tgid = getpid();
	r.e.h.start = task.start;
	record_stack(&r, kernel, 4, user, 2);
	selector(TX_HOOK_KPROBE, "f");
	snprintf(wanted, sizeof(wanted), "\"user_stack_trace\":[{\"address\":\"%llu\",\"offset\":",
		 (unsigned long long)marker);
	CHECK_HAS(line_of(p), "\"kernel_stack_trace\":[{\"offset\":\"16\",\"symbol\":\"do_x\"},"
			      "{\"symbol\":\"g\",\"module\":\"m\"},{}],\"user_stack_trace\":");
	CHECK_HAS(line_of(p), wanted);
	CHECK_HAS(line_of(p), "/unit_event_symbols\"},{\"address\":\"77\"}],\"policy_name\"");
}

int main(void)
{
	CHECK(!proc_table_open());
	lines_open();
	kernel();
	own_process();
	programs();
	stacks();
	ksyms_free();
	maps_free();
	lines_close();
	proc_table_close();
	return unit_end("event_symbols");
}
