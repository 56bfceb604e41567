// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Times of the latest executions and forks by the program they come from, and which bursts are
// under way: these, and whatever begins one, are for the long way.
#include "lines.h"

enum { MAX_KEYS = 4096 };
#define WINDOW_US 1000000ULL

MAP(recents, MAX_KEYS, 8192);
static u32 open_bursts[MAX_OPEN_BURSTS];
static u32 open_count;

static struct text key_of(struct text kind, struct text parent)
{
	u8 *at = scratch_take(kind.length + 1 + parent.length + SLACK);
	if (!at)
		return (struct text){ NULL, 0 };
	copy_text(at, kind.at, kind.length);
	at[kind.length] = '|';
	copy_text(at + kind.length + 1, parent.at, parent.length);
	return (struct text){ at, kind.length + 1 + parent.length };
}

static void drop_old(struct recent *recent, u64 now_us)
{
	u32 old = 0;
	while (old < recent->count && recent->times[old] + WINDOW_US <= now_us)
		old++;
	recent->count -= old;
	for (u32 i = 0; i < recent->count; i++)
		recent->times[i] = recent->times[i + old];
}

int recent_get(struct text key, struct recent *recent)
{
	struct node *node = map_find(&recents, key);
	recent->count = 0;
	if (node)
		__builtin_memcpy(recent, map_value(node), sizeof(*recent));
	return node != NULL;
}

void recent_set(struct text key, const struct recent *recent)
{
	struct node *node = map_find(&recents, key);
	if (!node)
		node = map_put(&recents, key, sizeof(*recent));
	__builtin_memcpy(map_value(node), recent, sizeof(*recent));
	map_make_newest(&recents, node);
	if (recents.count > recents.max)
		map_drop_oldest(&recents);
}

void bursts_close(void)
{
	open_count = 0;
}

void burst_opened(struct text key)
{
	if (open_count < MAX_OPEN_BURSTS)
		open_bursts[open_count++] = hash_text(key.at, key.length);
}

int burst_passes(struct text kind, struct text parent, u32 least, u64 now_us)
{
	struct text key = key_of(kind, parent);
	struct recent recent;
	if (!key.at)
		return 0;
	u32 hash = open_count ? hash_text(key.at, key.length) : 0;
	for (u32 i = 0; i < open_count; i++)
		if (open_bursts[i] == hash)
			return 0;
	recent_get(key, &recent);
	drop_old(&recent, now_us);
	return recent.count + 1 < least;
}

void burst_passed(struct text kind, struct text parent, u64 now_us)
{
	struct text key = key_of(kind, parent);
	struct recent recent;
	if (!key.at)
		return;
	recent_get(key, &recent);
	drop_old(&recent, now_us);
	if (recent.count < 4)
		recent.times[recent.count++] = now_us;
	recent_set(key, &recent);
}
