// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Namespaces: made for a child that ends at once, or entered where it is already. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "act.h"

static long unshare_user(struct act_call *c)
{
	(void)c;
	return act_result(unshare(CLONE_NEWUSER));
}

static long unshare_mount(struct act_call *c)
{
	(void)c;
	return act_result(unshare(CLONE_NEWNS));
}

static long unshare_uts(struct act_call *c)
{
	(void)c;
	return act_result(unshare(CLONE_NEWUTS));
}

static long setns_own(struct act_call *c)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

	(void)c;
	return fd < 0 ? -errno : act_result(setns(fd, CLONE_NEWUTS));
}

const struct act act_namespace[] = {
	ACT("unshare-user", "", "make a user namespace, and end", unshare_user, 0, EPERM, ENOSPC,
	    EUSERS),
	ACT("unshare-mount", "", "make a mount namespace, and end", unshare_mount, 0, EPERM),
	ACT("unshare-uts", "", "make a namespace for its host name, and end", unshare_uts, 0,
	    EPERM),
	ACT("setns-own", "", "enter the namespace it is in", setns_own, 0, EPERM),
	{ 0 }
};
