// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// The engine's lines into a sensor's events (MessagePack), a chunk at a time. It takes what is
// plainly right and common; before a line it does not take it stops, with nothing changed, and the
// sensor reads that one the long way. What a line tells of later ones (processes, bursts) is kept
// here, for both ways.
#ifndef LINES_H
#define LINES_H

#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

enum {
	INPUT_BYTES = 256 * 1024,
	// What may be read beyond an end, and written: whole vectors.
	SLACK = 64,
	// A longer line is kept cut: not plain.
	MAX_LINE = 16 * 1024,
	// No event is larger: a line, what it says once more as fields, sixteen ancestors.
	EVENT_ROOM = 192 * 1024,
	// Of that for all ancestors together; those of a chain that takes more are written the long
	// way.
	ANCESTORS_ROOM = 128 * 1024,
	OUTPUT_BYTES = 1536 * 1024,
	MAX_EVENTS = 4096,
	SCRATCH_BYTES = 64 * 1024,
	MAX_ARGS = 256,
	MAX_ANCESTORS = 16,
	NS_KINDS = 8,
	MAX_OPEN_BURSTS = 32,
	EXEC_ID_MAX = 400,
	PATH_MAX = 4096,
	ARGUMENTS_MAX = 1024,
};

#define SAFE_INTEGER ((1ULL << 53) - 1)
#define ID_MAX 4294967295ULL
#define NONE 0xffffffffu

struct text {
	const u8 *at;
	u32 length;
};

// native/rows/text.c
u32 utf8_sequence(const u8 *in, u32 left);
void copy_text(u8 *to, const u8 *from, u32 length);
int same_text(const u8 *a, const u8 *b, u32 length);
u32 hash_text(const u8 *text, u32 length);

#define LITERAL(s) ((struct text){ (const u8 *)(s), sizeof(s) - 1 })

static inline int same(struct text a, struct text b)
{
	return a.length == b.length && same_text(a.at, b.at, a.length);
}

static inline int is(struct text a, const char *literal, u32 length)
{
	return a.length == length && same_text(a.at, (const u8 *)literal, length);
}
#define IS(text, literal) is(text, literal, sizeof(literal) - 1)

// text.c: of bytes.
int is_ascii(struct text text);
int is_utf8(struct text text);
int begins(struct text text, const char *literal, u32 length);
#define BEGINS(text, literal) begins(text, literal, sizeof(literal) - 1)
int contains(struct text text, const char *literal, u32 length);
#define CONTAINS(text, literal) contains(text, literal, sizeof(literal) - 1)
// The line's end, or `end` when there is none.
const u8 *line_end(const u8 *at, const u8 *end);
// Text put together for as long as a line is read.
u8 *scratch_take(u32 length);
void scratch_clear(void);

// json.c: one line, compact and strict; each function answers 0 for what is not plain.
struct json {
	const u8 *at;
	const u8 *end;
	int odd;
};
int json_open(struct json *json, u8 bracket);
// The next member's key; 0 at the object's end or when something is odd.
int json_member(struct json *json, u32 *count, struct text *key);
// Whether there is another item; 0 at the array's end or when something is odd.
int json_item(struct json *json, u32 *count);
int json_string(struct json *json, struct text *text, u32 max);
int json_count(struct json *json, u64 *value, u64 max);
int json_true(struct json *json);
int json_skip(struct json *json, u32 depth);
// For the files that read JSON: it is not plain.
int json_odd(struct json *json);
// The four digits of \uXXXX; negative when they are none.
int json_unit(struct json *json);
int json_plain_escape(u8 byte);
// Behind a backslash: the character that is meant, as UTF-8. NULL when there is none.
u8 *json_escape(struct json *json, u8 *to);
// Microseconds since 1970 of an RFC 3339 time in UTC.
int json_micros(struct json *json, u64 *us);

// pack.c: MessagePack, as the sensor's own writer has it.
extern u8 *out;
void put_map(u32 count);
void put_array(u32 count);
void put_text(struct text text);
void put_number(u64 value);
void put_boolean(int value);
u32 number_length(u64 value);
u8 *put_digits(u8 *at, u64 value);

#define PUT_KEY(literal)                                             \
	do {                                                         \
		*out++ = 0xa0 | (sizeof(literal) - 1);               \
		__builtin_memcpy(out, literal, sizeof(literal) - 1); \
		out += sizeof(literal) - 1;                          \
	} while (0)

// map.c: blobs by the text they begin with, in the order they were put in.
struct node {
	u32 hash;
	u32 chain;
	u32 older;
	u32 newer;
	u8 *blob;
	u32 size;
	u32 key_length;
	// Another one each time something is put in; 0 when it is free.
	u32 stamp;
	// Of processes that ended: when, and the list of them.
	u64 ended_us;
	u32 ended_before;
	u32 ended_after;
};

