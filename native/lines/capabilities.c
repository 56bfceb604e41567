// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "lines.h"

enum { NAME_MAX = 64 };

static const struct text capabilities[] = {
	LITERAL("CAP_CHOWN"),
	LITERAL("CAP_DAC_OVERRIDE"),
	LITERAL("CAP_DAC_READ_SEARCH"),
	LITERAL("CAP_FOWNER"),
	LITERAL("CAP_FSETID"),
	LITERAL("CAP_KILL"),
	LITERAL("CAP_SETGID"),
	LITERAL("CAP_SETUID"),
	LITERAL("CAP_SETPCAP"),
	LITERAL("CAP_LINUX_IMMUTABLE"),
	LITERAL("CAP_NET_BIND_SERVICE"),
	LITERAL("CAP_NET_BROADCAST"),
	LITERAL("CAP_NET_ADMIN"),
	LITERAL("CAP_NET_RAW"),
	LITERAL("CAP_IPC_LOCK"),
	LITERAL("CAP_IPC_OWNER"),
	LITERAL("CAP_SYS_MODULE"),
	LITERAL("CAP_SYS_RAWIO"),
	LITERAL("CAP_SYS_CHROOT"),
	LITERAL("CAP_SYS_PTRACE"),
	LITERAL("CAP_SYS_PACCT"),
	LITERAL("CAP_SYS_ADMIN"),
	LITERAL("CAP_SYS_BOOT"),
	LITERAL("CAP_SYS_NICE"),
	LITERAL("CAP_SYS_RESOURCE"),
	LITERAL("CAP_SYS_TIME"),
	LITERAL("CAP_SYS_TTY_CONFIG"),
	LITERAL("CAP_MKNOD"),
	LITERAL("CAP_LEASE"),
	LITERAL("CAP_AUDIT_WRITE"),
	LITERAL("CAP_AUDIT_CONTROL"),
	LITERAL("CAP_SETFCAP"),
	LITERAL("CAP_MAC_OVERRIDE"),
	LITERAL("CAP_MAC_ADMIN"),
	LITERAL("CAP_SYSLOG"),
	LITERAL("CAP_WAKE_ALARM"),
	LITERAL("CAP_BLOCK_SUSPEND"),
	LITERAL("CAP_AUDIT_READ"),
	LITERAL("CAP_PERFMON"),
	LITERAL("CAP_BPF"),
	LITERAL("CAP_CHECKPOINT_RESTORE"),
};
enum { CAPABILITIES = sizeof(capabilities) / sizeof(*capabilities) };

// They stand in the order of their bits: the one that comes next is looked for first.
static int read_effective(struct json *json, u64 *bits)
{
	u32 count = 0, next = 0;
	if (!json_open(json, '['))
		return 0;
	while (json_item(json, &count)) {
		struct text name;
		if (!json_string(json, &name, NAME_MAX))
			return 0;
		u32 left = CAPABILITIES;
		while (left && !same(capabilities[next], name)) {
			next = next + 1 == CAPABILITIES ? 0 : next + 1;
			left--;
		}
		if (!left)
			return 0;
		*bits |= 1ULL << next;
	}
	return !json->odd;
}

int read_capabilities(struct json *json, struct process *process)
{
	struct text key;
	u32 count = 0;
	if (!json_open(json, '{'))
		return 0;
	while (json_member(json, &count, &key)) {
		if (!IS(key, "effective")) {
			if (!json_skip(json, 0))
				return 0;
			continue;
		}
		if (process->seen & HAS_CAP || !read_effective(json, &process->cap_effective))
			return 0;
		process->seen |= HAS_CAP;
	}
	return !json->odd;
}
