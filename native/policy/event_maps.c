// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "event_maps.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define PROCESSES 8
#define RANGES 192
#define READ_BYTES (32u << 10)
#define READ_MAX (256u << 10)
#define READS 64        /* processes in one second */
#define AGE_NS NS_PER_S /* libraries are loaded while a process runs */

struct range {
	uint64_t start, end, offset;
	uint32_t path; /* offset in the process's paths */
	bool on_disk;
};

struct process {
	uint32_t pid;
	uint64_t start, exec, read_at;
	uint32_t count, paths_len;
	struct range ranges[RANGES];
	char paths[RANGES * 64];
};

static struct process *processes[PROCESSES];
static uint32_t next;

void maps_free(void)
{
	for (int i = 0; i < PROCESSES; i++) {
		free(processes[i]);
		processes[i] = NULL;
	}
}

/* /proc counts in hundredths of a second. */
bool maps_began_at(int dir, uint64_t start)
{
	int fd = openat(dir, "stat", O_RDONLY | O_CLOEXEC);
	uint64_t ticks = 0, tick = NS_PER_S / sysconf(_SC_CLK_TCK);
	char text[1024];
	const char *at;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	at = strrchr(text, ')'); /* the name before it may hold anything */
	if (!at || sscanf(at + 1,
			  " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			  "%*d %*d %" SCNu64,
			  &ticks) != 1)
		return false;
	return ticks == start / tick;
}

static uint32_t add_path(struct process *p, const char *path)
{
	size_t len = strnlen(path, MAPS_PATH - 1);
	uint32_t at = p->paths_len;

	/* Mappings of one file follow each other. */
	if (p->count && !strcmp(p->paths + p->ranges[p->count - 1].path, path))
		return p->ranges[p->count - 1].path;
	if (at + len + 1 > sizeof(p->paths))
		return UINT32_MAX;
	memcpy(p->paths + at, path, len);
	p->paths[at + len] = 0;
	p->paths_len += len + 1;
	return at;
}

/* "start-end perms offset major:minor inode   path" */
static void add_line(struct process *p, char *line)
{
	unsigned major = 0;
	struct range r = { 0 };
	char perms[5] = "";
	int path_at = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%*x %*u %n", &r.start, &r.end,
		   perms, &r.offset, &major, &path_at) != 5 ||
	    perms[2] != 'x' || !path_at || !line[path_at] || p->count == RANGES)
		return;
	r.path = add_path(p, line + path_at);
	r.on_disk = major != 0 && line[path_at] == '/';
	if (r.path != UINT32_MAX)
		p->ranges[p->count++] = r;
}

static void read_maps(struct process *p, int dir)
{
	int fd = openat(dir, "maps", O_RDONLY | O_CLOEXEC);
	static char buf[READ_BYTES + 1];
	size_t have = 0, total = 0;
	ssize_t n;

	p->count = 0;
	p->paths_len = 0;
	while (fd >= 0 && total < READ_MAX && (n = read(fd, buf + have, READ_BYTES - have)) > 0) {
		char *at = buf, *end = buf + have + n, *line_end;

		total += n;
		while ((line_end = memchr(at, '\n', end - at))) {
			*line_end = 0;
			add_line(p, at);
			at = line_end + 1;
		}
		have = end - at;
		if (have == READ_BYTES)
			break;
		memmove(buf, at, have);
	}
	if (fd >= 0)
		close(fd);
}

static void look(struct process *p, uint64_t now)
{
	static struct maps_rate rate;
	char path[32];
	int dir;

	p->read_at = now;
	p->count = 0;
	if (!maps_may(&rate, READS, now))
		return;
	snprintf(path, sizeof(path), "/proc/%u", p->pid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	/* The directory stays that of this process, whoever gets its number. */
	if (maps_began_at(dir, p->start))
		read_maps(p, dir);
	close(dir);
}

static struct process *process_of(uint32_t pid, uint64_t start, uint64_t exec, uint64_t now)
{
	struct process **slot;

	for (int i = 0; i < PROCESSES; i++) {
		struct process *p = processes[i];

		if (p && p->pid == pid && p->start == start && p->exec == exec)
			return p;
	}
	slot = &processes[next++ % PROCESSES];
	if (!*slot)
		*slot = malloc(sizeof(**slot));
	if (!*slot)
		return NULL;
	(*slot)->pid = pid;
	(*slot)->start = start;
	(*slot)->exec = exec;
	look(*slot, now);
	return *slot;
}

static const struct range *range_of(const struct process *p, uint64_t address)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (address >= p->ranges[i].start && address < p->ranges[i].end)
			return &p->ranges[i];
	return NULL;
}

bool maps_find(uint32_t pid, uint64_t start, uint64_t exec, uint64_t now, uint64_t address,
	       struct maps_place *place)
{
	struct process *p = process_of(pid, start, exec, now);
	const struct range *r = p ? range_of(p, address) : NULL;

	if (p && !r && now > p->read_at + AGE_NS) {
		look(p, now);
		r = range_of(p, address);
	}
	if (!r)
		return false;
	place->path = p->paths + r->path;
	place->offset = address - r->start + r->offset;
	place->start = r->start;
	place->end = r->end;
	place->on_disk = r->on_disk;
	return true;
}
