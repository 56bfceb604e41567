// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* System calls told with their arguments. */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "trigger.h"

static void namespaces(void)
{
	pid_t child = fork();

	if (!child) {
		must(!unshare(CLONE_NEWNS), "unshare");
		must(!mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
		must(!mount("tmpfs", "/mnt", "tmpfs", 0, "size=64k"), "mount");
		must(!umount2("/mnt", MNT_DETACH), "umount");
		_exit(0);
	}
	must(!wait_for(child), "namespaces");
	truth("unshare", 1, child, "\"sys_unshare\"", "{\"size_arg\":\"131072\"}", NULL);
	truth("mount", 1, child, "\"sys_mount\"",
	      "[{\"string_arg\":\"tmpfs\"},{\"string_arg\":\"/mnt\"},{\"string_arg\":\"tmpfs\"},"
	      "{\"size_arg\":\"0\"},{\"string_arg\":\"size=64k\"}]",
	      NULL);
	truth("umount2", 1, child, "\"sys_umount2\"", "{\"string_arg\":\"/mnt\"},{\"int_arg\":2}",
	      NULL);
}

static void tracing(int pid)
{
	static char target[] = "before", text[] = "after!";
	struct iovec from = { text, sizeof(text) }, to = { target, sizeof(target) };
	pid_t child = fork();

	if (!child)
		for (;;)
			pause();
	must(!ptrace(PTRACE_ATTACH, child, 0, 0), "attach");
	wait_for(child);
	must(process_vm_writev(child, &from, 1, &to, 1, 0) == sizeof(text), "writev");
	ptrace(PTRACE_DETACH, child, 0, 0);
	kill(child, SIGKILL);
	wait_for(child);
	truth("ptrace attach", 1, pid, "\"sys_ptrace\"",
	      text_of("[{\"int_arg\":16},{\"int_arg\":%d}", child), NULL);
	truth("process_vm_writev", 1, pid, "\"sys_process_vm_writev\"",
	      text_of("[{\"int_arg\":%d}", child), "\"return\":{\"int_arg\":7}", NULL);
}

static void memory(int pid)
{
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
	munmap(page, 4096);
	truth("mprotect to writable and executable, nothing else", 1, pid, "\"sys_mprotect\"",
	      "{\"int_arg\":7}", NULL);
	prctl(PR_SET_NAME, "tx-renamed");
	truth("prctl name", 1, pid, "\"sys_prctl\"",
	      "[{\"int_arg\":15},{\"string_arg\":\"tx-renamed\"}]", NULL);
	syscall(SYS_delete_module, "tx_no_such_module", 0);
	truth("delete_module", 1, pid, "\"sys_delete_module\"",
	      "{\"string_arg\":\"tx_no_such_module\"}", NULL);
	must(setuid(getuid()) == 0, "setuid");
	truth("a setuid that changes nothing is not told", 0, pid, "\"sys_setuid\"", NULL);
	kill(getpid(), 0);
	truth("signal 0 is not told", 0, pid, "\"sys_kill\"",
	      text_of("[{\"int_arg\":%d},{\"int_arg\":0}", pid), NULL);
}

/* The 32-bit way in, which a 64-bit program may take too: other numbers, other registers. */
static void by_interrupt(int pid)
{
#ifdef __x86_64__
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "0"(37), "b"(pid), "c"(SIGCONT)
			 : "memory", "r8", "r9", "r10", "r11");
	must(!ret, "int 0x80");
	truth("a 32-bit system call", 1, pid, "\"sys_kill\"",
	      text_of("[{\"int_arg\":%d},{\"int_arg\":18}]", pid), NULL);
#else
	(void)pid;
#endif
}

int main(void)
{
	by_interrupt(getpid());
	namespaces();
	tracing(getpid());
	memory(getpid());
	return 0;
}
