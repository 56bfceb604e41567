// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Executions, ends and forks of processes as events.
#include "lines.h"

enum { MESSAGE_MAX = 2048, COMMAND_MAX = 1024, SUBJECT_MAX = 512, SPARE = 64 };
enum { EXEC_LEAST = 5, FORK_LEAST = 3 };

static struct text base_name(struct text path)
{
	u32 at = path.length;
	while (at && path.at[at - 1] != '/')
		at--;
	return (struct text){ path.at + at, path.length - at };
}

// Programs whose name or place may say more than that they were started.
static int is_plain_program(const struct process *p)
{
	struct text binary = p->binary;
	u8 last = binary.at[binary.length - 1];
	if (!is_ascii(binary) || CONTAINS(binary, " ") || (last >= '\t' && last <= '\r'))
		return 0;
	if (BEGINS(binary, "/tmp/") || BEGINS(binary, "/var/tmp/") || BEGINS(binary, "/dev/") ||
	    BEGINS(binary, "/run/"))
		return 0;
	// Running before the engine did.
	if (p->seen & HAS_FLAGS && CONTAINS(p->flags, "procFS"))
		return 0;
	return !p->argc || !BEGINS(p->argv[0], "[");
}

// The program and, behind a blank, its arguments; these begin behind the program's length and one.
static int command_of(const struct process *p, struct text *command)
{
	u32 length = p->binary.length;
	for (u32 i = 1; i < p->argc; i++)
		length += 1 + p->argv[i].length;
	u8 *at = scratch_take(length + SLACK);
	if (!at)
		return 0;
	*command = (struct text){ at, length };
	copy_text(at, p->binary.at, p->binary.length);
	at += p->binary.length;
	for (u32 i = 1; i < p->argc; i++) {
		*at++ = ' ';
		copy_text(at, p->argv[i].at, p->argv[i].length);
		at += p->argv[i].length;
	}
	// Where it is cut is counted in UTF-16: bytes tell only when they are ASCII.
	return length <= COMMAND_MAX || is_ascii(*command);
}

static struct text clip(struct text text, u32 max)
{
	return text.length > max ? (struct text){ text.at, max } : text;
}

static struct text arguments_of(const struct process *p, struct text command)
{
	u32 from = p->binary.length + 1;
	if (command.length <= from)
		return (struct text){ NULL, 0 };
	struct text all = { command.at + from, command.length - from };
	return clip(all, ARGUMENTS_MAX);
}

static u8 *put_part(u8 *at, struct text part)
{
	copy_text(at, part.at, part.length);
	return at + part.length;
}
#define PUT_PART(at, literal) put_part(at, LITERAL(literal))

// The sentence of the event, put together in the scratch.
static int message_of(const struct line *line, struct text command, struct text *message)
{
	const struct process *p = &line->process;
	u8 *from = scratch_take(MESSAGE_MAX + PATH_MAX + SLACK), *at = from;
	if (!from)
		return 0;
	if (line->kind == EXEC) {
		struct text starter =
			line->parent.is_known ? line->parent.binary : (struct text){ NULL, 0 };
		struct text name = base_name(starter);
		// The long way puts it in as a pattern's replacement.
		if (CONTAINS(name, "$"))
			return 0;
		at = starter.length ? put_part(at, name) : PUT_PART(at, "A process");
		at = PUT_PART(at, " (pid ");
		at = p->seen & HAS_PPID ? put_digits(at, p->ppid) : PUT_PART(at, "?");
		at = PUT_PART(at, ") started ");
		at = put_part(at, clip(command, COMMAND_MAX));
	} else {
		if (p->binary.length > SUBJECT_MAX)
			return 0;
		at = put_part(at, p->binary);
		at = PUT_PART(at, " (pid ");
		at = put_digits(at, p->pid);
		if (p->seen & HAS_UID) {
			at = PUT_PART(at, ", uid ");
			at = put_digits(at, p->uid);
		}
		at = PUT_PART(at, ") ");
		if (line->kind == FORK) {
			at = PUT_PART(at, "was forked from process ");
			at = p->seen & HAS_PPID ? put_digits(at, p->ppid) : PUT_PART(at, "unknown");
		} else if (line->has_signal)
			at = put_part(PUT_PART(at, "was ended by "), line->signal);
		else
			at = put_digits(PUT_PART(at, "ended with code "), line->status);
	}
	*message = (struct text){ from, (u32)(at - from) };
	// The same sentence with its subject is cut first, the long way.
	return message->length + p->binary.length + SPARE <= MESSAGE_MAX;
}

static struct text kind_name(enum event_kind kind)
{
	return kind == EXEC   ? LITERAL("process_exec")
	       : kind == EXIT ? LITERAL("process_exit")
			      : LITERAL("process_fork");
}

// Whose child it is, before and after it is remembered.
static struct text parent_binary(const struct line *line)
{
	struct entry parent;
	if (line->process.seen & HAS_PARENT && table_find(line->process.parent_exec_id, &parent))
		return parent.binary;
	return line->parent.is_known ? line->parent.binary : (struct text){ NULL, 0 };
}

