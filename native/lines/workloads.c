// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// What the sensor made of cgroups, as MessagePack. The first line of one goes the long way.
#include "lines.h"

MAP(workloads, 1024, 2048);

int workload_of(struct text cgroup, struct text *packed)
{
	*packed = (struct text){ NULL, 0 };
	if (!cgroup.length || IS(cgroup, "/"))
		return 1;
	struct node *node = map_find(&workloads, cgroup);
	if (!node)
		return 0;
	__builtin_memcpy(&packed->length, map_value(node), sizeof(u32));
	packed->at = map_value(node) + sizeof(u32);
	return 1;
}

void workload_put(struct text cgroup, struct text packed)
{
	struct node *node = map_put(&workloads, cgroup, (u32)sizeof(u32) + packed.length);
	__builtin_memcpy(map_value(node), &packed.length, sizeof(u32));
	copy_text(map_value(node) + sizeof(u32), packed.at, packed.length);
	if (workloads.count > workloads.max)
		map_drop_oldest(&workloads);
}

void workloads_forget(void)
{
	map_clear(&workloads);
}
