// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "probe.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "backend.h"
#include "json.h"
#include "load.h"
#include "log.h"
#include "probe_kinds.h"
#include "version.h"

#define BPF_FS_MAGIC_NUMBER 0xcafe4a11

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static size_t read_text(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(buf, 1, size - 1, f) : 0;

	if (f)
		fclose(f);
	while (n && (buf[n - 1] == '\n' || buf[n - 1] == ' '))
		n--;
	buf[n] = 0;
	return n;
}

static void write_lsm(struct json *j)
{
	char list[512], *save = NULL;

	json_key_array(j, "lsm");
	read_text("/sys/kernel/security/lsm", list, sizeof(list));
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

	if (!read_text("/sys/kernel/security/lockdown", text, sizeof(text)))
		return json_key_string(j, "lockdown", "unknown");
	from = strchr(text, '[');
	if (from)
		json_key_bytes(j, "lockdown", from + 1, strcspn(from + 1, "]"));
}

static void write_kinds(struct json *j)
{
	json_key_array(j, "programs");
	for (size_t i = 0; i < probe_kind_count; i++) {
		const char *step = "";
		int err = probe_kinds[i].try(&step);
		char reason[160];

		json_comma(j);
		json_open(j, '{');
		json_key_string(j, "kind", probe_kinds[i].name);
		json_key_string(j, "status", err ? "rejected" : "ok");
		if (err) {
			snprintf(reason, sizeof(reason), "%s: %s", step, strerror(-err));
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

	uname(&uts);
	read_text("/proc/version", version, sizeof(version));
	json_open(j, '{');
	json_key_string(j, "version", ENGINE_VERSION);
	json_key_string(j, "kernel", uts.release);
	json_key_string(j, "machine", uts.machine);
	json_key_bool(j, "preempt_rt", strstr(version, "PREEMPT_RT") != NULL);
	json_key_bool(j, "btf", !access("/sys/kernel/btf/vmlinux", R_OK));
	json_key_bool(j, "bpffs", !statfs("/sys/fs/bpf", &fs) && fs.f_type == BPF_FS_MAGIC_NUMBER);
	write_lsm(j);
	write_lockdown(j);
	write_kinds(j);
	/* The base sensors as `run` would get them: the real object is loaded, not attached. */
	load_try(o);
	backend_write(j);
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
