// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "tamper.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define OWN_MAX 4096
#define OWN_FRESH_NS (100 * NS_PER_MS)
#define CMD_OBJ_GET 7
#define CMD_PROG_BY_ID 13
#define CMD_MAP_BY_ID 14
#define CMD_LINK_BY_ID 30

static struct {
	uint64_t read_at;
	uint32_t count;
	struct {
		enum tx_bpf_object object;
		uint32_t id;
	} list[OWN_MAX];
} own;

static const char *const object_names[] = {
	[TX_BPF_MAP] = "map", [TX_BPF_PROG] = "program", [TX_BPF_LINK] = "link"
};

enum tx_bpf_object tamper_parse(const char *line, uint32_t *id)
{
	static const char *const keys[] = {
		[TX_BPF_MAP] = "map_id:", [TX_BPF_PROG] = "prog_id:", [TX_BPF_LINK] = "link_id:"
	};

	for (int object = TX_BPF_MAP; object <= TX_BPF_LINK; object++) {
		size_t len = strlen(keys[object]);

		if (!strncmp(line, keys[object], len)) {
			*id = strtoul(line + len, NULL, 10);
			return object;
		}
	}
	return TX_BPF_NONE;
}

/* A link's fdinfo names its program too: both are ours. */
static void read_descriptor(const char *name)
{
	char path[300], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", name);
	f = fopen(path, "re");
	if (!f)
		return;
	while (own.count < OWN_MAX && fgets(line, sizeof(line), f)) {
		uint32_t id;
		enum tx_bpf_object object = tamper_parse(line, &id);

		if (object == TX_BPF_NONE)
			continue;
		own.list[own.count].object = object;
		own.list[own.count++].id = id;
	}
	fclose(f);
}

/* Our objects are those our descriptors lead to. Read when asked for: others' bpf(2) is rare. */
static void read_own(uint64_t now)
{
	struct dirent *entry;
	DIR *dir;

	if (own.read_at && now - own.read_at < OWN_FRESH_NS)
		return;
	dir = opendir("/proc/self/fdinfo");
	if (!dir)
		return;
	own.read_at = now;
	own.count = 0;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			read_descriptor(entry->d_name);
	closedir(dir);
}

static bool is_own(enum tx_bpf_object object, uint32_t id)
{
	read_own(clock_boot_ns());
	for (uint32_t i = 0; i < own.count; i++)
		if (own.list[i].object == object && own.list[i].id == id)
			return true;
	return false;
}

void tamper_write(struct json *j, const struct tx_syscall *e)
{
	uint64_t object = e->args[3], cmd = e->args[0];
	bool opened = cmd == CMD_OBJ_GET || cmd == CMD_PROG_BY_ID || cmd == CMD_MAP_BY_ID ||
		      cmd == CMD_LINK_BY_ID;

	if (e->id != TX_S_BPF || e->ret < 0 || object < TX_BPF_MAP || object > TX_BPF_LINK ||
	    !is_own(object, e->args[4]))
		return;
	json_key_object(j, "tamper");
	json_key_string(j, "object", object_names[object]);
	json_key_unsigned(j, "id", e->args[4]);
	json_key_string(j, "act", opened ? "opened" : "changed");
	json_close(j, '}');
}
