// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Which preemption model the kernel runs with: decides where a program may be entered twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <zlib.h>

#include "facts.h"
#include "facts_fs.h"

#define CONFIG_MAX (1 << 20)

const char *const facts_preempt_names[] = {
	[PREEMPT_UNKNOWN] = "unknown", [PREEMPT_NONE] = "none", [PREEMPT_VOLUNTARY] = "voluntary",
	[PREEMPT_FULL] = "full",       [PREEMPT_RT] = "rt",
};

static enum facts_preempt from_word(const char *word)
{
	if (!strncmp(word, "none", 4))
		return PREEMPT_NONE;
	if (!strncmp(word, "voluntary", 9))
		return PREEMPT_VOLUNTARY;
	if (!strncmp(word, "full", 4) || !strncmp(word, "lazy", 4))
		return PREEMPT_FULL;
	return PREEMPT_UNKNOWN;
}

/* The last preempt= counts. */
static enum facts_preempt from_cmdline(const char *cmdline)
{
	enum facts_preempt model = PREEMPT_UNKNOWN;

	for (const char *at = cmdline; (at = strstr(at, "preempt=")); at += 8)
		if (at == cmdline || at[-1] == ' ')
			model = from_word(at + 8);
	return model;
}

static bool has_line(const char *config, const char *line)
{
	size_t n = strlen(line);

	for (const char *at = config; (at = strstr(at, line)); at += n)
		if ((at == config || at[-1] == '\n') && (at[n] == '\n' || !at[n]))
			return true;
	return false;
}

static enum facts_preempt from_config(const char *config)
{
	if (has_line(config, "CONFIG_PREEMPT=y") || has_line(config, "CONFIG_PREEMPT_LAZY=y"))
		return PREEMPT_FULL;
	if (has_line(config, "CONFIG_PREEMPT_VOLUNTARY=y"))
		return PREEMPT_VOLUNTARY;
	if (has_line(config, "CONFIG_PREEMPT_NONE=y"))
		return PREEMPT_NONE;
	return PREEMPT_UNKNOWN;
}

enum facts_preempt facts_preempt_from(const char *chosen, const char *version, const char *cmdline,
				      const char *config)
{
	bool dynamic =
		strstr(version, "PREEMPT_DYNAMIC") || has_line(config, "CONFIG_PREEMPT_DYNAMIC=y");
	const char *bracket = strchr(chosen, '(');
	enum facts_preempt model = PREEMPT_UNKNOWN;

	if (strstr(version, "PREEMPT_RT") || has_line(config, "CONFIG_PREEMPT_RT=y"))
		return PREEMPT_RT;
	if (bracket)
		model = from_word(bracket + 1);
	if (!model && dynamic)
		model = from_cmdline(cmdline);
	if (!model)
		model = from_config(config);
	if (!model && !dynamic && version[0])
		model = strstr(version, "PREEMPT") ? PREEMPT_FULL : PREEMPT_VOLUNTARY;
	return model;
}

/* Packed or not. Free it. */
static char *read_config(void)
{
	struct utsname uts = { 0 };
	char path[128], *text = calloc(1, CONFIG_MAX);
	int n = -1;

	uname(&uts);
	snprintf(path, sizeof(path), "/boot/config-%s", uts.release);
	for (int i = 0; text && i < 2 && n <= 0; i++) {
		gzFile f = gzopen(i ? path : "/proc/config.gz", "re");

		n = f ? gzread(f, text, CONFIG_MAX - 1) : -1;
		if (f)
			gzclose(f);
		text[n > 0 ? n : 0] = 0;
	}
	return text;
}

enum facts_preempt facts_preempt_model(void)
{
	char chosen[128], version[512], cmdline[4096];
	enum facts_preempt model;
	char *config;

	facts_read(FACTS_DEBUGFS, "sched/preempt", chosen, sizeof(chosen));
	facts_read_file("/proc/version", version, sizeof(version));
	facts_read_file("/proc/cmdline", cmdline, sizeof(cmdline));
	config = read_config();
	model = facts_preempt_from(chosen, version, cmdline, config ? config : "");
	free(config);
	return model;
}

bool facts_may_preempt(void)
{
	switch (facts_preempt_model()) {
	case PREEMPT_NONE:
	case PREEMPT_VOLUNTARY:
		return false;
	default:
		return true;
	}
}
