// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Somebody else's maps, by their numbers. */
#include <linux/bpf.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include "act.h"

/* bpf-open ID: somebody else's map, by its number. bpf-write ID: and its first element is changed.
 */
static long open_map(char **a)
{
	union bpf_attr attr = { .map_id = number(a[0]) };

	return syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &attr, sizeof(attr));
}

static long run_bpf_open(char **a)
{
	return open_map(a) < 0 ? -1 : 0;
}

static long run_bpf_write(char **a)
{
	static char value[4096];
	unsigned int key = 0;
	union bpf_attr attr = { .map_fd = open_map(a), .key = (unsigned long)&key };

	attr.value = (unsigned long)value;
	must(!syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)), "map");
	return syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));
}

/* bpf-pin PATH: what is pinned there is opened. */
static long run_bpf_pin(char **a)
{
	union bpf_attr attr = { .pathname = (unsigned long)a[0] };

	return syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr)) < 0 ? -1 : 0;
}

static int look_up(union bpf_attr *attr)
{
	return !syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, attr, sizeof(*attr));
}

/* The kernel keeps the first 15 letters of it. */
static void tell_name(int fd)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr attr = { .info = { .bpf_fd = fd, .info_len = sizeof(info) } };

	attr.info.info = (unsigned long)&info;
	must(!syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)), "its name");
	extra("\"name\":\"%s\"", info.name);
}

/* bpf-sum ID: of an array of 32-bit numbers, all of them together. */
static long run_bpf_sum(char **a)
{
	unsigned int key = 0, value = 0;
	union bpf_attr attr = { .map_fd = open_map(a), .key = (unsigned long)&key };
	long sum = 0;

	attr.value = (unsigned long)&value;
	tell_name(attr.map_fd);
	for (; look_up(&attr); key++)
		sum += value;
	return sum;
}

static long ns_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - then->tv_sec) * 1000000000 + now.tv_nsec - then->tv_nsec;
}

/* bpf-watch ID KEY MS: looks for a key of 32 bits again and again, once at least. Comes back with
 * how often it was not there. */
static long run_bpf_watch(char **a)
{
	unsigned int key = number(a[1]), value, looks = 0, missed = 0;
	union bpf_attr attr = { .map_fd = open_map(a), .key = (unsigned long)&key };
	long left = number(a[2]) * 1000000;
	struct timespec began;

	attr.value = (unsigned long)&value;
	tell_name(attr.map_fd);
	clock_gettime(CLOCK_MONOTONIC, &began);
	do {
		missed += !look_up(&attr);
		looks++;
	} while (ns_since(&began) < left);
	extra("\"looks\":%u", looks);
	return missed;
}

/* bpf-kill ID KEY PID: kills a process with -9 in the moment a key of 32 bits is there, which must
 * be within a minute. */
static long run_bpf_kill(char **a)
{
	unsigned int key = number(a[1]), value;
	union bpf_attr attr = { .map_fd = open_map(a), .key = (unsigned long)&key };
	struct timespec began;

	attr.value = (unsigned long)&value;
	clock_gettime(CLOCK_MONOTONIC, &began);
	while (!look_up(&attr))
		must(ns_since(&began) < 60000000000, "the key");
	return kill(number(a[2]), SIGKILL);
}

const struct action map_actions[] = {
	{ "bpf-open", 1, run_bpf_open },
	{ "bpf-write", 1, run_bpf_write },
	{ "bpf-pin", 1, run_bpf_pin },
	{ "bpf-sum", 1, run_bpf_sum },
	{ "bpf-watch", 3, run_bpf_watch },
	{ "bpf-kill", 3, run_bpf_kill },
	{ NULL, 0, NULL },
};
