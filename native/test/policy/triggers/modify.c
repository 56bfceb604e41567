// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What a run is before it acts:
 *   fork            goes on in a child, waits for it
 *   exec=PATH       goes on in that program, which must be act itself
 *   unshare=NS      uts ipc net user mnt cgroup time, or pid (for the children)
 *   eff-=N perm-=N inh+=N   capability N out of the effective, permitted, into the inheritable set
 *   uid=N comm=TEXT chdir=PATH stdin=PATH cgroup=DIR
 *   times=N thread  the next action N times; in a thread of its own
 */
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "act.h"

static const char *value_of(const char *token, const char *key)
{
	size_t len = strlen(key);

	return strncmp(token, key, len) ? NULL : token + len;
}

void go_on_in_child(void)
{
	int status = 0;
	pid_t child = fork();

	must(child >= 0, "fork");
	if (!child) {
		report(REPORT_PID, 0, 0, 0);
		return;
	}
	must(waitpid(child, &status, 0) == child, "waitpid");
	if (WIFSIGNALED(status))
		report(REPORT_SIGNAL, WTERMSIG(status), 0, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 0);
}

static void go_on_in(const char *path, char **tokens)
{
	char *argv[70] = { (char *)path, "child" };
	int n = 2;

	while (*tokens && n < 69)
		argv[n++] = *tokens++;
	argv[n] = NULL;
	execv(path, argv);
	report(REPORT_END, 0, -1, errno);
	_exit(0);
}

static void leave_namespace(const char *name)
{
	static const struct {
		const char *name;
		int flag;
	} kinds[] = { { "uts", CLONE_NEWUTS },
		      { "ipc", CLONE_NEWIPC },
		      { "net", CLONE_NEWNET },
		      { "user", CLONE_NEWUSER },
		      { "mnt", CLONE_NEWNS },
		      { "cgroup", CLONE_NEWCGROUP },
		      { "time", 0x80 /* CLONE_NEWTIME */ },
		      { "pid", CLONE_NEWPID } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].name, name)) {
			must(!unshare(kinds[i].flag), name);
			return;
		}
	errno = EINVAL;
	fail(name);
}

/* which: 0 effective, 1 permitted, 2 inheritable. */
static void change_capability(int which, int capability, int add)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	__u32 bit = 1u << (capability & 31), *word;

	must(!syscall(SYS_capget, &header, data), "capget");
	word = which == 0   ? &data[capability >> 5].effective
	       : which == 1 ? &data[capability >> 5].permitted
			    : &data[capability >> 5].inheritable;
	*word = add ? *word | bit : *word & ~bit;
	if (which == 1)
		data[capability >> 5].effective &= *word;
	must(!syscall(SYS_capset, &header, data), "capset");
}

static void enter_cgroup(const char *dir)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	must(fd >= 0 && write(fd, "0", 1) == 1, path);
	close(fd);
}

static void take_stdin(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	must(fd >= 0 && dup2(fd, 0) == 0, path);
	close(fd);
}

int modify(char ***tokens, int *times, int *thread)
{
	char *token = **tokens;
	const char *v;

	if (!strcmp(token, "fork")) {
		go_on_in_child();
	} else if (!strcmp(token, "thread")) {
		*thread = 1;
	} else if ((v = value_of(token, "exec="))) {
		go_on_in(v, *tokens + 1);
	} else if ((v = value_of(token, "unshare="))) {
		leave_namespace(v);
	} else if ((v = value_of(token, "eff-="))) {
		change_capability(0, atoi(v), 0);
	} else if ((v = value_of(token, "eff+="))) {
		change_capability(0, atoi(v), 1);
	} else if ((v = value_of(token, "perm-="))) {
		change_capability(1, atoi(v), 0);
	} else if ((v = value_of(token, "inh+="))) {
		change_capability(2, atoi(v), 1);
	} else if ((v = value_of(token, "uid="))) {
		must(!setresuid(atoi(v), atoi(v), atoi(v)), "setresuid");
	} else if ((v = value_of(token, "comm="))) {
		must(!prctl(PR_SET_NAME, v), "prctl");
	} else if ((v = value_of(token, "chdir="))) {
		must(!chdir(v), v);
	} else if ((v = value_of(token, "stdin="))) {
		take_stdin(v);
	} else if ((v = value_of(token, "cgroup="))) {
		enter_cgroup(v);
	} else if ((v = value_of(token, "times="))) {
		*times = atoi(v);
	} else {
		return 0;
	}
	++*tokens;
	return 1;
}
