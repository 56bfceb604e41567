// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Nodes are known by their place in `nodes`; place 0 is nobody.
#include "lines.h"

// Texts are written in whole vectors.
enum { VECTOR = 16 };

static u32 stamps;

static u32 place_of(struct map *map, struct node *node)
{
	return (u32)(node - map->nodes);
}

struct node *map_find(struct map *map, struct text key)
{
	u32 hash = hash_text(key.at, key.length);
	for (u32 at = map->buckets[hash & map->mask]; at; at = map->nodes[at].chain) {
		struct node *node = map->nodes + at;
		if (node->hash == hash && node->key_length == key.length &&
		    same_text(node->blob, key.at, key.length))
			return node;
	}
	return NULL;
}

static void link_newest(struct map *map, struct node *node)
{
	u32 at = place_of(map, node);
	node->older = map->newest;
	node->newer = 0;
	if (map->newest)
		map->nodes[map->newest].newer = at;
	else
		map->oldest = at;
	map->newest = at;
}

static void unlink_order(struct map *map, struct node *node)
{
	if (node->older)
		map->nodes[node->older].newer = node->newer;
	else
		map->oldest = node->newer;
	if (node->newer)
		map->nodes[node->newer].older = node->older;
	else
		map->newest = node->older;
}

void map_make_newest(struct map *map, struct node *node)
{
	unlink_order(map, node);
	link_newest(map, node);
}

struct node *map_put(struct map *map, struct text key, u32 size)
{
	struct node *node = map_find(map, key);
	// First the new blob: what is put in may be read out of the old one.
	u32 whole = key.length + size + VECTOR;
	u8 *blob = heap_take(whole);
	copy_text(blob, key.at, key.length);
	if (node)
		heap_give(node->blob, node->size);
	else {
		u32 at = map->free;
		if (at)
			map->free = map->nodes[at].chain;
		else
			at = ++map->used;
		node = map->nodes + at;
		__builtin_memset(node, 0, sizeof(*node));
		node->hash = hash_text(key.at, key.length);
		node->key_length = key.length;
		u32 *bucket = map->buckets + (node->hash & map->mask);
		node->chain = *bucket;
		*bucket = at;
		link_newest(map, node);
		map->count++;
	}
	if (!++stamps)
		stamps = 1;
	node->stamp = stamps;
	node->blob = blob;
	node->size = whole;
	return node;
}

void map_remove(struct map *map, struct node *node)
{
	u32 at = place_of(map, node);
	u32 *link = map->buckets + (node->hash & map->mask);
	while (*link != at)
		link = &map->nodes[*link].chain;
	*link = node->chain;
	unlink_order(map, node);
	heap_give(node->blob, node->size);
	node->stamp = 0;
	node->chain = map->free;
	map->free = at;
	map->count--;
}

u32 map_drop_oldest(struct map *map)
{
	u32 left = map->count >> 4 ? map->count >> 4 : 1;
	for (u32 i = 0; i < left; i++)
		map_remove(map, map->nodes + map->oldest);
	return left;
}

void map_clear(struct map *map)
{
	while (map->count)
		map_remove(map, map->nodes + map->oldest);
}
