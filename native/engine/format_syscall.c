// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* System calls told with their arguments, and changes of credentials. */
#include <linux/prctl.h>

#include "format.h"
#include "syscalls.h"
#include "tamper.h"

static void one_arg(struct json *j, char kind, uint64_t value)
{
	json_comma(j);
	if (kind == 'i') {
		json_text(j, "{\"int_arg\":");
		json_signed(j, (int32_t)value);
	} else {
		json_text(j, "{\"size_arg\":\"");
		json_unsigned(j, value);
		json_text(j, "\"");
	}
	json_text(j, "}");
}

static void arguments(struct json *j, const char *layout, const __u64 *args)
{
	for (int i = 0; layout[i] && i < 6; i++)
		one_arg(j, layout[i], args[i]);
}

void format_syscall(struct proc *p, const struct tx_syscall *e, const char *backend)
{
	const struct sysinfo_row *row = syscall_row(e->id);
	const char *at = e->data, *layout = row ? row->layout : "";
	struct line line;
	struct json *j;
	int string = 0;

	if (e->id == TX_S_PRCTL && e->args[0] == PR_SET_NAME)
		layout = "is";
	if (!row || !format_kprobe_begin(&line, p, &e->h, row->name))
		return;
	j = line.j;
	for (int i = 0; layout[i] && i < 6; i++) {
		if (layout[i] != 's') {
			one_arg(j, layout[i], e->args[i]);
			continue;
		}
		json_comma(j);
		json_text(j, "{\"string_arg\":");
		json_string(j, at, string < TX_STRS ? e->len[string] : 0, JSON_PATH_OUT);
		json_text(j, "}");
		if (string < TX_STRS)
			at += e->len[string++];
	}
	json_close(j, ']');
	format_return(j, e->ret);
	format_kprobe_end(&line, &e->h, "telovix-syscall", backend);
	if (e->cut)
		json_key_bool(j, "truncated", true);
	tamper_write(j, e);
	line_end(&line);
}

void format_credcall(struct proc *p, const struct tx_credcall *e, const struct tx_creds *old,
		     const char *backend)
{
	const struct sysinfo_row *row = syscall_row(e->id);
	struct line line;
	struct json *j;

	if (!row || !format_kprobe_begin(&line, p, &e->h, row->name))
		return;
	j = line.j;
	arguments(j, row->layout, e->args);
	json_close(j, ']');
	format_return(j, e->ret);
	format_kprobe_end(&line, &e->h, "telovix-privilege-baseline", backend);
	json_key_unsigned(j, "old_uid", old->euid);
	json_key_unsigned(j, "new_uid", e->now.euid);
	json_key_unsigned(j, "old_gid", old->egid);
	json_key_unsigned(j, "new_gid", e->now.egid);
	line_end(&line);
}
