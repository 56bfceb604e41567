// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The index's tables in the kernel. */
#include <bpf/bpf.h>
#include <errno.h>

#include "index.h"

static int table_fds[INDEX_KINDS];

/* A number is new in every set: an entry that is there already would be somebody else's. */
static int insert(enum tx_slot_kind kind, const union index_key *key, const struct tx_mask *mask)
{
	return bpf_map_update_elem(table_fds[kind], key, mask, BPF_NOEXIST) ? -errno : 0;
}

static int take_out(enum tx_slot_kind kind, const union index_key *key)
{
	return bpf_map_delete_elem(table_fds[kind], key) ? -errno : 0;
}

static uint32_t entries_of(int fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.max_entries;
}

void index_kernel(struct index_tables *tables, int ints, int texts, int addresses)
{
	table_fds[TX_SLOT_INT] = ints;
	table_fds[TX_SLOT_TEXT] = texts;
	table_fds[TX_SLOT_ADDRESS] = addresses;
	*tables = (struct index_tables){ .insert = insert, .remove = take_out };
	for (int kind = TX_SLOT_INT; kind < INDEX_KINDS; kind++)
		tables->max[kind] = entries_of(table_fds[kind]);
}
