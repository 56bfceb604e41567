// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A file that is mapped to be run: its path and its build id. */
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "event_build_id.h"
#include "event_part.h"
#include "format.h"
#include "line.h"

/* The first argument of the hook that is an open file; NULL when it was not read. */
static const struct tx_parg *file_of(const struct tx_policy_event *e,
				     const struct event_selector *s)
{
	for (uint8_t i = 0; i < s->args; i++) {
		const struct tx_parg *a = s->position[i] < e->args ? &e->arg[s->position[i]] : NULL;

		if (a && (a->type == TX_ARG_FD || a->type == TX_ARG_FILE ||
			  a->type == TX_ARG_LINUX_BINPRM))
			return a;
	}
	return NULL;
}

/* How long the mapping is; 0 where the hook does not say: it is the program itself. */
static uint64_t length_of(const struct tx_policy_event *e, const struct event_selector *s)
{
	uint64_t page = sysconf(_SC_PAGESIZE);

	for (uint8_t i = 0; s->wants_return && i < s->args; i++)
		if (s->position[i] < e->args && e->arg[s->position[i]].type == TX_ARG_SIZE)
			return (e->arg[s->position[i]].value + page - 1) & ~(page - 1);
	return 0;
}

/* Why there is none, or NULL. */
static const char *build_id(struct json *j, struct proc *p, const struct tx_policy_event *e,
			    const struct event_selector *s, const struct tx_parg *file)
{
	struct image image = { .proc = p,
			       .path = e->data + file->offset,
			       .path_len = file->len,
			       .device = file->orig,
			       .inode = file->value,
			       .start = e->ret };
	uint64_t length = length_of(e, s);
	struct build_id id;

	if (file->flags & (TX_PARG_FAULT | TX_PARG_MISSING))
		return "gone";
	if (!S_ISREG(file->mode))
		return "none";
	if (!(file->flags & TX_PARG_LOCAL))
		return "remote";
	if (length)
		image.end = image.start + length;
	if (file->flags & TX_PARG_CUT)
		image.path_len = 0;
	switch (build_id_of(&image, clock_boot_ns(), &id)) {
	case BUILD_ID_FOUND:
		json_key(j, "buildid");
		json_text(j, "\"");
		json_base64(j, (const char *)id.bytes, id.len);
		json_text(j, "\"");
		return NULL;
	case BUILD_ID_NONE:
		return "none";
	case BUILD_ID_BUSY:
		return "busy";
	default:
		return "gone";
	}
}

void event_loader_line(struct proc *p, const struct tx_policy_event *e,
		       const struct event_selector *s, const char *backend)
{
	const struct tx_parg *file = file_of(e, s);
	const char *missing = "gone";
	bool whole = false;
	struct line line;
	struct json *j;

	if (!line_begin(&line, "process_loader"))
		return;
	j = line.j;
	format_actors(j, p, e->h.tid, DETAIL_EVENT);
	if (file && file->len) {
		json_key(j, "path");
		whole = json_string(j, e->data + file->offset, file->len, JSON_PATH_OUT) &&
			!(file->flags & TX_PARG_CUT);
	}
	if (file)
		missing = build_id(j, p, e, s, file);
	json_key_string(j, "policy_name", s->policy);
	line_envelope(&line, &e->h, e->h.ktime, backend && *backend ? backend : NULL);
	if (!whole)
		json_key_bool(j, "path_cut", true);
	if (missing)
		json_key_string(j, "buildid_missing", missing);
	line_end(&line);
}
