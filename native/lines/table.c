// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Every process by its exec_id, bounded: ended ones go after a grace, and the oldest when there are
// too many or they take too much.
#include "lines.h"

enum { MAX_PROCESSES = 32768, HEAP_MOST = 48 << 20 };
// So long an ended process still answers: events of its children may be on their way.
#define GRACE_US 60000000ULL

MAP(processes, MAX_PROCESSES, 65536);
static u32 ended_first, ended_last;
u32 table_evicted;
// Of one ancestor as MessagePack.
static u32 largest;

// Which program a process runs, by pid: four places for those whose pids are alike, the one used
// longest ago is given up.
enum { PID_SETS = 16384, PID_WAYS = 4 };
struct running {
	u32 pid, place, stamp;
};
static struct running running[PID_SETS][PID_WAYS];

// In a blob behind its key; the texts follow. NONE: without.
struct head {
	u32 packed, binary_at, binary, parent, cgroup, docker;
};

u32 table_count(void)
{
	return processes.count;
}

static void forget(struct node *node)
{
	if (node->ended_us) {
		u32 before = node->ended_before, after = node->ended_after;
		*(before ? &processes.nodes[before].ended_after : &ended_first) = after;
		*(after ? &processes.nodes[after].ended_before : &ended_last) = before;
	}
	map_remove(&processes, node);
}

static void make_room(void)
{
	u32 ended = processes.max >> 4;
	while (ended-- && ended_first)
		forget(processes.nodes + ended_first);
	if (processes.count <= processes.max && heap_used <= HEAP_MOST)
		return;
	u32 left = processes.count >> 4 ? processes.count >> 4 : 1;
	table_evicted += left;
	while (left--)
		forget(processes.nodes + processes.oldest);
}

static u32 put_part(u8 **to, struct text part)
{
	if (!part.at)
		return NONE;
	copy_text(*to, part.at, part.length);
	*to += part.length;
	return part.length;
}

static u32 size_of(struct text part)
{
	return part.at ? part.length : 0;
}

void table_put(const struct ancestor *about)
{
	// {exec_id, pid, binary, uid?, arguments?}, where the output is written next: it is copied
	// from there.
	u8 *packed = out;
	int has_uid = about->uid != ~0ULL, has_arguments = about->arguments.at != NULL;
	put_map(3 + (u32)has_uid + (u32)has_arguments);
	PUT_KEY("exec_id");
	put_text(about->exec_id);
	PUT_KEY("pid");
	put_number(about->pid);
	PUT_KEY("binary");
	put_text(about->binary);
	u32 binary_at = (u32)(out - packed) - about->binary.length;
	if (has_uid) {
		PUT_KEY("uid");
		put_number(about->uid);
	}
	if (has_arguments) {
		PUT_KEY("arguments");
		put_text(about->arguments);
	}
	struct text whole = { packed, (u32)(out - packed) };
	if (whole.length > largest)
		largest = whole.length;
	struct head head = { .packed = whole.length,
			     .binary_at = binary_at,
			     .binary = about->binary.length };
	struct node *node =
		map_put(&processes, about->exec_id,
			(u32)sizeof(head) + whole.length + size_of(about->parent_exec_id) +
				size_of(about->cgroup) + size_of(about->docker));
	u8 *value = map_value(node), *to = value + sizeof(head);
	put_part(&to, whole);
	head.parent = put_part(&to, about->parent_exec_id);
	head.cgroup = put_part(&to, about->cgroup);
	head.docker = put_part(&to, about->docker);
	__builtin_memcpy(value, &head, sizeof(head));
	out = packed;
	if (processes.count > processes.max || heap_used > HEAP_MOST)
		make_room();
}

static struct text part(const u8 **at, u32 length)
{
	struct text text = { NULL, 0 };
	if (length == NONE)
		return text;
	text = (struct text){ *at, length };
	*at += length;
	return text;
}

static void open_entry(struct node *node, struct entry *entry)
{
	struct head head;
	const u8 *at = map_value(node);
	__builtin_memcpy(&head, at, sizeof(head));
	at += sizeof(head);
	entry->exec_id = (struct text){ node->blob, node->key_length };
	entry->packed = part(&at, head.packed);
	entry->binary = (struct text){ entry->packed.at + head.binary_at, head.binary };
	entry->parent_exec_id = part(&at, head.parent);
	entry->cgroup = part(&at, head.cgroup);
	entry->docker = part(&at, head.docker);
	entry->stamp = &node->stamp;
}

int table_find(struct text exec_id, struct entry *entry)
{
	struct node *node = map_find(&processes, exec_id);
	if (node)
		open_entry(node, entry);
	return node != NULL;
}

static void end_node(struct node *node, u64 now_us)
{
	if (node->ended_us)
		return;
	u32 at = (u32)(node - processes.nodes);
	node->ended_us = now_us ? now_us : 1;
	node->ended_before = ended_last;
	node->ended_after = 0;
	*(ended_last ? &processes.nodes[ended_last].ended_after : &ended_first) = at;
	ended_last = at;
}

static void forget_ended(u64 now_us)
{
	while (ended_first && processes.nodes[ended_first].ended_us + GRACE_US < now_us)
		forget(processes.nodes + ended_first);
}

void table_end(struct text exec_id, u64 now_us)
{
	struct node *node = map_find(&processes, exec_id);
	if (node)
		end_node(node, now_us);
	forget_ended(now_us);
}

void table_replaced(u64 pid, struct text exec_id, u64 now_us)
{
	struct node *node = map_find(&processes, exec_id);
	if (!node)
		return;
	struct running now = { (u32)pid, (u32)(node - processes.nodes), node->stamp };
	struct running *set = running[pid % PID_SETS], before = { 0, 0, 0 };
	u32 way = 0;
	while (way < PID_WAYS - 1 && !(set[way].pid == now.pid && set[way].place))
		way++;
	if (set[way].pid == now.pid)
		before = set[way];
	for (; way; way--)
		set[way] = set[way - 1];
	set[0] = now;
	if (!before.place || (before.place == now.place && before.stamp == now.stamp))
		return;
	struct node *old = processes.nodes + before.place;
	if (old->stamp == before.stamp)
		end_node(old, now_us);
	forget_ended(now_us);
}

u32 table_ancestors(struct text parent_exec_id, struct entry *chain)
{
	u32 count = 0;
	struct text id = parent_exec_id;
	while (id.at && count < MAX_ANCESTORS) {
		struct node *node = map_find(&processes, id);
		if (!node)
			break;
		open_entry(node, chain + count);
		u32 seen = 0;
		while (seen < count && !same(chain[seen].exec_id, id))
			seen++;
		if (seen < count)
			break;
		id = chain[count++].parent_exec_id;
	}
	return count;
}

int table_fits(struct text parent_exec_id, u32 more)
{
	struct entry chain[MAX_ANCESTORS];
	// None is ever so large, but where somebody makes it so.
	if (MAX_ANCESTORS * largest + more <= ANCESTORS_ROOM)
		return 1;
	u32 count = table_ancestors(parent_exec_id, chain);
	for (u32 i = 0; i < count; i++)
		more += chain[i].packed.length;
	return more <= ANCESTORS_ROOM;
}
