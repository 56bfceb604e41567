// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Somebody else's maps, by their numbers. */
#include <linux/bpf.h>
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

/* bpf-watch ID KEY MS: looks for a key of 32 bits again and again, once at least. Comes back with
 * how often it was not there. */
static long run_bpf_watch(char **a)
{
	unsigned int key = number(a[1]), value, looks = 0, missed = 0;
	union bpf_attr attr = { .map_fd = open_map(a), .key = (unsigned long)&key };
	long left = number(a[2]) * 1000000;
	struct timespec began, now;

	attr.value = (unsigned long)&value;
	tell_name(attr.map_fd);
	clock_gettime(CLOCK_MONOTONIC, &began);
	do {
		missed += !look_up(&attr);
		looks++;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - began.tv_sec) * 1000000000 + now.tv_nsec - began.tv_nsec < left);
	extra("\"looks\":%u", looks);
	return missed;
}

const struct action map_actions[] = {
	{ "bpf-open", 1, run_bpf_open },   { "bpf-write", 1, run_bpf_write },
	{ "bpf-pin", 1, run_bpf_pin },     { "bpf-sum", 1, run_bpf_sum },
	{ "bpf-watch", 3, run_bpf_watch }, { NULL, 0, NULL },
};
