// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// A process as MessagePack.
#include "lines.h"

enum { CAP_DIGITS = 16 };

static int has_auid(const struct process *p)
{
	return p->seen & HAS_AUID && p->auid != ID_MAX;
}

u32 count_process(const struct process *p)
{
	enum {
		ALWAYS = 3, // exec_id, pid, binary; argv below
		COUNTED = HAS_PARENT | HAS_PPID | HAS_TID | HAS_UID | HAS_GID | HAS_COMM | HAS_CWD |
			  HAS_START | HAS_CAP | HAS_FLAGS
	};
	return ALWAYS + 1 + (u32)__builtin_popcount(p->seen & COUNTED) + (has_auid(p) != 0) +
	       (p->seen_ns != 0);
}

static void put_namespaces(const struct process *p)
{
	PUT_KEY("ns");
	put_map((u32)__builtin_popcount(p->seen_ns));
	for (u32 i = 0; i < NS_KINDS; i++)
		if (p->seen_ns >> i & 1) {
			put_text(ns_names[i]);
			put_number(p->ns[i]);
		}
}

#define PUT_NUMBER_IF(flag, name, value)      \
	do {                                  \
		if (p->seen & (flag)) {       \
			PUT_KEY(name);        \
			put_number(p->value); \
		}                             \
	} while (0)

#define PUT_TEXT_IF(flag, name, value)      \
	do {                                \
		if (p->seen & (flag)) {     \
			PUT_KEY(name);      \
			put_text(p->value); \
		}                           \
	} while (0)

void put_process(const struct process *p)
{
	PUT_KEY("exec_id");
	put_text(p->exec_id);
	PUT_TEXT_IF(HAS_PARENT, "parent_exec_id", parent_exec_id);
	PUT_KEY("pid");
	put_number(p->pid);
	PUT_NUMBER_IF(HAS_PPID, "ppid", ppid);
	PUT_NUMBER_IF(HAS_TID, "tid", tid);
	PUT_NUMBER_IF(HAS_UID, "uid", uid);
	PUT_NUMBER_IF(HAS_GID, "gid", gid);
	if (has_auid(p)) {
		PUT_KEY("auid");
		put_number(p->auid);
	}
	PUT_KEY("binary");
	put_text(p->binary);
	PUT_TEXT_IF(HAS_COMM, "comm", comm);
	PUT_KEY("argv");
	put_array(p->argc);
	for (u32 i = 0; i < p->argc; i++)
		put_text(p->argv[i]);
	PUT_TEXT_IF(HAS_CWD, "cwd", cwd);
	PUT_NUMBER_IF(HAS_START, "start_time_us", start_us);
	if (p->seen & HAS_CAP) {
		static const char hex[] = "0123456789abcdef";
		PUT_KEY("cap_effective");
		*out++ = 0xa0 | CAP_DIGITS;
		for (u32 i = CAP_DIGITS; i-- > 0;)
			*out++ = (u8)hex[p->cap_effective >> (4 * i) & 15];
	}
	PUT_TEXT_IF(HAS_FLAGS, "flags", flags);
	if (p->seen_ns)
		put_namespaces(p);
}
