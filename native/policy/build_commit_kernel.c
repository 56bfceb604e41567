// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The maps that builds go into. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "build_commit.h"
#include "clock.h"

static int hooks_fd, fronts_fd, nothing_fd = -1;

static int make(const union tx_row *rows, uint32_t count)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_INNER_MAP);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "tx_rows", sizeof(uint32_t), sizeof(*rows),
				count, &options);

	if (fd < 0)
		return -errno;
	for (uint32_t i = 0; i < count; i++)
		if (bpf_map_update_elem(fd, &i, &rows[i], 0)) {
			int err = -errno;

			close(fd);
			return err;
		}
	/* Nobody changes them any more, not even root: a new build is a new map. */
	if (bpf_map_freeze(fd)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static void drop(int fd)
{
	close(fd);
}

static int put(const uint32_t *places, const int *fds, uint32_t count)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	uint32_t done = count;

	if (count > 1 && !bpf_map_update_batch(hooks_fd, places, fds, &done, &options))
		return 0;
	for (uint32_t i = 0; i < count; i++)
		if (bpf_map_update_elem(hooks_fd, &places[i], &fds[i], 0))
			return -errno;
	return 0;
}

static int clear(uint32_t place)
{
	return bpf_map_delete_elem(hooks_fd, &place) ? -errno : 0;
}

static int quick(uint32_t place, const struct tx_quick *quick)
{
	uint32_t point = place / 2;
	struct tx_front front;

	if (bpf_map_lookup_elem(fronts_fd, &point, &front))
		return -errno;
	front.quick[place % 2] = *quick;
	return bpf_map_update_elem(fronts_fd, &point, &front, 0) ? -errno : 0;
}

/* The rest of the front is written over with what it is: no program sees it change. */
static int activate(uint32_t point, uint32_t which)
{
	struct tx_front front;

	if (bpf_map_lookup_elem(fronts_fd, &point, &front))
		return -errno;
	front.which = which;
	return bpf_map_update_elem(fronts_fd, &point, &front, 0) ? -errno : 0;
}

/* The kernel waits for programs at work whenever a map of maps changes; point 0 is none. */
static int grace(void)
{
	const uint32_t place = 0;

	return put(&place, &nothing_fd, 1);
}

/* What the kernel itself says of it. */
static uint64_t bytes(int fd)
{
	unsigned long long found = 0;
	char path[64], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "memlock: %llu", &found) == 1)
			break;
	if (f)
		fclose(f);
	return found;
}

int commit_kernel(struct commit_tables *tables, int hooks, int fronts)
{
	const union tx_row nothing = { .words = { 0 } };

	hooks_fd = hooks;
	fronts_fd = fronts;
	if (nothing_fd < 0)
		nothing_fd = make(&nothing, 1);
	*tables = (struct commit_tables){ .make = make,
					  .drop = drop,
					  .put = put,
					  .clear = clear,
					  .quick = quick,
					  .activate = activate,
					  .grace = grace,
					  .bytes = bytes,
					  .now = clock_boot_ns };
	return nothing_fd < 0 ? nothing_fd : 0;
}
