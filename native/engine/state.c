// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "state.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "keep.h"
#include "loss.h"
#include "reads.h"

#define STATE_MAGIC 0x31657461747358ULL
#define STATE_ELEMENT 4096u

struct state_header {
	uint64_t magic, shape, pin_id, bytes;
	uint32_t ready, active;
	uint32_t slots_used, pad;
	struct state_hook hooks[HOOKS];
	struct reads_kept reads;
};

static struct state_header *header;
static int map_fd = -1;
static size_t map_bytes;

static size_t bank_bytes(void)
{
	return (sizeof(struct state_bank) + loss_size() + 63) / 64 * 64;
}

static size_t slots_at(void)
{
	return (sizeof(*header) + 2 * bank_bytes() + 4095) / 4096 * 4096;
}

uint32_t state_slot_count(void)
{
	uint32_t count = 2048 + 512 * libbpf_num_possible_cpus();

	return count < STATE_SLOTS_MAX ? count : STATE_SLOTS_MAX;
}

static size_t bytes_needed(void)
{
	size_t page = sysconf(_SC_PAGESIZE),
	       bytes = slots_at() + (size_t)state_slot_count() * KEEP_SLOT_BYTES;

	return (bytes + page - 1) / page * page;
}

static int map_state(int fd)
{
	void *at;

	map_bytes = bytes_needed();
	at = mmap(NULL, map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	header = at;
	map_fd = fd;
	return 0;
}

int state_create(uint64_t shape)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	uint64_t id = 0;
	int err, fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "tx_state", 4, STATE_ELEMENT,
				     bytes_needed() / STATE_ELEMENT, &opts);

	if (fd < 0)
		return -errno;
	err = map_state(fd);
	if (!err && getrandom(&id, sizeof(id), 0) != sizeof(id))
		err = -EIO;
	if (err) {
		if (header)
			state_close();
		else
			close(fd);
		return err;
	}
	header->magic = STATE_MAGIC;
	header->shape = shape;
	header->pin_id = id;
	header->bytes = map_bytes;
	return 0;
}

int state_adopt(int fd, uint64_t shape)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);
	int err;

	if (bpf_obj_get_info_by_fd(fd, &info, &len) || info.type != BPF_MAP_TYPE_ARRAY ||
	    info.value_size != STATE_ELEMENT ||
	    (uint64_t)info.max_entries * STATE_ELEMENT != bytes_needed())
		return -ESTALE;
	err = map_state(fd);
	if (err)
		return err;
	if (header->magic == STATE_MAGIC && header->shape == shape && header->ready &&
	    header->bytes == map_bytes && header->active < 2)
		return 0;
	munmap(header, map_bytes);
	header = NULL;
	map_fd = -1;
	return -ESTALE;
}

void state_close(void)
{
	if (!header)
		return;
	munmap(header, map_bytes);
	header = NULL;
	close(map_fd);
	map_fd = -1;
}

int state_fd(void)
{
	return map_fd;
}

uint64_t state_pin_id(void)
{
	return header ? header->pin_id : 0;
}

void state_ready(void)
{
	if (header)
		__atomic_store_n(&header->ready, 1, __ATOMIC_RELEASE);
}

void state_save_backends(void)
{
	for (int h = 0; h < HOOKS; h++) {
		const char *mechanism = backends[h].mechanism;

		snprintf(header->hooks[h].mechanism, sizeof(header->hooks[h].mechanism), "%s",
			 mechanism ? mechanism : "");
		memcpy(header->hooks[h].reason, backends[h].reason,
		       sizeof(header->hooks[h].reason));
	}
	reads_keep(&header->reads);
}

void state_load_backends(void)
{
	for (int h = 0; h < HOOKS; h++) {
		struct state_hook *hook = &header->hooks[h];

		backends[h].mechanism = hook->mechanism[0] ? hook->mechanism : NULL;
		memcpy(backends[h].reason, hook->reason, sizeof(backends[h].reason));
	}
	reads_take(&header->reads);
}

static struct state_bank *bank(uint32_t which)
{
	return (void *)((char *)(header + 1) + which * bank_bytes());
}

const struct state_bank *state_now(void)
{
	return header ? bank(header->active) : NULL;
}

struct state_bank *state_next(void)
{
	return header ? bank(!header->active) : NULL;
}

void state_commit(void)
{
	__atomic_store_n(&header->active, !header->active, __ATOMIC_SEQ_CST);
}

uint32_t *state_slots_used(void)
{
	return &header->slots_used;
}

struct state_slot *state_slots(void)
{
	return header ? (void *)((char *)header + slots_at()) : NULL;
}
