// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The kernel's own doors: knocked at with what it must refuse. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "act.h"

#define NO_SUCH_FLAG 0x40000000

static long mount_refused(struct act_call *c)
{
	const char *target = c->argc ? c->argv[0] : c->dir;

	return act_result(mount("telovix-act", target, "telovix-none", 0, NULL));
}

static long umount_refused(struct act_call *c)
{
	return act_result(umount2(c->dir, NO_SUCH_FLAG));
}

static long fsopen_refused(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_fsopen, "telovix-none", 0));
}

static long move_mount_refused(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_move_mount, -1, "", -1, "", NO_SUCH_FLAG));
}

static long pivot_root_refused(struct act_call *c)
{
	return act_result(syscall(SYS_pivot_root, act_in_dir(c, "new"), act_in_dir(c, "old")));
}

static long bpf_map_refused(struct act_call *c)
{
	union bpf_attr attr;

	(void)c;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	return act_result(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static long bpf_program_refused(struct act_call *c)
{
	union bpf_attr attr;

	(void)c;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	return act_result(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
}

static long init_module_refused(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_init_module, "telovix", 7UL, ""));
}

static long finit_module_refused(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_finit_module, -1, "", 0));
}

/* A file the kernel reads, and finds to be no module. */
static long finit_module_file(struct act_call *c)
{
	const char *path = act_in_dir(c, "module");
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, "telovix", 7) != 7)
		return -errno;
	close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	act_tell(c, 0, path);
	return act_result(syscall(SYS_finit_module, fd, "", 0));
}

static long delete_module_missing(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_delete_module, "telovix_no_such_module", 0));
}

/* Unknown flags, and no files either. */
static long kexec_refused(struct act_call *c)
{
	(void)c;
#ifdef SYS_kexec_file_load
	return act_result(syscall(SYS_kexec_file_load, -1, -1, 0UL, NULL, NO_SUCH_FLAG));
#else
	return -ENOSYS;
#endif
}

/* The process keyring, which a new process has not. */
static long keyctl_describe(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_keyctl, 6 /* DESCRIBE */, -2, NULL, 0, 0));
}

static long keyctl_read(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_keyctl, 11 /* READ */, -2, NULL, 0, 0));
}

static long io_uring_refused(struct act_call *c)
{
	struct io_uring_params params = { 0 };

	(void)c;
	return act_result(syscall(SYS_io_uring_setup, 0, &params));
}

static long perf_event_refused(struct act_call *c)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = 1 };

	(void)c;
	return act_result(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}

static long clock_set_refused(struct act_call *c)
{
	struct timespec never = { .tv_sec = 1, .tv_nsec = -1 };

	(void)c;
	return act_result(syscall(SYS_clock_settime, CLOCK_REALTIME, &never));
}

static long clock_adjust_query(struct act_call *c)
{
	struct timex query = { .modes = 0 };

	(void)c;
	return act_result(syscall(SYS_clock_adjtime, CLOCK_REALTIME, &query)) < 0 ? -errno : 0;
}

const struct act act_kernel[] = {
	ACT("mount-refused", "[TARGET]", "mount a kind of file system that does not exist",
	    mount_refused, ACT_TEMP | ACT_REFUSED, ENODEV, ENOENT, EINVAL),
	ACT("umount-refused", "", "unmount with flags that do not exist", umount_refused,
	    ACT_TEMP | ACT_REFUSED, EINVAL),
	ACT("fsopen-refused", "", "the first step of the newer mount calls, likewise",
	    fsopen_refused, ACT_REFUSED, ENODEV),
	ACT("move-mount-refused", "", "move no mount to nowhere", move_mount_refused, ACT_REFUSED,
	    EINVAL),
	ACT("pivot-root-refused", "", "make a missing directory the root", pivot_root_refused,
	    ACT_TEMP | ACT_REFUSED, ENOENT),
	ACT("bpf-map-refused", "", "create a BPF map of no size", bpf_map_refused, ACT_REFUSED,
	    EINVAL),
	ACT("bpf-program-refused", "", "load a BPF program without instructions",
	    bpf_program_refused, ACT_REFUSED, EINVAL, E2BIG, EFAULT),
	ACT("init-module-refused", "", "load a kernel module that is none", init_module_refused,
	    ACT_REFUSED, ENOEXEC, EFAULT),
	ACT("finit-module-refused", "", "load a kernel module from no file", finit_module_refused,
	    ACT_REFUSED, EBADF),
	ACT("finit-module-file", "", "load a file that is no kernel module", finit_module_file,
	    ACT_TEMP | ACT_REFUSED, ENOEXEC, EINVAL),
	ACT("delete-module-missing", "", "remove a kernel module that does not exist",
	    delete_module_missing, ACT_REFUSED, ENOENT),
	ACT("kexec-refused", "", "load another kernel from no file", kexec_refused, ACT_REFUSED,
	    EINVAL, EBADF),
	ACT("keyctl-describe", "", "ask about a keyring it does not have", keyctl_describe,
	    ACT_REFUSED, ENOKEY),
	ACT("keyctl-read", "", "read a keyring it does not have", keyctl_read, ACT_REFUSED, ENOKEY),
	ACT("io-uring-refused", "", "set up an io_uring of no size", io_uring_refused, ACT_REFUSED,
	    EINVAL),
	ACT("perf-event-refused", "", "open a performance counter with a broken request",
	    perf_event_refused, ACT_REFUSED, E2BIG, EINVAL),
	ACT("clock-set-refused", "", "set the clock to no time", clock_set_refused, ACT_REFUSED,
	    EINVAL),
	ACT("clock-adjust-query", "", "ask how the clock is adjusted", clock_adjust_query, 0,
	    EPERM),
	{ 0 }
};
