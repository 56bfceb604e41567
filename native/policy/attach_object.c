// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The policy object. Its maps are made once; programs are loaded from copies of the object that
 * take these maps. Only descriptors are kept: an object weighs more than all its programs.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attach.h"
#include "objects.h"
#include "policy.skel.h"
#include "reads.h"

#define MAPS 48
#define MAP_NAME 32

static struct {
	struct {
		char name[MAP_NAME];
		int fd;
	} maps[MAPS];
	size_t count;
	void (*configure)(void *rodata);
	bool by_helper;
} object;

/* What libbpf said last: the refused program, and why. */
static char failed_program[64], last_words[96];

/* The verifier's last line but the one with its figures. */
static void take_verdict(const char *log)
{
	const char *line = strstr(log, "LOG --\n"), *next;

	for (line = line ? line + 7 : NULL; line && *line; line = next) {
		size_t length = strcspn(line, "\n");

		next = line + length + (line[length] == '\n');
		if (length && strncmp(line, "processed ", 10) && strncmp(line, "-- END", 6))
			snprintf(last_words, sizeof(last_words), "%.*s", (int)length, line);
	}
}

static int on_log(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text = NULL, name[64];

	(void)level;
	if (vasprintf(&text, format, args) < 0)
		return 0;
	if (getenv("TELOVIX_ENGINE_DEBUG"))
		fputs(text, stderr);
	if (sscanf(text, "libbpf: prog '%63[^']': failed to %*[la]", name) == 1)
		snprintf(failed_program, sizeof(failed_program), "%s", name);
	if (strstr(text, "-- BEGIN PROG LOAD LOG --"))
		take_verdict(text);
	free(text);
	return 0;
}

/* ".bss", without the part of the object's name in front of it. */
static const char *map_key(const struct bpf_map *map)
{
	const char *name = bpf_map__name(map), *dot = strchr(name, '.');

	return bpf_map__is_internal(map) && dot ? dot : name;
}

/* Constants belong to one copy each. */
static bool is_own(const char *key)
{
	return !strcmp(key, ".rodata") || !strcmp(key, ".kconfig");
}

int object_map(const char *name)
{
	for (size_t i = 0; i < object.count; i++)
		if (!strcmp(object.maps[i].name, name))
			return object.maps[i].fd;
	return -1;
}

static const void *elf_bytes(size_t *size)
{
	return objects_take(reads_directly() && !object.by_helper)->policy_bytes(size);
}

/* Its name stands in the object's strings, and nothing else is called like that. */
bool object_offers(const char *program)
{
	size_t size;
	const void *elf = elf_bytes(&size);

	return memmem(elf, size, program, strlen(program) + 1) != NULL;
}

static int remember(const char *name, int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (own < 0)
		return -errno;
	if (object.count == MAPS) {
		close(own);
		return -E2BIG;
	}
	snprintf(object.maps[object.count].name, MAP_NAME, "%s", name);
	object.maps[object.count++].fd = own;
	return 0;
}

void *object_constants(struct bpf_object *obj)
{
	struct bpf_map *map;
	size_t size;

	bpf_object__for_each_map(map, obj)
	{
		if (bpf_map__is_internal(map) && !strcmp(map_key(map), ".rodata"))
			return (void *)bpf_map__initial_value(map, &size);
	}
	return NULL;
}

static int share_maps(struct bpf_object *obj)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj)
	{
		const char *key = map_key(map);
		int fd = is_own(key) ? -1 : object_map(key);
		int err = fd < 0 ? 0 : bpf_map__reuse_fd(map, fd);

		if (err)
			return err;
	}
	return 0;
}

bool object_read_directly(bool allowed)
{
	bool before = !object.by_helper;

	object.by_helper = !allowed;
	return before;
}

struct bpf_object *object_copy(const char *btf_path)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "policy_bpf",
		    .btf_custom_path = btf_path);
	struct bpf_program *prog;
	struct bpf_object *obj;
	size_t size;
	const void *elf = elf_bytes(&size);
	void *rodata;

	obj = bpf_object__open_mem(elf, size, &opts);
	if (!obj)
		return NULL;
	bpf_object__for_each_program(prog, obj) bpf_program__set_autoload(prog, false);
	rodata = object_constants(obj);
	if (rodata && object.configure)
		object.configure(rodata);
	if (share_maps(obj)) {
		bpf_object__close(obj);
		return NULL;
	}
	return obj;
}

int object_load(struct bpf_object *obj, char refused[64], char words[96])
{
	libbpf_print_fn_t before = libbpf_set_print(on_log);
	int err;

	failed_program[0] = last_words[0] = 0;
	err = bpf_object__load(obj);
	libbpf_set_print(before);
	snprintf(refused, 64, "%s", err ? failed_program : "");
	snprintf(words, 96, "%s", err ? last_words : "");
	return err;
}

/* libbpf would read all of the kernel's types, for programs that are not loaded. */
static int empty_types(void)
{
	struct btf *btf = btf__new_empty();
	int fd = memfd_create("telovix_types", MFD_CLOEXEC);
	uint32_t size = 0;
	const void *raw = btf ? btf__raw_data(btf, &size) : NULL;

	if (fd >= 0 && (!raw || write(fd, raw, size) != (ssize_t)size)) {
		close(fd);
		fd = -1;
	}
	btf__free(btf);
	return fd;
}

static int make_maps(void)
{
	int types = empty_types(), err;
	char path[64], refused[64], words[96];
	struct bpf_object *obj;
	struct bpf_map *map;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", types);
	obj = object_copy(types < 0 ? NULL : path);
	err = obj ? object_load(obj, refused, words) : -ENOMEM;
	if (types >= 0)
		close(types);
	if (!err) {
		bpf_object__for_each_map(map, obj)
		{
			const char *key = map_key(map);

			if (!err && !is_own(key) && object_map(key) < 0)
				err = remember(key, bpf_map__fd(map));
		}
	}
	bpf_object__close(obj);
	return err;
}

int object_open(const struct shared_map *shared, size_t count, void (*configure)(void *rodata))
{
	int err = 0;

	object.configure = configure;
	for (size_t i = 0; !err && i < count; i++)
		err = remember(shared[i].name, shared[i].fd);
	if (!err)
		err = make_maps();
	if (err)
		object_close();
	return err;
}

void object_close(void)
{
	while (object.count)
		close(object.maps[--object.count].fd);
	object.configure = NULL;
}