static void remember(const struct line *line, struct text command)
{
	const struct process *p = &line->process;
	struct entry known;
	if (line->parent.is_known && !table_find(line->parent.exec_id, &known))
		table_put(&line->parent);
	struct ancestor self = {
		.pid = p->pid,
		.uid = p->seen & HAS_UID ? p->uid : ~0ULL,
		.exec_id = p->exec_id,
		.binary = p->binary,
		.arguments = arguments_of(p, command),
		.cgroup = p->cgroup,
	};
	if (p->seen & HAS_PARENT)
		self.parent_exec_id = p->parent_exec_id;
	if (p->seen & HAS_DOCKER)
		self.docker = p->docker;
	table_put(&self);
}

static void put_ancestors(const struct line *line, const struct entry *chain, u32 count)
{
	PUT_KEY("ancestors");
	if (count || !line->parent.is_known) {
		put_array(count);
		for (u32 i = 0; i < count; i++) {
			copy_text(out, chain[i].packed.at, chain[i].packed.length);
			out += chain[i].packed.length;
		}
		return;
	}
	const struct ancestor *a = &line->parent;
	put_array(1);
	put_map(3 + (a->uid != ~0ULL) + (a->arguments.at != NULL));
	PUT_KEY("exec_id");
	put_text(a->exec_id);
	PUT_KEY("pid");
	put_number(a->pid);
	PUT_KEY("binary");
	put_text(a->binary);
	if (a->uid != ~0ULL) {
		PUT_KEY("uid");
		put_number(a->uid);
	}
	if (a->arguments.at) {
		PUT_KEY("arguments");
		put_text(a->arguments);
	}
}

static void put_about(const struct line *line)
{
	struct entry chain[MAX_ANCESTORS];
	const struct process *p = &line->process;
	struct text none = { NULL, 0 };
	u32 count = table_ancestors(p->seen & HAS_PARENT ? p->parent_exec_id : none, chain);
	int is_exit = line->kind == EXIT, has_parent = count || line->parent.is_known;
	PUT_KEY("process");
	put_map(count_process(p) + 1 + (u32)is_exit + (u32)(is_exit && line->has_duration) +
		(u32)has_parent);
	put_process(p);
	put_ancestors(line, chain, count);
	if (is_exit && line->has_signal) {
		PUT_KEY("exit_signal");
		put_text(line->signal);
	} else if (is_exit) {
		PUT_KEY("exit_code");
		put_number(line->status);
	}
	if (is_exit && line->has_duration) {
		PUT_KEY("duration_us");
		put_number(line->duration_ns / 1000);
	}
	if (has_parent) {
		PUT_KEY("parent_binary");
		put_text(count ? chain[0].binary : line->parent.binary);
	}
}

static void put_detail(const struct line *line)
{
	PUT_KEY("detail");
	put_map((u32)(line->has_ino + line->has_dev));
	if (line->has_ino) {
		PUT_KEY("ino");
		put_text(line->ino);
	}
	if (line->has_dev) {
		PUT_KEY("dev");
		put_text(line->dev);
	}
}

static void put_hook(const struct line *line)
{
	PUT_KEY("hook");
	put_map((u32)(line->has_backend + line->has_cpu));
	if (line->has_backend) {
		PUT_KEY("backend");
		put_text(line->backend);
	}
	if (line->has_cpu) {
		PUT_KEY("cpu");
		put_number(line->cpu);
	}
}

int write_event(const struct line *line, u64 seq)
{
	const struct process *p = &line->process;
	struct text command = { NULL, 0 }, message, workload, kind = kind_name(line->kind);
	struct entry known;
	u32 least = line->kind == EXEC ? EXEC_LEAST : FORK_LEAST;
	int is_exit = line->kind == EXIT;
	if ((line->kind == EXEC && !is_plain_program(p)) || !command_of(p, &command) ||
	    !message_of(line, command, &message) || !workload_of(p->cgroup, &workload))
		return 0;
	struct text none = { NULL, 0 };
	// The parent as the line tells of it is no longer than the line.
	if (!table_fits(p->seen & HAS_PARENT ? p->parent_exec_id : none, line->text.length))
		return 0;
	// One without a parent may be known to have one.
	if (is_exit && !(p->seen & HAS_PARENT))
		return 0;
	if (!is_exit && !burst_passes(kind, parent_binary(line), least, line->time_us))
		return 0;
	if (!is_exit || !table_find(p->exec_id, &known))
		remember(line, command);
	if (!is_exit)
		table_replaced(p->pid, p->exec_id, line->time_us);
	int has_detail = line->kind == EXEC && (line->has_ino || line->has_dev);
	int has_hook = line->has_backend || line->has_cpu;
	put_map(7 + (u32)has_detail + (u32)has_hook + (u32)(workload.at != NULL));
	PUT_KEY("seq");
	put_number(seq);
	PUT_KEY("kind");
	put_text(kind);
	PUT_KEY("severity");
	put_text(LITERAL("info"));
	PUT_KEY("observed_at_us");
	put_number(line->time_us);
	PUT_KEY("message");
	put_text(message);
	put_about(line);
	if (has_detail)
		put_detail(line);
	if (has_hook)
		put_hook(line);
	PUT_KEY("raw");
	put_text(line->text);
	if (workload.at) {
		PUT_KEY("workload");
		copy_text(out, workload.at, workload.length);
		out += workload.length;
	}
	if (is_exit)
		table_end(p->exec_id, line->time_us);
	else
		burst_passed(kind, parent_binary(line), line->time_us);
	return 1;
}
