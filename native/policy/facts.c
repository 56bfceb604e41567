// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "facts.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "btf_kernel.h"
#include "facts_events.h"
#include "facts_fs.h"
#include "facts_lsm.h"
#include "facts_symbols.h"
#include "objects.h"
#include "probe_kinds.h"
#include "resolve_format.h"

static struct facts facts;
static bool known;
static struct format *last_format;
static char last_path[300];

/* BTF answers at once; the list of symbols takes a while to read. */
static int find_symbol(const char *name)
{
	return btf_kernel_function(name) ? 1 : symbols_count(name);
}

static bool find_function(const char *name)
{
	return btf_kernel_function(name) != 0;
}

static int find_raw_tracepoint(const char *name)
{
	return btf_kernel() ? btf_kernel_raw_tracepoint(name) != 0 : -1;
}

/* Names become part of a path. */
static bool is_plain(const char *name)
{
	for (const char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '_' && *at != '-')
			return false;
	return *name != 0;
}

static int read_format(const char *path, struct format *format)
{
	size_t size;
	char *text = facts_read_whole(FACTS_TRACEFS, path, FORMAT_BYTES, &size), any[64];
	int err;

	if (!text) /* no such event, or no such file system? */
		return facts_read(FACTS_TRACEFS, "events/header_page", any, sizeof(any)) > 0
			       ? -ENOENT
			       : -EACCES;
	err = format_parse(text, format);
	free(text);
	return err;
}

static const struct format *find_format(const char *subsystem, const char *event, int *err)
{
	char path[300];

	if (!is_plain(subsystem) || !is_plain(event)) {
		*err = -ENOENT;
		return NULL;
	}
	snprintf(path, sizeof(path), "events/%.128s/%.128s/format", subsystem, event);
	if (strcmp(path, last_path) || !last_format) {
		free(last_format);
		last_path[0] = 0;
		last_format = malloc(sizeof(*last_format));
		*err = last_format ? read_format(path, last_format) : -ENOMEM;
		if (*err) {
			free(last_format);
			last_format = NULL;
			return NULL;
		}
		strcpy(last_path, path);
	}
	*err = 0;
	return last_format;
}

static bool works(const char *kind)
{
	const char *step;

	return !probe_kind_try(kind, &step);
}

static bool has_source(const char *kind)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", kind);
	return !access(path, R_OK);
}

void facts_lookups(struct facts *f)
{
	f->symbol = find_symbol;
	f->function = find_function;
	f->lsm_hook = facts_lsm_hook;
	f->lsm_argument = facts_lsm_argument;
	f->raw_tracepoint = find_raw_tracepoint;
	f->format = find_format;
	f->nearest = symbols_nearest;
	f->nearest_event = facts_nearest_event;
}

const struct facts *facts_get(void)
{
	if (known)
		return &facts;
	known = true;
	facts_lookups(&facts);
	facts.kprobe = works("kprobe");
	facts.old = old_kernel();
	/* There, such programs could not tell what a function returns. */
	facts.fentry = !facts.old && works("fentry");
	facts.lsm = works("lsm");
	facts.tracepoint = has_source("tracepoint");
	facts.raw_tp = true; /* the base sensors live on them */
	facts.uprobe = has_source("uprobe");
	facts.preempt = facts_preempt_model();
	facts.cgroup_connect = !facts.lsm && works("cgroup_connect");
	facts.fmod_ret = facts.fentry && works("fmod_ret");
	facts.override_return = facts.kprobe &&
				object_offers(attach_generic_names[GENERIC_OVERRIDE]) &&
				works("override_return");
	return &facts;
}

void facts_release(void)
{
	free(last_format);
	last_format = NULL;
	symbols_release();
	btf_kernel_release();
	facts_fs_release();
}
