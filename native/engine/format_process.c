// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The exec, fork and exit lines. */
#include <string.h>

#include "clock.h"
#include "format.h"
#include "names.h"

void format_exec(struct proc *p, const struct tx_header *h, const char *backend, bool setid)
{
	const struct proc_text *t = p->text;
	struct line line;
	struct json *j;

	if (!line_begin(&line, "process_exec"))
		return;
	j = line.j;
	format_actors(j, p, 0, DETAIL_FULL);
	line_envelope(&line, h, h ? h->ktime : 0, backend);
	if (p->ino) {
		json_key_u64(j, "ino", p->ino);
		json_key_u64(j, "dev", p->dev);
		json_key_unsigned(j, "nlink", p->nlink);
	}
	if (!p->nlink && t->binary_len > 7 && !memcmp(proc_binary(p), "/memfd:", 7))
		json_key_bool(j, "memfd", true);
	if (t->script_len)
		json_key_bytes(j, "script", proc_script(p), t->script_len);
	if (setid)
		json_key_bool(j, "secureexec", true);
	line_end(&line);
}

void format_fork(struct proc *p, const struct tx_header *h, const char *backend)
{
	struct line line;

	if (!line_begin(&line, "process_fork"))
		return;
	format_actors(line.j, p, 0, DETAIL_FULL);
	line_envelope(&line, h, h->ktime, backend);
	line_end(&line);
}

void format_exit(struct proc *p, const struct tx_exit *e, const char *backend)
{
	const char *signal = e->code & 0x7f ? name_signal(e->code & 0x7f) : NULL;
	struct line line;
	struct json *j;

	if (!line_begin(&line, "process_exit"))
		return;
	j = line.j;
	format_actors(j, p, e->h.tid, DETAIL_EVENT);
	if (signal)
		json_key_string(j, "signal", signal);
	if (e->code >> 8)
		json_key_unsigned(j, "status", e->code >> 8 & 0xff);
	json_key(j, "time");
	json_time(j, clock_wall_ns(e->h.ktime));
	line_envelope(&line, &e->h, e->h.ktime, backend);
	json_key_u64(j, "duration_ns", e->h.ktime - p->start);
	line_end(&line);
}
