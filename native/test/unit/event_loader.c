// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Files that are mapped to be run: reached, kept in mind, and told. */
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "event_build_id.h"
#include "event_line.h"
#include "procfs.h"
#include "small_elf.h"

#define NOW 5000000000ULL
#define PAGE 4096

static struct proc *self;
static char dir[] = "/tmp/unit-loader-XXXXXX", library[64], link_name[64];

/* A process as the kernel told of it, and a library on a file system. */
static void ground(void)
{
	struct tx_task task;
	struct proc_text *t;
	bool cut;
	int fd;

	CHECK(procfs_task(getpid(), &task) && mkdtemp(dir));
	t = proc_text_make("/x", 2, "/", 1, "/", 1, "", 0, "", 0, &cut);
	self = proc_add(&task, 1, NULL, t, 0);
	proc_text_drop(t);
	snprintf(library, sizeof(library), "%s/library", dir);
	snprintf(link_name, sizeof(link_name), "%s/link", dir);
	small_make();
	fd = open(library, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0755);
	CHECK(write(fd, &small, sizeof(small)) == sizeof(small) && !symlink("library", link_name));
	close(fd);
}

static struct image image_of(const char *path)
{
	struct image image = { .proc = self, .path = path, .path_len = strlen(path) };
	struct stat st;

	CHECK(!stat(path, &st));
	image.device = (uint32_t)major(st.st_dev) << 20 | minor(st.st_dev);
	image.inode = st.st_ino;
	image.end = PAGE; /* nothing is mapped there */
	return image;
}

static bool reached(const struct image *image)
{
	struct image_mark mark;
	int fd = image_find(image, &mark);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void paths(void)
{
	struct image image = image_of(library);

	CHECK(reached(&image));
	image.inode++; /* another file is there now */
	CHECK(!reached(&image));
	image = image_of(library);
	image.device += 1 << 20;
	CHECK(!reached(&image));
	image = image_of(library);
	image.path_len = 0;
	CHECK(!reached(&image));
	image = image_of(link_name);
	CHECK(!reached(&image)); /* the kernel's paths have no links */
	image = image_of(dir);
	CHECK(!reached(&image));
	/* Its program is what it runs, wherever that is now. */
	image = image_of("/proc/self/exe");
	image.path_len = image.end = 0;
	CHECK(reached(&image));
	image = image_of(library);
	image.path_len = image.end = 0;
	CHECK(!reached(&image));
}

/* A process that is gone: the number is another's now. */
static void gone(void)
{
	uint64_t start = self->start;
	struct image image = image_of(library);
	uint32_t namespace = self->task.ns[TX_NS_MNT];

	self->start = 1;
	CHECK(reached(&image)); /* it saw what we see */
	self->task.ns[TX_NS_MNT] = namespace + 1;
	CHECK(!reached(&image));
	self->task.ns[TX_NS_MNT] = 0;
	CHECK(!reached(&image));
	self->task.ns[TX_NS_MNT] = namespace;
	self->start = start;
}

/* What is mapped is found even when it has no name any more. */
static void mapping(void)
{
	char path[80], link_text[80] = "";
	struct image image;
	int fd;
	void *at;

	snprintf(path, sizeof(path), "%s/gone", dir);
	fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0755);
	CHECK(write(fd, &small, sizeof(small)) == sizeof(small));
	at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	image = image_of(path);
	CHECK(at != MAP_FAILED && !unlink(path));
	CHECK(!reached(&image));
	image.start = (uint64_t)at;
	image.end = image.start + PAGE;
	snprintf(path, sizeof(path), "/proc/self/map_files/%llx-%llx",
		 (unsigned long long)image.start, (unsigned long long)image.end);
	/* Only root may follow these links. */
	fd = readlink(path, link_text, sizeof(link_text)) > 0 ? open(path, O_PATH | O_CLOEXEC) : -1;
	if (fd >= 0)
		CHECK(reached(&image));
	if (fd >= 0)
		close(fd);
	munmap(at, PAGE);
}

/* Writes until the file says that it has been changed. */
static void change(const char *id)
{
	int fd = open(library, O_RDWR | O_CLOEXEC);
	struct stat before, after;

	CHECK(!fstat(fd, &before));
	do {
		CHECK(pwrite(fd, id, 3, offsetof(typeof(small), id.desc)) == 3 &&
		      !fstat(fd, &after));
	} while (!memcmp(&before.st_ctim, &after.st_ctim, sizeof(after.st_ctim)));
	close(fd);
}

