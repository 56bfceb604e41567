/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Inside of points.c: programs loaded for points, and putting them to work. */
#ifndef TELOVIX_ATTACH_H
#define TELOVIX_ATTACH_H

#include "points.h"

struct bpf_object;

/* All points, by next. */
struct point *points_first(void);

void want_reject(struct want *want, const char *reason);

/* Programs loaded once for all points of their kind. */
enum generic {
	GENERIC_KPROBE,
	GENERIC_KRETPROBE,
	GENERIC_OVERRIDE,
	GENERIC_TRACEPOINT,
	GENERIC_UPROBE,
	GENERIC_URETPROBE,
	GENERIC_SYS_ENTER,
	GENERIC_SYS_EXIT,
	GENERICS,
	GENERIC_NONE = GENERICS
};

/* Those a point of the backend needs: two, of which the second may be none. */
struct generic_pair {
	enum generic entry, leave;
};
struct generic_pair attach_generics(const struct point *point);

extern const char *const attach_generic_names[GENERICS];

/* Programs that come in copies, each bound to its target when it is loaded. */
enum family { FAMILY_FENTRY, FAMILY_FEXIT, FAMILY_RAW_TP, FAMILY_LSM, FAMILY_DENY, FAMILIES };

#define ATTACH_COPIES 8 /* of one program in an object, at most */

struct attach_family {
	const char *prefix; /* of the programs' names; the copy's number follows */
	size_t ids;   /* offset of its hook points in the constants; SIZE_MAX: it needs none */
	size_t calls; /* of what says that they are functions of system calls; 0: none ever is */
};

extern const struct attach_family attach_families[FAMILIES];

/* FAMILIES: it has no programs of its own. */
enum family attach_family(const struct point *point);

/* A trampoline could not be had: a kprobe will do. False: the point was to have none. */
bool attach_falls_back(struct point *point);

/* --- attach_object.c: the object, its maps, copies of it --- */

int object_open(const struct shared_map *shared, size_t count, void (*configure)(void *rodata));
void object_close(void);
int object_map(const char *name);

/* The object has a program of that name. */
bool object_offers(const char *program);

/*
 * A copy of the object with all maps shared and no program to be loaded; its constants are
 * configured. NULL: out of memory.
 */
struct bpf_object *object_copy(const char *btf_path);

/* Constants of a copy that is not loaded yet (struct policy_bpf__rodata). */
void *object_constants(struct bpf_object *object);

/*
 * Loads it. refused: the name of the program the kernel said no to, empty when it was something
 * else; words: what was said.
 */
int object_load(struct bpf_object *object, char refused[64], char words[96]);

/* Whether copies may read as bpf/read.bpf.h says, if the base object does. Returns whether they
 * did. */
bool object_read_directly(bool allowed);

/* --- attach_program.c --- */

/*
 * Loads at most limit programs of those the points need, from one instance of the object. Points
 * that can't be served get an error.
 */
void programs_load(struct point **points, size_t count, uint32_t limit);

/* It has its programs, or needs none, or can't have them. */
bool programs_serve(const struct point *point);
int programs_generic(enum generic generic);
/* At what the kernel has skipped of it is looked once more. */
void program_close(int *fd);
void programs_each(void (*fn)(const char *name, int fd, void *arg), void *arg);
void programs_close(void);

/* --- attach_own.c: generic programs, one or two for each point --- */
bool own_wanted(const struct point *point);
void own_load(struct point *point);

/* --- attach_link.c --- */

/* Puts the point to work. 0, or a negative errno and point->error. */
int link_point(struct point *point);
void unlink_point(struct point *point);
void links_each_shared(void (*fn)(const char *name, int fd, void *arg), void *arg);

/* --- attach_multi.c: many kprobes by one link --- */

/* Attaches those it can, together; they are marked attached. */
void multi_attach(struct point **points, size_t count);
void multi_detach(struct point *point);

/* The id still reaches a program through a link, though its point may be gone. */
bool multi_holds(uint32_t id);
void multi_each_link(void (*fn)(const char *name, int fd, void *arg), void *arg);
void multi_each_program(void (*fn)(const char *name, int fd, void *arg), void *arg);
void multi_close(void);

/* --- attach_usdt.c: libbpf keeps its own books of static probes --- */
int usdt_attach(struct point *point);
void usdt_detach(struct point *point);
void usdt_close(void);
int usdt_program(void);

/* --- attach_cgroup.c: gates of the root cgroup, for marks --- */

bool is_cgroup_gate(const struct point_place *place);

/* Fills both links. 0 or a negative errno. */
int cgroup_link(struct point *point);

/* --- attach_ima.c: the program that takes a file's hash, behind the one at the same hook --- */

/* A link's descriptor, or a negative errno. It must be there before the other program. */
int ima_link(const struct point *point);

/* --- attach_late.c: the second look at calls whose memory was not in --- */

/* Attaches the program for it where a point reads memory of the process: before the points are. */
void late_settle(void);

/* An id's figures begin anew with each point that has it. */
void point_costs_clear(uint32_t id);
void late_each_link(void (*fn)(const char *name, int fd, void *arg), void *arg);
void late_close(void);

/* --- attach_perf.c: links by perf events; a link's descriptor or a negative errno --- */

struct perf_event_attr;

/* pid: of the process whose event it is, or -1: everybody's. Kernels before 5.15 have no such links
 * and no cookies: there it is the event's own descriptor, and can't be pinned. */
int perf_link(struct perf_event_attr *attr, int program, int pid, uint64_t cookie);
/* After each page fault of a kind (PERF_COUNT_SW_PAGE_FAULTS_*) that the kernel takes there. */
int perf_link_faults(int program, uint64_t kind, int cpu);
int perf_link_kprobe(int program, const char *function, bool at_return, uint64_t cookie);
int perf_link_uprobe(int program, const struct point_place *place, bool at_return, uint64_t cookie);
int perf_link_tracepoint(int program, const char *group, const char *event, uint64_t cookie);

#endif