struct map {
	struct node *nodes;
	u32 *buckets;
	u32 max;
	u32 mask;
	u32 count;
	u32 used;
	u32 free;
	u32 oldest;
	u32 newest;
};

#define MAP(name, most, places)                      \
	static struct node name##_nodes[(most) + 2]; \
	static u32 name##_buckets[places];           \
	static struct map name = { name##_nodes, name##_buckets, most, (places)-1, 0, 0, 0, 0, 0 }

struct node *map_find(struct map *map, struct text key);
// The entry of `key` with a new blob of key and `size` bytes, in its old place when it had one.
struct node *map_put(struct map *map, struct text key, u32 size);
void map_make_newest(struct map *map, struct node *node);
void map_remove(struct map *map, struct node *node);
u32 map_drop_oldest(struct map *map);
void map_clear(struct map *map);

static inline u8 *map_value(struct node *node)
{
	return node->blob + node->key_length;
}

// heap.c
u8 *heap_take(u32 size);
void heap_give(u8 *at, u32 size);
extern u32 heap_used;

// process.c
struct process {
	u32 seen;
	u64 pid, ppid, tid, uid, gid, auid, start_us, cap_effective;
	struct text exec_id, parent_exec_id, binary, comm, cwd, flags, cgroup, docker;
	struct text argv[MAX_ARGS];
	u32 argc;
	u32 seen_ns;
	u64 ns[NS_KINDS];
};

enum process_field {
	HAS_EXEC_ID = 1 << 0,
	HAS_PARENT = 1 << 1,
	HAS_PID = 1 << 2,
	HAS_PPID = 1 << 3,
	HAS_TID = 1 << 4,
	HAS_UID = 1 << 5,
	HAS_GID = 1 << 6,
	HAS_AUID = 1 << 7,
	HAS_BINARY = 1 << 8,
	HAS_COMM = 1 << 9,
	HAS_ARGV = 1 << 10,
	HAS_CWD = 1 << 11,
	HAS_START = 1 << 12,
	HAS_CAP = 1 << 13,
	HAS_FLAGS = 1 << 14,
	HAS_NS = 1 << 15,
	HAS_CGROUP = 1 << 16,
	HAS_DOCKER = 1 << 17,
	HAS_ARGUMENTS = 1 << 18,
	HAS_CREDENTIALS = 1 << 19,
};

// A process as far as its children's events tell of it.
struct ancestor {
	int is_known;
	u64 pid;
	u64 uid;
	struct text exec_id, binary, arguments, parent_exec_id, cgroup, docker;
};

int read_process(struct json *json, struct process *process);
int read_parent(struct json *json, struct ancestor *parent);
int read_capabilities(struct json *json, struct process *process);
extern const struct text ns_names[NS_KINDS];
// Fields of `process` up to its namespaces: so many, or written.
u32 count_process(const struct process *process);
void put_process(const struct process *process);

// table.c: every process, by exec_id.
struct entry {
	struct text exec_id;
	// The ancestor as MessagePack, and the program in it.
	struct text packed;
	struct text binary;
	// NULL without.
	struct text parent_exec_id, cgroup, docker;
	// Changes when the entry does.
	const u32 *stamp;
};
int table_find(struct text exec_id, struct entry *entry);
void table_put(const struct ancestor *about);
void table_end(struct text exec_id, u64 now_us);
void table_replaced(u64 pid, struct text exec_id, u64 now_us);
// The chain of ancestors, nearest first; so many.
u32 table_ancestors(struct text parent_exec_id, struct entry *chain);
// Whether the ancestors of a child of it, and `more` bytes, fit an event.
int table_fits(struct text parent_exec_id, u32 more);

// bursts.c
struct recent {
	u32 count;
	u64 times[4];
};
int burst_passes(struct text kind, struct text parent, u32 least, u64 now_us);
void burst_passed(struct text kind, struct text parent, u64 now_us);

// workloads.c: by cgroup, as MessagePack; 0 when it is not known here.
int workload_of(struct text cgroup, struct text *packed);

// event.c
enum event_kind { EXEC = 1, EXIT, FORK };
struct line {
	enum event_kind kind;
	struct text text;
	u64 time_us;
	struct process process;
	struct ancestor parent;
	// Of the body.
	struct text signal;
	u64 status;
	// Of `telovix`.
	struct text run_id, backend, ino, dev;
	u64 seq, cpu, duration_ns;
	int has_signal, has_backend, has_cpu, has_duration, has_ino, has_dev;
};
int read_line(struct text text, struct line *line);
// Writes the event and remembers what it tells; 0, with nothing changed, when it is not plain.
int write_event(const struct line *line, u64 seq);

#endif
