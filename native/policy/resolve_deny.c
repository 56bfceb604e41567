// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Which LSM hook a system call passes on its way: where it is denied when the call itself can't be.
 * Of several hooks the first that is passed denies; one behind a bar only counts where the kernel
 * has none of those before it.
 */
#include <string.h>

#include "calls_table.h"
#include "resolve_choose.h"

#define HOOKS 3

static const struct {
	const char *calls, *hooks[HOOKS];
} denials[] = {
	{ "open openat openat2 creat open_by_handle_at", { "file_open", "inode_create" } },
	{ "link linkat", { "inode_link" } },
	{ "symlink symlinkat", { "inode_symlink" } },
	{ "unlink unlinkat", { "inode_unlink", "inode_rmdir" } },
	{ "rmdir", { "inode_rmdir" } },
	{ "mkdir mkdirat", { "inode_mkdir" } },
	{ "mknod mknodat", { "inode_mknod", "inode_create" } },
	{ "rename renameat renameat2", { "inode_rename" } },
	{ "chmod fchmod fchmodat fchmodat2", { "path_chmod", "|inode_setattr" } },
	{ "chown fchown lchown fchownat chown32 fchown32 lchown32",
	  { "path_chown", "|inode_setattr" } },
	{ "truncate truncate64", { "path_truncate", "|inode_setattr" } },
	{ "ftruncate ftruncate64", { "file_truncate", "|path_truncate", "|inode_setattr" } },
	{ "utime utimes utimensat futimesat", { "inode_setattr" } },
	{ "stat lstat fstat newfstatat statx stat64 lstat64 fstat64 fstatat64",
	  { "inode_getattr" } },
	{ "readlink readlinkat", { "inode_readlink" } },
	{ "chroot", { "path_chroot" } },
	{ "mount", { "sb_mount" } },
	{ "umount umount2", { "sb_umount" } },
	{ "pivot_root", { "sb_pivotroot" } },
	{ "move_mount", { "move_mount" } },
	{ "statfs fstatfs statfs64 fstatfs64", { "sb_statfs" } },
	{ "quotactl quotactl_fd", { "quotactl" } },
	{ "read pread64 readv preadv preadv2 write pwrite64 writev pwritev pwritev2 getdents "
	  "getdents64 sendfile sendfile64 splice copy_file_range",
	  { "file_permission" } },
	{ "ioctl", { "file_ioctl", "file_ioctl_compat" } },
	{ "fcntl fcntl64", { "file_fcntl" } },
	{ "flock", { "file_lock" } },
	{ "mmap mmap2", { "mmap_file" } },
	{ "mprotect pkey_mprotect", { "file_mprotect" } },
	{ "setxattr lsetxattr fsetxattr setxattrat", { "inode_setxattr", "inode_set_acl" } },
	{ "getxattr lgetxattr fgetxattr getxattrat", { "inode_getxattr" } },
	{ "listxattr llistxattr flistxattr listxattrat", { "inode_listxattr" } },
	{ "removexattr lremovexattr fremovexattr removexattrat", { "inode_removexattr" } },
	{ "inotify_add_watch fanotify_mark", { "path_notify" } },
	{ "userfaultfd io_uring_setup memfd_secret", { "inode_init_security_anon" } },
	{ "socket socketpair", { "socket_create" } },
	{ "bind", { "socket_bind" } },
	{ "connect", { "socket_connect" } },
	{ "listen", { "socket_listen" } },
	{ "accept accept4", { "socket_accept" } },
	{ "send sendto sendmsg sendmmsg", { "socket_sendmsg" } },
	{ "recv recvfrom recvmsg recvmmsg", { "socket_recvmsg" } },
	{ "shutdown", { "socket_shutdown" } },
	{ "setsockopt", { "socket_setsockopt" } },
	{ "getsockopt", { "socket_getsockopt" } },
	{ "getsockname", { "socket_getsockname" } },
	{ "getpeername", { "socket_getpeername" } },
	{ "execve execveat", { "bprm_check_security" } },
	{ "clone clone3 fork vfork", { "task_alloc" } },
	{ "unshare", { "userns_create", "capable" } },
	{ "kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal",
	  { "task_kill" } },
	{ "ptrace", { "ptrace_access_check", "ptrace_traceme" } },
	{ "process_vm_readv process_vm_writev kcmp pidfd_getfd", { "ptrace_access_check" } },
	{ "setuid setreuid setresuid setfsuid setuid32 setreuid32 setresuid32 setfsuid32",
	  { "task_fix_setuid" } },
	{ "setgid setregid setresgid setfsgid setgid32 setregid32 setresgid32 setfsgid32",
	  { "task_fix_setgid" } },
	{ "setgroups setgroups32", { "task_fix_setgroups" } },
	{ "setpgid", { "task_setpgid" } },
	{ "getpgid", { "task_getpgid" } },
	{ "getsid", { "task_getsid" } },
	{ "nice setpriority", { "task_setnice" } },
	{ "ioprio_set", { "task_setioprio" } },
	{ "sched_setscheduler sched_setparam sched_setattr sched_setaffinity",
	  { "task_setscheduler" } },
	{ "setrlimit prlimit64", { "task_setrlimit", "task_prlimit" } },
	{ "prctl", { "task_prctl" } },
	{ "capset", { "capset" } },
	{ "capget", { "capget" } },
	{ "bpf", { "bpf" } },
	{ "perf_event_open", { "perf_event_open" } },
	{ "init_module kexec_load", { "kernel_load_data" } },
	{ "finit_module kexec_file_load", { "kernel_read_file" } },
	{ "settimeofday clock_settime clock_settime64 stime", { "settime" } },
	{ "syslog", { "syslog" } },
	{ "keyctl request_key add_key", { "key_permission" } },
	{ "shmat", { "shm_shmat" } },
	{ "msgsnd", { "msg_queue_msgsnd" } },
	{ "semop semtimedop", { "sem_semop" } },
	/* Nothing but a privilege is asked for: the answer is always EPERM. */
	{ "delete_module reboot swapon swapoff sethostname setdomainname acct iopl ioperm setns "
	  "adjtimex clock_adjtime vhangup fanotify_init",
	  { "capable" } },
};

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += n)
		if ((at == list || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
			return true;
	return false;
}

/* Where no LSM program denies: what passes the network's own gate. */
static const char *gate_of(const char *bare)
{
	if (!strcmp(bare, "connect"))
		return "@connect";
	return has_word("sendto sendmsg sendmmsg", bare) ? "@sendmsg" : NULL;
}

int choose_deny(const struct facts *facts, const char *call, struct choice *choice)
{
	const char *bare = call_bare(call);
	int count = 0;

	if (!choose_lsm_works(facts)) {
		const char *gate = facts->cgroup_connect ? gate_of(bare) : NULL;

		if (gate)
			strcpy(choice->deny[0], gate);
		return gate != NULL;
	}
	for (size_t i = 0; i < sizeof(denials) / sizeof(denials[0]); i++) {
		if (!has_word(denials[i].calls, bare))
			continue;
		for (int h = 0; h < HOOKS && denials[i].hooks[h]; h++) {
			const char *hook = denials[i].hooks[h];

			if (*hook == '|' && count)
				continue;
			hook += *hook == '|';
			if (count < POINT_DENY_HOOKS && facts->lsm_hook(hook) == LSM_HOOK_ERRNO)
				strcpy(choice->deny[count++], hook);
		}
		break;
	}
	return count;
}
