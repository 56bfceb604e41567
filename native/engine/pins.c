// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "pins.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpffs.h"
#include "engine.skel.h"
#include "log.h"
#include "ring.h"
#include "state.h"

static const char *const map_names[KERNEL_MAPS] = {
	[KERNEL_RING_EXEC] = "map_ring_exec", [KERNEL_RING_MAIN] = "map_ring_main",
	[KERNEL_COUNTERS] = "map_counters",   [KERNEL_BSS] = "map_variables",
	[KERNEL_INTS] = "map_ints",           [KERNEL_TEXTS] = "map_texts",
	[KERNEL_PTASKS] = "map_ptasks",       [KERNEL_CONTROL] = "map_control",
};

static struct {
	const char *path;
	int dir_fd; /* also holds the lock: one engine per directory */
	enum pins_status status;
	char reason[160];
} pins = { .dir_fd = -1 };

__attribute__((format(printf, 1, 2))) static void degrade(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(pins.reason, sizeof(pins.reason), format, args);
	va_end(args);
	pins.status = PINS_DEGRADED;
	log_line("A killed engine will lose what it had not written: %s.", pins.reason);
}

void pins_open(const char *dir)
{
	pins.path = dir;
	if (!dir)
		return;
	pins.dir_fd = bpffs_open(dir, true, pins.reason, sizeof(pins.reason));
	if (pins.dir_fd < 0)
		degrade("%s", pins.reason[0] ? pins.reason : strerror(-pins.dir_fd));
	else
		pins.status = PINS_NEW;
}

static int pinned(const char *name)
{
	char path[BPFFS_PATH];

	snprintf(path, sizeof(path), "%s/%s", pins.path, name);
	return bpf_obj_get(path);
}

static int pin(int fd, const char *prefix, const char *name)
{
	char path[BPFFS_PATH];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s%s", pins.path, prefix, name) >=
	    sizeof(path))
		return -ENAMETOOLONG;
	return bpf_obj_pin(fd, path) ? -errno : 0;
}

static int adopt_program(const char *name, void *arg)
{
	struct kernel *k = arg;
	struct kernel_program *p = &k->programs[k->program_count];

	if (strncmp(name, "prog_", 5))
		return 0;
	if (k->program_count == KERNEL_PROGRAMS)
		return -E2BIG;
	snprintf(p->name, sizeof(p->name), "%s", name + 5);
	p->fd = pinned(name);
	if (p->fd < 0)
		return -errno;
	k->program_count++;
	return 0;
}

static int count_link(const char *name, void *arg)
{
	*(int *)arg += !strncmp(name, "link_", 5);
	return 0;
}

/* An engine killed while it was taking its pins away leaves programs that do not run. */
static bool all_at_work(void)
{
	int links = 0, wanted = 0;

	for (int h = 0; h < HOOKS; h++)
		wanted += h != HOOK_ITER && backends[h].mechanism;
	return !bpffs_each(pins.dir_fd, count_link, &links) && links == wanted;
}

static int adopt_kernel(struct kernel *k)
{
	int err;

	/* First of all: our own calls are none of the host's business. */
	k->maps[KERNEL_BSS] = pinned(map_names[KERNEL_BSS]);
	err = k->maps[KERNEL_BSS] < 0 ? -errno : kernel_map_bss(k);
	if (err)
		return err;
	k->self[SELF_ENGINE] = getpid();
	for (int i = 0; i < KERNEL_MAPS; i++) {
		if (i != KERNEL_BSS)
			k->maps[i] = pinned(map_names[i]);
		if (k->maps[i] < 0)
			return -errno;
	}
	err = bpffs_each(pins.dir_fd, adopt_program, k);
	kernel_sort_programs(k);
	return err;
}

bool pins_adopt(struct kernel *k, uint64_t shape)
{
	int fd, err;

	if (pins.status != PINS_NEW)
		return false;
	fd = pinned("state");
	if (fd < 0)
		return false;
	err = state_adopt(fd, shape);
	if (err) {
		close(fd);
		return false;
	}
	state_load_backends();
	err = all_at_work() ? adopt_kernel(k) : -ENOLINK;
	if (err) {
		log_line("What the engine before left behind cannot be taken over: %s.",
			 strerror(-err));
		state_close();
		kernel_close(k);
		*k = (struct kernel){};
		memset(backends, 0, sizeof(backends));
		return false;
	}
	pins.status = PINS_ADOPTED;
	return true;
}

