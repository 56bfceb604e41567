// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "probe.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "backend.h"
#include "facts.h"
#include "facts_fs.h"
#include "json.h"
#include "load.h"
#include "log.h"
#include "objects.h"
#include "probe_kinds.h"
#include "reads.h"
#include "version.h"

#define BPF_FS_MAGIC_NUMBER 0xcafe4a11

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* One try of each kind. */
static struct {
	int err;
	const char *step;
} kinds[32];

static void try_kinds(void)
{
	for (size_t i = 0; i < probe_kind_count; i++) {
		kinds[i].step = "";
		kinds[i].err = probe_kinds[i].try(&kinds[i].step);
	}
}

static bool kind_works(const char *name)
{
	for (size_t i = 0; i < probe_kind_count; i++)
		if (!strcmp(probe_kinds[i].name, name))
			return !kinds[i].err;
	return false;
}

static void write_lsm(struct json *j)
{
	char list[512], *save = NULL;

	json_key_array(j, "lsm");
	facts_read(FACTS_SECURITYFS, "lsm", list, sizeof(list));
	for (char *at = strtok_r(list, ",", &save); at; at = strtok_r(NULL, ",", &save)) {
		json_comma(j);
		json_string(j, at, strlen(at), 64);
	}
	json_close(j, ']');
}

/* "none [integrity] confidentiality": the chosen one stands in brackets. */
static void write_lockdown(struct json *j)
{
	char text[256];
	const char *from;

	if (facts_read(FACTS_SECURITYFS, "lockdown", text, sizeof(text)) <= 0)
		return json_key_string(j, "lockdown", "unknown");
	from = strchr(text, '[');
	if (from)
		json_key_bytes(j, "lockdown", from + 1, strcspn(from + 1, "]"));
}

/* What the choice of backends rests on, beside the kinds themselves. */
static void write_facts(struct json *j)
{
	static const struct {
		const char *key, *kind;
	} members[] = {
		{ "kprobes", "kprobe" },     { "kprobe_multi", "kprobe.multi" },
		{ "fmod_ret", "fmod_ret" },  { "override_return", "override_return" },
		{ "lsm_bpf_active", "lsm" }, { "syscall_layer", "raw_tp" },
	};
	char path[256];

	json_key_bool(j, "old_objects", old_kernel());
	json_key_string(j, "preemption", facts_preempt_names[facts_preempt_model()]);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_key_bool(j, members[i].key, kind_works(members[i].kind));
	if (probe_cgroup2(path, sizeof(path)))
		json_key_string(j, "cgroup2", path);
}

static void write_kinds(struct json *j)
{
	json_key_array(j, "programs");
	for (size_t i = 0; i < probe_kind_count; i++) {
		char reason[160];

		json_comma(j);
		json_open(j, '{');
		json_key_string(j, "kind", probe_kinds[i].name);
		json_key_string(j, "status", kinds[i].err ? "rejected" : "ok");
		if (kinds[i].err) {
			snprintf(reason, sizeof(reason), "%s: %s", kinds[i].step,
				 strerror(-kinds[i].err));
			json_key_string(j, "reason", reason);
		}
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void write_report(struct json *j, const struct options *o)
{
	struct utsname uts = { 0 };
	char version[512];
	struct statfs fs;
	int err;

	uname(&uts);
	facts_read_file("/proc/version", version, sizeof(version));
	json_open(j, '{');
	json_key_string(j, "version", ENGINE_VERSION);
	json_key_string(j, "kernel", uts.release);
	json_key_string(j, "machine", uts.machine);
	json_key_bool(j, "preempt_rt", strstr(version, "PREEMPT_RT") != NULL);
	json_key_bool(j, "btf", !access("/sys/kernel/btf/vmlinux", R_OK));
	json_key_bool(j, "bpffs", !statfs("/sys/fs/bpf", &fs) && fs.f_type == BPF_FS_MAGIC_NUMBER);
	write_lsm(j);
	write_lockdown(j);
	try_kinds();
	write_facts(j);
	write_kinds(j);
	facts_release();
	/* The base sensors as `run` would get them: the real object is loaded, not attached. */
	err = load_try(o);
	for (int h = 0; err && h < HOOKS; h++) {
		backends[h].mechanism = NULL;
		if (!backends[h].reason[0])
			snprintf(backends[h].reason, sizeof(backends[h].reason),
				 "the programs could not be loaded: %s", strerror(-err));
	}
	backend_write(j);
	reads_write(j);
	json_close(j, '}');
}

/* The same report for people: a member, or an element of a list, a line. */
static void print_lines(const char *text)
{
	static const char *const comma[] = { "\n", "\n  ", ", " };
	bool quoted = false;
	int depth = 0;

	for (; *text; text++) {
		if (*text == '"' && text[-1] != '\\') {
			quoted = !quoted;
		} else if (quoted) {
			putchar(*text);
		} else if (*text == '{' || *text == '[') {
			if (depth++ == 0 && text[1] != ']')
				fputs("\n  ", stdout);
		} else if (*text == '}' || *text == ']') {
			depth--;
		} else if (*text == ',') {
			fputs(comma[depth < 2 ? depth : 2], stdout);
		} else if (*text == ':') {
			fputs(": ", stdout);
		} else {
			putchar(*text);
		}
	}
	putchar('\n');
}

int probe_print(const struct options *o)
{
	static char text[32 << 10];
	struct json j = { .buf = text, .cap = sizeof(text) - 1 };

	if (geteuid()) {
		log_failure("Run it as root.", "Only root may load BPF programs to try them.");
		return 1;
	}
	libbpf_set_print(silent);
	write_report(&j, o);
	text[j.len] = 0;
	if (j.full) {
		log_line("The report does not fit its buffer.");
		return 1;
	}
	if (o->json)
		puts(text);
	else
		print_lines(text + 1);
	return 0;
}
