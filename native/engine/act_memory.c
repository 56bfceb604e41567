// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Memory: mapped to be executable, read and written from outside. Always its own or its child's. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

#define PAGE 4096

static long word = 1;

static long map_page(int protection)
{
	void *page = mmap(NULL, PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return -errno;
	munmap(page, PAGE);
	return 0;
}

static long mmap_exec(struct act_call *c)
{
	(void)c;
	return map_page(PROT_READ | PROT_EXEC);
}

static long mmap_wx(struct act_call *c)
{
	(void)c;
	return map_page(PROT_READ | PROT_WRITE | PROT_EXEC);
}

static long mprotect_wx(struct act_call *c)
{
	void *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)c;
	if (page == MAP_FAILED)
		return -errno;
	return act_result(mprotect(page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
}

static long make_memfd(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_memfd_create, "telovix-act", MFD_CLOEXEC)) < 0 ? -errno : 0;
}

static long vm_readv(struct act_call *c)
{
	long copy;
	struct iovec to = { &copy, sizeof(copy) }, from = { &word, sizeof(word) };

	(void)c;
	return act_result(syscall(SYS_process_vm_readv, getpid(), &to, 1, &from, 1, 0UL));
}

static long vm_writev(struct act_call *c)
{
	long same = word;
	struct iovec from = { &same, sizeof(same) }, to = { &word, sizeof(word) };

	(void)c;
	return act_result(syscall(SYS_process_vm_writev, getpid(), &from, 1, &to, 1, 0UL));
}

/* Not by its number: in a PID namespace of its own that is somebody else's. */
static long proc_mem_write(struct act_call *c)
{
	long same = word, n;
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	(void)c;
	if (fd < 0)
		return -errno;
	n = act_result(pwrite(fd, &same, sizeof(same), (off_t)(uintptr_t)&word));
	close(fd);
	return n;
}

static long use_userfaultfd(struct act_call *c)
{
	long fd = act_result(syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */));

	(void)c;
	return fd < 0 ? fd : 0;
}

static long ptrace_traceme(struct act_call *c)
{
	(void)c;
	return act_result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static long ptrace_child(struct act_call *c)
{
	pid_t pid = fork();
	long ret;

	(void)c;
	if (!pid)
		for (;;)
			pause();
	if (pid < 0)
		return -errno;
	ret = act_result(ptrace(PTRACE_ATTACH, pid, NULL, NULL));
	if (!ret) {
		waitpid(pid, NULL, 0);
		ret = act_result(ptrace(PTRACE_POKEDATA, pid, &word, word));
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ret;
}

static long pidfd_take(struct act_call *c)
{
	int pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	long fd;

	(void)c;
	if (pidfd < 0)
		return -errno;
	fd = act_result(syscall(SYS_pidfd_getfd, pidfd, 0, 0));
	return fd < 0 ? fd : 0;
}

static long personality_query(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_personality, 0xffffffff));
}

const struct act act_memory[] = {
	ACT("mmap-exec", "", "map executable memory", mmap_exec, 0, EACCES),
	ACT("mmap-wx", "", "map writable and executable memory", mmap_wx, 0, EACCES),
	ACT("mprotect-wx", "", "make memory writable and executable", mprotect_wx, 0, EACCES),
	ACT("memfd-create", "", "make a file in memory", make_memfd, 0),
	ACT("process-vm-readv", "", "read its own memory as another's", vm_readv, 0, EPERM, ENOSYS),
	ACT("process-vm-writev", "", "write its own memory as another's", vm_writev, 0, EPERM,
	    ENOSYS),
	ACT("proc-mem-write", "", "write its own memory through /proc/self/mem", proc_mem_write, 0,
	    EACCES, EPERM, ENOENT, EIO),
	ACT("userfaultfd", "", "open a userfaultfd and close it", use_userfaultfd, 0, EPERM,
	    ENOSYS),
	ACT("ptrace-traceme", "", "let itself be traced, and end", ptrace_traceme, 0, EPERM),
	ACT("ptrace-child", "", "write what is there into a child, by ptrace", ptrace_child, 0,
	    EPERM),
	ACT("pidfd-take", "", "take a descriptor of its own through a pidfd", pidfd_take, 0, EPERM,
	    ENOSYS),
	ACT("personality-query", "", "ask for its execution domain", personality_query, 0),
	{ 0 }
};