static void kept(void)
{
	struct image image = image_of(library);
	uint64_t now = 10 * NOW;
	struct build_id id;

	CHECK(build_id_of(&image, now, &id) == BUILD_ID_FOUND && !memcmp(id.bytes, "abc", 3));
	CHECK(build_id_of(&image, now, &id) == BUILD_ID_FOUND && !memcmp(id.bytes, "abc", 3));
	change("xyz");
	CHECK(build_id_of(&image, now, &id) == BUILD_ID_FOUND && !memcmp(id.bytes, "xyz", 3));
	change("abc");
	CHECK(build_id_of(&image, now, &id) == BUILD_ID_FOUND && !memcmp(id.bytes, "abc", 3));
	for (int i = 0; i < 8192 - 4; i++)
		CHECK(build_id_of(&image, now, &id) == BUILD_ID_FOUND);
	CHECK(build_id_of(&image, now, &id) == BUILD_ID_BUSY);
	now += NOW;
	CHECK(build_id_of(&image, now, &id) == BUILD_ID_FOUND);
	/* So many contents in a second, and no more. */
	for (int i = 0; i < 255; i++) {
		change(i & 1 ? "abc" : "xyz");
		CHECK(build_id_of(&image, now, &id) == BUILD_ID_FOUND);
	}
	change("abc");
	CHECK(build_id_of(&image, now, &id) == BUILD_ID_FOUND);
	change("abc");
	CHECK(build_id_of(&image, now, &id) == BUILD_ID_BUSY);
	CHECK(build_id_of(&image, now + NOW, &id) == BUILD_ID_FOUND);
	image.inode++;
	CHECK(build_id_of(&image, now + NOW, &id) == BUILD_ID_GONE);
}

/* As the kernel's programs tell of an mmap. */
static struct tx_parg *record_mapping(const char *path)
{
	struct image image = image_of(path);
	struct tx_parg *file;

	record_begin(&r);
	record_number(&r, TX_ARG_SIZE, 100);
	file = record_text(&r, TX_ARG_FD, path);
	file->mode = S_IFREG | 0755;
	file->value = image.inode;
	file->orig = image.device;
	file->flags = TX_PARG_LOCAL;
	r.e.has_ret = 1;
	r.e.ret = 0x1000;
	selector(TX_HOOK_KPROBE, "sys_mmap");
	s.loader = true;
	s.wants_return = true;
	s.return_position = TX_NO_POSITION;
	s.message = "not told";
	return file;
}

static void lines(void)
{
	char wanted[256];
	struct tx_parg *file = record_mapping(library);

	snprintf(wanted, sizeof(wanted),
		 "},\"path\":\"%s\",\"buildid\":\"YWJj\",\"policy_name\":\"p\"},\"node_name\":",
		 library);
	CHECK_HAS(line_of(self), wanted);
	CHECK_HAS(line_of(self), "{\"process_loader\":{\"process\":{");
	CHECK(!strstr(line_of(self), "missing") && !strstr(line_of(self), "not told"));
	file->flags = 0;
	snprintf(wanted, sizeof(wanted), "},\"path\":\"%s\",\"policy_name\":\"p\"},", library);
	CHECK_HAS(line_of(self), wanted);
	CHECK_HAS(line_of(self), ",\"buildid_missing\":\"remote\"}}");
	file->mode = S_IFCHR | 0666;
	CHECK_HAS(line_of(self), ",\"buildid_missing\":\"none\"}}");
	file = record_mapping(library);
	file->flags |= TX_PARG_CUT; /* its path leads elsewhere */
	CHECK_HAS(line_of(self), ",\"path_cut\":true,\"buildid_missing\":\"gone\"}}");
	file = record_mapping(library);
	file->flags = TX_PARG_FAULT;
	file->mode = 0;
	file->len = 0;
	CHECK_HAS(line_of(self), ",\"path_cut\":true,\"buildid_missing\":\"gone\"}}");
	record_mapping(library);
	s.args = 1;
	CHECK_HAS(line_of(self), ",\"path_cut\":true,\"buildid_missing\":\"gone\"}}");
	/* The program itself: no mapping is named. */
	file = record_mapping("/proc/self/exe");
	file->len = 0;
	s.wants_return = false;
	CHECK(!strstr(line_of(self), "gone"));
}

int main(void)
{
	CHECK(!proc_table_open());
	lines_open();
	ground();
	paths();
	gone();
	mapping();
	kept();
	lines();
	unlink(library);
	unlink(link_name);
	rmdir(dir);
	lines_close();
	proc_table_close();
	return unit_end("event_loader");
}
