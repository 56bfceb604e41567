// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Credentials: set to what they are. System calls directly: the C library's act on every thread. */
#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

static long setuid_same(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_setuid, getuid()));
}

static long setgid_same(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_setgid, getgid()));
}

static long setreuid_same(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_setreuid, getuid(), geteuid()));
}

static long setregid_same(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_setregid, getgid(), getegid()));
}

static long setresuid_same(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_setresuid, getuid(), geteuid(), -1));
}

static long setresgid_same(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_setresgid, getgid(), getegid(), -1));
}

static long setuid_drop(struct act_call *c)
{
	(void)c;
	return act_result(syscall(SYS_setuid, 65534));
}

static long capset_same(struct act_call *c)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	(void)c;
	if (syscall(SYS_capget, &header, data))
		return -errno;
	return act_result(syscall(SYS_capset, &header, data));
}

const struct act act_credentials[] = {
	ACT("setuid-same", "", "set the user id to what it is", setuid_same, 0),
	ACT("setgid-same", "", "set the group id to what it is", setgid_same, 0),
	ACT("setreuid-same", "", "set real and effective user id to what they are", setreuid_same,
	    0),
	ACT("setregid-same", "", "set real and effective group id to what they are", setregid_same,
	    0),
	ACT("setresuid-same", "", "set all user ids to what they are", setresuid_same, 0),
	ACT("setresgid-same", "", "set all group ids to what they are", setresgid_same, 0),
	ACT("setuid-drop", "", "become nobody, and end", setuid_drop, 0, EPERM),
	ACT("capset-same", "", "set the capabilities to what they are", capset_same, 0),
	{ 0 }
};
