// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Programs' files: this very program is one, with a static probe made by hand. */
#include "resolve_elf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

#define SELF "/proc/self/exe"

__attribute__((noinline, used)) int unit_marked_function(int a)
{
	__asm__ volatile("1: nop\n"
			 ".pushsection .note.stapsdt,\"\",\"note\"\n"
			 ".balign 4\n"
			 ".4byte 8, 3f - 2f, 3\n"
			 ".asciz \"stapsdt\"\n"
			 "2: .8byte 1b\n"
			 ".8byte 0\n"
			 ".8byte 0\n"
			 ".asciz \"telovix\"\n"
			 ".asciz \"unit\"\n"
			 ".asciz \"-4@%%edi 8@$5 1@ 4(%%rax) -2@%%ax\"\n"
			 "3: .balign 4\n"
			 ".popsection\n");
	return a + 1;
}

static char why[160];

static bool same_bytes(uint64_t offset)
{
	unsigned char bytes[16];
	int fd = open(SELF, O_RDONLY | O_CLOEXEC);
	bool same = pread(fd, bytes, sizeof(bytes), offset) == sizeof(bytes) &&
		    !memcmp(bytes, (void *)unit_marked_function, sizeof(bytes));

	close(fd);
	return same;
}

static void symbols(struct elf_file *file)
{
	uint64_t offset = 0, again = 0;

	CHECK(!elf_symbol(file, "unit_marked_function", &offset, why, sizeof(why)));
	CHECK(same_bytes(offset));
	CHECK(elf_is_code(file, offset));
	CHECK(!elf_is_code(file, 0));
	CHECK(!elf_is_code(file, 1ULL << 62));
	CHECK(elf_symbol(file, "unit_no_such_function", &offset, why, sizeof(why)) == -ENOENT);
	CHECK_TEXT(why, "the file has no function unit_no_such_function");
	CHECK(elf_symbol(file, "unit_marked_functoin", &offset, why, sizeof(why)));
	CHECK_TEXT(why, "the file has no function unit_marked_functoin "
			"(nearest: unit_marked_function)");
	CHECK(elf_symbol(file, "why", &again, why, sizeof(why))); /* data */
	CHECK(elf_address(file, 1ULL << 62, &again, why, sizeof(why)) == -ENOENT);
	CHECK(elf_address(file, 1, &again, why, sizeof(why)));
	CHECK(!elf_is_go(file));
}

static void probes(struct elf_file *file)
{
	struct elf_usdt usdt;

	CHECK(!elf_usdt(file, "telovix", "unit", &usdt, why, sizeof(why)));
	CHECK(usdt.count == 4);
	CHECK(usdt.size[0] == -4 && usdt.size[1] == 8 && usdt.size[2] == 1 && usdt.size[3] == -2);
	CHECK(elf_usdt(file, "telovix", "other", &usdt, why, sizeof(why)) == -ENOENT);
	CHECK_TEXT(why, "the file has no probe telovix:other");
	CHECK(elf_usdt(file, "telovix", "untt", &usdt, why, sizeof(why)));
	CHECK_TEXT(why, "the file has no probe telovix:untt (nearest: telovix:unit)");
	CHECK(elf_usdt(file, "telo", "unit", &usdt, why, sizeof(why)));
}

