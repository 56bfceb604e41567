// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "lines.h"

#include "bench.h"

static const char process[] = "\"process\":{\"exec_id\":\"";
static const char parent[] = "\"parent\":{\"exec_id\":\"";
static const char network[] = "\"policy_name\":\"telovix-network-baseline\"";
static char wanted_pid[64], wanted_policy[128];

const char *const line_names[LINE_KINDS] = {
	[LINE_EXEC] = "exec",       [LINE_FORK] = "fork",
	[LINE_EXIT] = "exit",       [LINE_OPEN] = "open",
	[LINE_CONNECT] = "connect", [LINE_POLICY_CONNECT] = "policy_connect",
	[LINE_UNKNOWN] = "unknown", [LINE_LOSS] = "loss",
	[LINE_OTHER] = "other"
};

void lines_want(int pid, const char *policy)
{
	snprintf(wanted_pid, sizeof(wanted_pid), "\",\"pid\":%d,", pid);
	snprintf(wanted_policy, sizeof(wanted_policy), "\"policy_name\":\"%s\"", policy);
}

static bool has(const char *line, size_t len, const char *text)
{
	return memmem(line, len, text, strlen(text));
}

static bool begins(const char *line, const char *text)
{
	return !strncmp(line, text, strlen(text));
}

/* Whether the object that begins with KEY, {"exec_id":"…","pid":N, …, is that of the generator. */
static bool is_of(const char *line, size_t len, const char *key)
{
	const char *at = memmem(line, len, key, strlen(key)), *end;

	if (!at)
		return false;
	at += strlen(key);
	end = memchr(at, '"', line + len - at);
	return end && begins(end, wanted_pid);
}

enum line_kind line_kind(const char *line, size_t len)
{
	static const char *const of_life[] = { [LINE_EXEC] = "{\"process_exec\"",
					       [LINE_FORK] = "{\"process_fork\"",
					       [LINE_EXIT] = "{\"process_exit\"" };
	enum line_kind kind;
	bool connect;

	if (begins(line, "{\"engine_loss"))
		return LINE_LOSS;
	for (kind = LINE_EXEC; kind <= LINE_EXIT; kind++)
		if (begins(line, of_life[kind]))
			return is_of(line, len, parent)       ? kind
			       : has(line, len, " unknown\"") ? LINE_UNKNOWN
							      : LINE_OTHER;
	if (!begins(line, "{\"process_") || !is_of(line, len, process))
		return LINE_OTHER;
	connect = has(line, len, "_connect\",\"args\"");
	if (has(line, len, wanted_policy))
		return connect ? LINE_POLICY_CONNECT : LINE_OPEN;
	return connect && has(line, len, network) ? LINE_CONNECT : LINE_OTHER;
}

uint64_t line_number(const char *line, size_t len, const char *key)
{
	const char *at = memmem(line, len, key, strlen(key));

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}