static uint64_t unread(enum kernel_map map, uint64_t *oldest)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);
	struct ring ring;
	uint64_t count = 0;
	int fd = pinned(map_names[map]);

	if (fd < 0)
		return 0;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == BPF_MAP_TYPE_RINGBUF &&
	    !ring_open(&ring, fd, info.max_entries, 1)) {
		count = ring_unread(&ring, oldest);
		ring_close(&ring);
	}
	close(fd);
	return count;
}

uint64_t pins_replace(uint64_t *oldest)
{
	uint64_t count;
	int links;

	*oldest = 0;
	if (pins.dir_fd < 0)
		return 0;
	links = bpffs_clear(pins.dir_fd, "link_");
	count = unread(KERNEL_RING_EXEC, oldest) + unread(KERNEL_RING_MAIN, oldest);
	bpffs_clear(pins.dir_fd, "");
	if (links || count)
		log_line("Programs of another engine were removed; %" PRIu64
			 " records they had kept cannot be read.",
			 count);
	return count;
}

static int pin_all(struct kernel *k)
{
	int err = pin(state_fd(), "", "state");

	for (int i = 0; !err && i < KERNEL_MAPS; i++)
		err = pin(k->maps[i], "", map_names[i]);
	/* A table of tail calls is emptied by the kernel when the last who could change it goes. */
	if (!err)
		err = pin(bpf_map__fd(k->skel->maps.tx_handlers), "", "map_handlers");
	for (int i = 0; !err && i < k->program_count; i++)
		err = pin(k->programs[i].fd, "prog_", k->programs[i].name);
	for (int h = 0; !err && h < HOOKS; h++)
		if (k->links[h])
			err = pin(bpf_link__fd(k->links[h]), "link_", k->link_names[h]);
	return err;
}

void pins_save(struct kernel *k, uint64_t shape)
{
	int err;

	if (pins.status != PINS_NEW)
		return;
	bpffs_clear(pins.dir_fd, "");
	err = state_create(shape);
	if (!err) {
		state_save_backends();
		err = pin_all(k);
	}
	if (!err)
		return;
	degrade("pinning: %s", strerror(-err));
	state_close();
	pins_remove();
}

void pins_remove(void)
{
	if (pins.dir_fd < 0)
		return;
	bpffs_clear(pins.dir_fd, "link_");
	bpffs_clear(pins.dir_fd, "");
	close(pins.dir_fd);
	pins.dir_fd = -1;
	bpffs_unmount(pins.path);
}

const char *pins_dir(void)
{
	return pins.dir_fd >= 0 && pins.status != PINS_DEGRADED ? pins.path : NULL;
}

int pins_dir_fd(void)
{
	return pins_dir() ? pins.dir_fd : -1;
}

void pins_write(struct json *j)
{
	static const char *const names[] = { "off", "degraded", "new", "adopted" };
	char id[17];

	json_key_object(j, "pins");
	json_key_string(j, "status", names[pins.status]);
	if (pins.status == PINS_DEGRADED)
		json_key_string(j, "reason", pins.reason);
	if (state_pin_id()) {
		snprintf(id, sizeof(id), "%016" PRIx64, state_pin_id());
		json_key_string(j, "pin_id", id);
	}
	json_close(j, '}');
}

int pins_unpin(const char *dir)
{
	char reason[160] = "";
	uint64_t oldest = 0, left;
	int links;

	pins.path = dir;
	pins.dir_fd = bpffs_open(dir, false, reason, sizeof(reason));
	if (pins.dir_fd == -ENOENT) {
		log_line("Nothing is pinned at %s.", dir);
		return 0;
	}
	if (pins.dir_fd < 0) {
		log_failure(pins.dir_fd == -EWOULDBLOCK ? "Stop that engine; it unpins itself."
							: NULL,
			    "%s was left as it is: %s.", dir,
			    reason[0] ? reason : strerror(-pins.dir_fd));
		return 1;
	}
	links = bpffs_clear(pins.dir_fd, "link_");
	left = unread(KERNEL_RING_EXEC, &oldest) + unread(KERNEL_RING_MAIN, &oldest);
	pins_remove();
	if (links)
		log_line("%d programs were detached; %" PRIu64 " records nobody read are gone.",
			 links, left);
	log_line("Nothing is pinned at %s any more.", dir);
	return 0;
}
