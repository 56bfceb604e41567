// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// A line about a process, held against what such a line has.
#include "lines.h"

enum { WORD_MAX = 32, SIGNAL_MAX = 16 };

static int read_body(struct json *json, struct line *line)
{
	enum { B_PROCESS = 1, B_PARENT = 2, B_SIGNAL = 4, B_STATUS = 8, B_TIME = 16 };
	struct text key;
	u32 count = 0, seen = 0;
	line->parent.is_known = 0;
	line->has_signal = 0;
	line->status = 0;
	if (!json_open(json, '{'))
		return 0;
	while (json_member(json, &count, &key)) {
		int is_exit = line->kind == EXIT;
		u32 field = IS(key, "process")             ? B_PROCESS
			    : IS(key, "parent")            ? B_PARENT
			    : is_exit && IS(key, "signal") ? B_SIGNAL
			    : is_exit && IS(key, "status") ? B_STATUS
			    : is_exit && IS(key, "time")   ? B_TIME
							   : 0;
		// Anything else says something about a hook.
		if (!field || seen & field)
			return 0;
		seen |= field;
		int is_read = field == B_PROCESS  ? read_process(json, &line->process)
			      : field == B_PARENT ? read_parent(json, &line->parent)
			      : field == B_SIGNAL ? json_string(json, &line->signal, SIGNAL_MAX)
			      : field == B_STATUS ? json_count(json, &line->status, 255)
						  : json_skip(json, 0);
		if (!is_read)
			return 0;
	}
	line->has_signal = (seen & B_SIGNAL) != 0;
	return !json->odd && seen & B_PROCESS;
}

static int read_telovix(struct json *json, struct line *line)
{
	enum {
		T_SEQ = 1,
		T_RUN = 2,
		T_BACKEND = 4,
		T_CPU = 8,
		T_DURATION = 16,
		T_INO = 32,
		T_DEV = 64,
		T_NLINK = 128
	};
	struct text key;
	u32 count = 0, seen = 0;
	u64 links = 1;
	if (!json_open(json, '{'))
		return 0;
	while (json_member(json, &count, &key)) {
		if (IS(key, "memfd") || IS(key, "enforced") || IS(key, "monitored"))
			return 0;
		u32 field = IS(key, "seq")           ? T_SEQ
			    : IS(key, "run_id")      ? T_RUN
			    : IS(key, "backend")     ? T_BACKEND
			    : IS(key, "cpu")         ? T_CPU
			    : IS(key, "duration_ns") ? T_DURATION
			    : IS(key, "ino")         ? T_INO
			    : IS(key, "dev")         ? T_DEV
			    : IS(key, "nlink")       ? T_NLINK
						     : 0;
		if (seen & field)
			return 0;
		seen |= field;
		int is_read = field == T_SEQ       ? json_count(json, &line->seq, SAFE_INTEGER)
			      : field == T_RUN     ? json_string(json, &line->run_id, WORD_MAX)
			      : field == T_BACKEND ? json_string(json, &line->backend, WORD_MAX)
			      : field == T_CPU     ? json_count(json, &line->cpu, SAFE_INTEGER)
			      : field == T_DURATION
				      ? json_count(json, &line->duration_ns, SAFE_INTEGER)
			      : field == T_INO   ? json_string(json, &line->ino, WORD_MAX)
			      : field == T_DEV   ? json_string(json, &line->dev, WORD_MAX)
			      : field == T_NLINK ? json_count(json, &links, SAFE_INTEGER)
						 : json_skip(json, 0);
		if (!is_read)
			return 0;
	}
	enum { NEEDED = T_SEQ | T_RUN };
	line->has_backend = (seen & T_BACKEND) != 0;
	line->has_cpu = (seen & T_CPU) != 0;
	line->has_duration = (seen & T_DURATION) != 0;
	line->has_ino = (seen & T_INO) != 0;
	line->has_dev = (seen & T_DEV) != 0;
	// A file that nothing links to was executed from memory, so to say.
	return !json->odd && (seen & NEEDED) == NEEDED && (line->kind != EXEC || links);
}

int read_line(struct text text, struct line *line)
{
	enum { L_BODY = 1, L_NODE = 2, L_TIME = 4, L_TELOVIX = 8, ALL = 15 };
	struct json json = { text.at, text.at + text.length, 0 };
	struct text key, node;
	u32 count = 0, seen = 0;
	line->text = text;
	line->kind = BEGINS(text, "{\"process_exec\":{")   ? EXEC
		     : BEGINS(text, "{\"process_exit\":{") ? EXIT
		     : BEGINS(text, "{\"process_fork\":{") ? FORK
							   : 0;
	if (!line->kind || text.length > MAX_LINE || !is_utf8(text) || !json_open(&json, '{'))
		return 0;
	while (json_member(&json, &count, &key)) {
		u32 field = count == 1             ? L_BODY
			    : IS(key, "node_name") ? L_NODE
			    : IS(key, "time")      ? L_TIME
			    : IS(key, "telovix")   ? L_TELOVIX
						   : 0;
		if (!field || seen & field)
			return 0;
		seen |= field;
		int is_read = field == L_BODY   ? read_body(&json, line)
			      : field == L_NODE ? json_string(&json, &node, PATH_MAX)
			      : field == L_TIME ? json_micros(&json, &line->time_us)
						: read_telovix(&json, line);
		if (!is_read)
			return 0;
	}
	return !json.odd && seen == ALL && json.at == json.end;
}
