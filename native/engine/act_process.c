// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Programs started, processes born, signals sent, descriptors turned round. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

#define MAX_FORKS 64

static long become(struct act_call *c, const char *path, char *const argv[])
{
	act_tell(c, 0, path);
	execv(path, argv);
	return -errno;
}

static long exec_copy(struct act_call *c)
{
	const char *name = c->argc ? c->argv[0] : "telovix-engine";
	const char *path = act_in_dir(c, name);
	char *argv[] = { (char *)path, "version", NULL };
	int err;

	if (!*name || *name == '.' || strchr(name, '/'))
		return -EINVAL;
	err = act_copy_self(path);
	return err ? err : become(c, path, argv);
}

static long exec_shell(struct act_call *c)
{
	char *argv[] = { "sh", "-c", ":", NULL };

	return become(c, "/bin/sh", argv);
}

/* The C library of the host, which this program does not use itself. */
static long lookup_name(struct act_call *c)
{
	char *argv[] = { "getent", "ahosts", "localhost", NULL };

	return become(c, "/usr/bin/getent", argv);
}

static long fill_from_self(int to)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (from < 0)
		return -errno;
	while ((n = sendfile(to, from, NULL, 1 << 20)) > 0)
		;
	close(from);
	return n < 0 ? -errno : 0;
}

static long memfd_exec(struct act_call *c)
{
	char *argv[] = { "telovix-act", "version", NULL }, *envp[] = { NULL };
	int fd = syscall(SYS_memfd_create, "telovix-act", MFD_CLOEXEC);
	long err = fd < 0 ? -errno : fill_from_self(fd);

	if (err)
		return err;
	act_tell(c, 0, "memfd:telovix-act");
	syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
	return -errno;
}

static long fork_burst(struct act_call *c)
{
	long count = act_number(c, 0, 8);

	if (count < 1 || count > MAX_FORKS)
		return -EINVAL;
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid < 0)
			return -errno;
		waitpid(pid, NULL, 0);
	}
	return count;
}

static long clone_uts(struct act_call *c)
{
	long pid = syscall(SYS_clone, CLONE_NEWUTS | SIGCHLD, 0, 0, 0, 0);

	(void)c;
	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	waitpid(pid, NULL, 0);
	return 0;
}

static long clone3_plain(struct act_call *c)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	(void)c;
	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	waitpid(pid, NULL, 0);
	return 0;
}

static long kill_zero(struct act_call *c)
{
	(void)c;
	return act_result(kill(getpid(), 0));
}

static long kill_self(struct act_call *c)
{
	(void)c;
	return act_result(kill(getpid(), SIGCONT));
}

static long kill_child(struct act_call *c)
{
	long signal = act_number(c, 0, SIGKILL), ret;
	pid_t pid;

	if (signal < 1 || signal > SIGSYS)
		return -EINVAL;
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	if (pid < 0)
		return -errno;
	ret = act_result(kill(pid, signal));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return ret;
}

/* The step of a reverse shell: a socket becomes standard input. This one is connected to nothing.
 */
static long dup2_socket(struct act_call *c)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	long ret;

	(void)c;
	if (fd < 0)
		return -errno;
#ifdef SYS_dup2
	ret = act_result(syscall(SYS_dup2, fd, 0));
#else
	ret = act_result(syscall(SYS_dup3, fd, 0, 0));
#endif
	close(fd);
	return ret;
}

static long rename_self(struct act_call *c)
{
	return act_result(prctl(PR_SET_NAME, c->argv[0]));
}

static long seccomp_refused(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_seccomp, 1 /* SECCOMP_SET_MODE_FILTER */, 0x8000, NULL));
}

static long affinity_same(struct act_call *c)
{
	cpu_set_t set;

	(void)c;
	if (sched_getaffinity(0, sizeof(set), &set))
		return -errno;
	return act_result(sched_setaffinity(0, sizeof(set), &set));
}

static long scheduler_same(struct act_call *c)
{
	struct sched_param param = { 0 };

	(void)c;
	return act_result(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &param));
}

const struct act act_process[] = {
	ACT("exec-copy", "[NAME]", "run a copy of this program from a scratch directory", exec_copy,
	    ACT_TEMP | ACT_EXEC, EACCES),
	ACT("exec-shell", "", "run a shell that does nothing", exec_shell, ACT_EXEC, ENOENT),
	ACT("lookup-name", "", "run getent, which asks the C library for localhost", lookup_name,
	    ACT_EXEC, ENOENT),
	ACT("memfd-exec", "", "run a copy of this program from memory", memfd_exec, ACT_EXEC,
	    EACCES),
	ACT("fork-burst", "[COUNT]", "make 8 (at most 64) children that end at once", fork_burst,
	    0),
	ACT("clone-uts", "", "make a child with a host name of its own", clone_uts, 0, EPERM),
	ACT("clone3-plain", "", "make a child by clone3", clone3_plain, 0, ENOSYS),
	ACT("kill-zero", "", "ask whether it may send itself a signal", kill_zero, 0),
	ACT("kill-self", "", "send itself SIGCONT", kill_self, 0),
	ACT("kill-child", "[SIGNAL]", "kill a child of its own", kill_child, 0),
	ACT("dup2-socket", "", "make an unconnected socket standard input", dup2_socket, 0),
	ACT("rename-self", "NAME", "give itself another name", rename_self, 0),
	ACT("seccomp-refused", "", "set a filter with flags that do not exist", seccomp_refused,
	    ACT_REFUSED, EINVAL),
	ACT("affinity-same", "", "bind itself to the CPUs it has", affinity_same, 0),
	ACT("scheduler-same", "", "ask for ordinary scheduling", scheduler_same, 0, EPERM),
	{ 0 }
};