static void hex_of(const char *text, size_t times, char hex[65])
{
	int fd = memfd_create("unit", MFD_CLOEXEC);
	uint8_t digest[32];

	for (size_t i = 0; i < times; i++)
		CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	CHECK(!digest_sha256(fd, digest));
	for (int i = 0; i < 32; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
	close(fd);
}

/* The standard's own examples, and lengths around a block's and the buffer's end. */
static void sha256(void)
{
	char hex[65], thousand[1001] = "";

	hex_of("", 1, hex);
	CHECK_TEXT(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hex_of("abc", 1, hex);
	CHECK_TEXT(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hex_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, hex);
	CHECK_TEXT(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(thousand, 'a', 1000);
	hex_of(thousand, 1000, hex);
	CHECK_TEXT(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	hex_of("a", 65408, hex);
	CHECK_TEXT(hex, "44bfe23fe3b3941676cd05e35aec92ac5acac71658c2f88fb31c2ad16fcba4b9");
}

static void digests(struct elf_file *file)
{
	char line[256], hex[65];
	uint8_t digest[32];
	int fd = open(SELF, O_RDONLY | O_CLOEXEC);

	CHECK(!digest_sha256(fd, digest));
	close(fd);
	for (int i = 0; i < 32; i++)
		sprintf(hex + 2 * i, "%02X", digest[i]);
	snprintf(line, sizeof(line), "sha256:%064d\nsha256:%s", 0, hex);
	CHECK(!elf_verify(file, line, why, sizeof(why)));
	snprintf(line, sizeof(line), "sha256:%064d", 0);
	CHECK(elf_verify(file, line, why, sizeof(why)) == -EBADMSG);
	CHECK(elf_verify(file, "build-id:00", why, sizeof(why)) == -EBADMSG);
	CHECK(elf_verify(file, "md5:00", why, sizeof(why)) == -EINVAL);
	CHECK(elf_verify(file, "sha256", why, sizeof(why)) == -EBADMSG);
}

static void no_files(void)
{
	char path[] = "/tmp/tx-elf-XXXXXX";
	int fd = mkstemp(path);

	CHECK(!elf_open("/nonexistent/file", why, sizeof(why)));
	CHECK_TEXT(why, "/nonexistent/file: No such file or directory");
	CHECK(!elf_open("/tmp", why, sizeof(why)));
	CHECK(!elf_open(path, why, sizeof(why)));
	CHECK(write(fd, "\177ELF\2\1\1", 7) == 7);
	CHECK(!elf_open("/dev/null", why, sizeof(why)));
	close(fd);
	unlink(path);
}

/* A damaged copy of ourselves: whatever is answered, nothing may break. */
static void damaged(void)
{
	int from = open(SELF, O_RDONLY | O_CLOEXEC);
	unsigned seed = 1;
	static unsigned char bytes[4 << 20];
	ssize_t size = pread(from, bytes, sizeof(bytes), 0);
	char path[] = "/tmp/tx-elf-XXXXXX";
	int fd = mkstemp(path);
	off_t whole = lseek(from, 0, SEEK_END);

	CHECK(size > 0 && ftruncate(fd, 0) == 0);
	for (int round = 0; round < 60; round++) {
		struct elf_file *file;
		struct elf_usdt usdt;
		uint64_t offset;

		CHECK(pwrite(fd, bytes, size, 0) == size);
		CHECK(!ftruncate(fd, round % 3 ? whole : size / (1 + round)));
		/* Where header, program headers and section headers lie, damage is felt most. */
		for (int i = 0; i < 8; i++) {
			unsigned char byte = seed = seed * 1103515245 + 12345;

			CHECK(pwrite(fd, &byte, 1, 4 + (seed >> 8) % 4000) == 1);
		}
		file = elf_open(path, why, sizeof(why));
		if (!file)
			continue;
		elf_symbol(file, "unit_marked_function", &offset, why, sizeof(why));
		elf_usdt(file, "telovix", "unit", &usdt, why, sizeof(why));
		elf_verify(file, "build-id:00", why, sizeof(why));
		elf_is_go(file);
		elf_is_code(file, 4096);
		elf_close(file);
	}
	close(from);
	close(fd);
	unlink(path);
}

int main(void)
{
	struct elf_file *file = elf_open(SELF, why, sizeof(why));

	CHECK(file != NULL);
	if (file) {
		symbols(file);
		probes(file);
		digests(file);
	}
	elf_close(file);
	sha256();
	no_files();
	damaged();
	return unit_end("resolve_elf");
}
