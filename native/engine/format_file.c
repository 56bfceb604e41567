// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Opens and changes of watched paths. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "names.h"
#include "syscalls.h"
#include "track.h"
#include "watch.h"

static void file_arg(struct json *j, const char *path, size_t len, const char *flags, uint32_t mode)
{
	char permission[11];

	json_comma(j);
	json_text(j, "{\"file_arg\":{");
	json_key_bytes(j, "path", path, len);
	if (flags)
		json_key_string(j, "flags", flags);
	if (mode) {
		name_mode(permission, mode);
		json_key_string(j, "permission", permission);
	}
	json_text(j, "}}");
}

static void int_arg(struct json *j, int64_t value)
{
	json_comma(j);
	json_text(j, "{\"int_arg\":");
	json_signed(j, value);
	json_text(j, "}");
}

/*
 * Paths with "..", "." or "//" pass the kernel's filter unmatched: they are cleaned and matched
 * here. False when the path is not watched for this use after all.
 */
static bool match_unclean(char *path, size_t *len, uint32_t use, uint32_t *watch)
{
	uint32_t flags = 0;
	int index;

	*len = watch_clean(path, *len);
	index = watch_match(path, *len, &flags);
	if (index < 0 || !(flags & use))
		return false;
	*watch = index;
	return true;
}

void format_open(struct proc *p, const struct tx_open *e, const char *backend)
{
	/* The same rule as open__use() in watch.bpf.h. */
	uint32_t use = e->flags & (O_ACCMODE | O_CREAT | O_TRUNC) ? TX_W_WRITE : TX_W_READ;
	static char path[2 * TX_PATH_MAX + 2];
	static const char *const names[] = { [TX_S_OPEN] = "open",
					     [TX_S_CREAT] = "creat",
					     [TX_S_OPENAT] = "openat",
					     [TX_S_OPENAT2] = "openat2" };
	size_t len = e->path_len;
	uint32_t watch = e->watch;
	char flags[256];
	struct line line;
	struct json *j;

	memcpy(path, e->data, len);
	if (e->unclean &&
	    !match_unclean(path, &len, use | (e->flags & O_TRUNC ? TX_W_REMOVE : 0), &watch))
		return;
	if (!format_kprobe_begin(&line, p, &e->h, "sys_openat"))
		return;
	j = line.j;
	name_open_flags(flags, sizeof(flags), e->flags);
	int_arg(j, e->dirfd);
	file_arg(j, path, len, flags, e->mode);
	int_arg(j, e->create_mode & 07777);
	json_close(j, ']');
	format_return(j, e->ret);
	format_kprobe_end(&line, &e->h, "telovix-file-open", backend);
	if (e->id < sizeof(names) / sizeof(names[0]) && names[e->id])
		json_key_string(j, "syscall", names[e->id]);
	if (e->ino) {
		json_key_u64(j, "ino", e->ino);
		json_key_u64(j, "dev", e->dev);
	}
	json_key_bool(j, "toctou", e->toctou);
	json_key_string(j, "watch", watch_entry(watch));
	line_end(&line);
}

static void other_args(struct json *j, const struct tx_pathcall *e, const char *const *paths,
		       const size_t *lens)
{
	switch (e->id) {
	case TX_S_SYMLINKAT: /* target is text, the link is the path */
		json_text(j, "{\"string_arg\":");
		json_string(j, paths[1], lens[1], JSON_PATH_OUT);
		json_text(j, "}");
		file_arg(j, paths[0], lens[0], NULL, 0);
		return;
	case TX_S_RENAMEAT2:
	case TX_S_LINKAT:
		file_arg(j, paths[0], lens[0], NULL, 0);
		file_arg(j, paths[1], lens[1], NULL, 0);
		return;
	default:
		file_arg(j, paths[0], lens[0], NULL, e->mode);
	}
	if (e->id == TX_S_SETXATTR && lens[1]) {
		json_text(j, ",{\"string_arg\":");
		json_string(j, paths[1], lens[1], JSON_PATH_OUT);
		json_text(j, "}");
	}
	if (e->id == TX_S_FCHMODAT)
		int_arg(j, e->args[0]);
	if (e->id == TX_S_TRUNCATE) {
		json_text(j, ",{\"size_arg\":\"");
		json_unsigned(j, e->args[0]);
		json_text(j, "\"}");
	}
	if (e->id == TX_S_FCHOWNAT) {
		int_arg(j, (int32_t)e->args[0]);
		int_arg(j, (int32_t)e->args[1]);
	}
}

void format_pathcall(struct proc *p, const struct tx_pathcall *e, const char *backend)
{
	const struct sysinfo_row *row = syscall_row(e->id);
	bool removes = e->id == TX_S_UNLINKAT || e->id == TX_S_RENAMEAT2 || e->id == TX_S_TRUNCATE;
	static char paths[2][2 * TX_PATH_MAX + 2];
	const char *const list[2] = { paths[0], paths[1] };
	size_t lens[2] = { e->len[0], e->len[1] };
	uint32_t watch = e->watch;
	struct line line;
	struct json *j;

	if (!row)
		return;
	memcpy(paths[0], e->data, lens[0]);
	memcpy(paths[1], e->data + lens[0], lens[1]);
	if (e->unclean) {
		uint32_t use = removes ? TX_W_REMOVE : TX_W_WRITE;
		bool first = match_unclean(paths[0], &lens[0], use, &watch);
		bool second = lens[1] && (e->id == TX_S_RENAMEAT2 || e->id == TX_S_LINKAT) &&
			      match_unclean(paths[1], &lens[1], use, &watch);

		if (!first && !second)
			return;
	}
	if (!format_kprobe_begin(&line, p, &e->h, row->name))
		return;
	j = line.j;
	other_args(j, e, list, lens);
	json_close(j, ']');
	format_return(j, e->ret);
	format_kprobe_end(&line, &e->h, "telovix-syscall", backend);
	json_key_bool(j, "toctou", e->toctou);
	json_key_string(j, "watch", watch_entry(watch));
	line_end(&line);
}
