// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "names.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "events.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *pick(const char *const *names, size_t count, int index)
{
	return index >= 0 && (size_t)index < count ? names[index] : NULL;
}

const char *name_capability(uint32_t bit)
{
	static const char *const names[] = { "CAP_CHOWN",
					     "CAP_DAC_OVERRIDE",
					     "CAP_DAC_READ_SEARCH",
					     "CAP_FOWNER",
					     "CAP_FSETID",
					     "CAP_KILL",
					     "CAP_SETGID",
					     "CAP_SETUID",
					     "CAP_SETPCAP",
					     "CAP_LINUX_IMMUTABLE",
					     "CAP_NET_BIND_SERVICE",
					     "CAP_NET_BROADCAST",
					     "CAP_NET_ADMIN",
					     "CAP_NET_RAW",
					     "CAP_IPC_LOCK",
					     "CAP_IPC_OWNER",
					     "CAP_SYS_MODULE",
					     "CAP_SYS_RAWIO",
					     "CAP_SYS_CHROOT",
					     "CAP_SYS_PTRACE",
					     "CAP_SYS_PACCT",
					     "CAP_SYS_ADMIN",
					     "CAP_SYS_BOOT",
					     "CAP_SYS_NICE",
					     "CAP_SYS_RESOURCE",
					     "CAP_SYS_TIME",
					     "CAP_SYS_TTY_CONFIG",
					     "CAP_MKNOD",
					     "CAP_LEASE",
					     "CAP_AUDIT_WRITE",
					     "CAP_AUDIT_CONTROL",
					     "CAP_SETFCAP",
					     "CAP_MAC_OVERRIDE",
					     "CAP_MAC_ADMIN",
					     "CAP_SYSLOG",
					     "CAP_WAKE_ALARM",
					     "CAP_BLOCK_SUSPEND",
					     "CAP_AUDIT_READ",
					     "CAP_PERFMON",
					     "CAP_BPF",
					     "CAP_CHECKPOINT_RESTORE" };

	return pick(names, COUNT(names), bit);
}

const char *name_securebit(uint32_t bit)
{
	static const char *const names[] = { "SecBitNoRoot",
					     "SecBitNoRootLocked",
					     "SecBitNoSetUidFixup",
					     "SecBitNoSetUidFixupLocked",
					     "SecBitKeepCaps",
					     "SecBitKeepCapsLocked",
					     "SecBitNoCapAmbientRaise",
					     "SecBitNoCapAmbientRaiseLocked" };

	return pick(names, COUNT(names), bit);
}

const char *name_namespace(int ns)
{
	static const char *const names[TX_NS_COUNT] = {
		[TX_NS_UTS] = "uts",
		[TX_NS_IPC] = "ipc",
		[TX_NS_MNT] = "mnt",
		[TX_NS_PID] = "pid",
		[TX_NS_PID_CHILD] = "pid_for_children",
		[TX_NS_NET] = "net",
		[TX_NS_TIME] = "time",
		[TX_NS_TIME_CHILD] = "time_for_children",
		[TX_NS_CGROUP] = "cgroup",
		[TX_NS_USER] = "user",
	};

	return pick(names, TX_NS_COUNT, ns);
}

const char *name_signal(int signal)
{
	static char text[24];
	const char *abbreviation = sigabbrev_np(signal);

	if (abbreviation)
		snprintf(text, sizeof(text), "SIG%s", abbreviation);
	else if (signal >= 32 && signal <= 64)
		snprintf(text, sizeof(text), "SIGRT%d", signal - 32);
	else
		return NULL;
	return text;
}

const char *name_family(int family)
{
	return family == AF_INET ? "AF_INET" : family == AF_INET6 ? "AF_INET6" : "AF_UNSPEC";
}

const char *name_socket_type(int type)
{
	static const char *const names[] = { [SOCK_STREAM] = "SOCK_STREAM",
					     [SOCK_DGRAM] = "SOCK_DGRAM",
					     [SOCK_RAW] = "SOCK_RAW",
					     [SOCK_RDM] = "SOCK_RDM",
					     [SOCK_SEQPACKET] = "SOCK_SEQPACKET" };

	return pick(names, COUNT(names), type);
}

const char *name_protocol(int protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "IPPROTO_TCP";
	case IPPROTO_UDP:
		return "IPPROTO_UDP";
	case IPPROTO_SCTP:
		return "IPPROTO_SCTP";
	case IPPROTO_ICMP:
		return "IPPROTO_ICMP";
	case IPPROTO_ICMPV6:
		return "IPPROTO_ICMPV6";
	case IPPROTO_UDPLITE:
		return "IPPROTO_UDPLITE";
	case 262:
		return "IPPROTO_MPTCP";
	default:
		return NULL;
	}
}

const char *name_tcp_state(int state)
{
	static const char *const names[] = { NULL,
					     "TCP_ESTABLISHED",
					     "TCP_SYN_SENT",
					     "TCP_SYN_RECV",
					     "TCP_FIN_WAIT1",
					     "TCP_FIN_WAIT2",
					     "TCP_TIME_WAIT",
					     "TCP_CLOSE",
					     "TCP_CLOSE_WAIT",
					     "TCP_LAST_ACK",
					     "TCP_LISTEN",
					     "TCP_CLOSING",
					     "TCP_NEW_SYN_RECV" };

	return pick(names, COUNT(names), state);
}

/* O_LARGEFILE of libc is 0 where every file may be large; the kernel's is told all the same. */
#ifdef __aarch64__
#define LARGEFILE 0400000
#else
#define LARGEFILE 0100000
#endif

void name_open_flags(char *out, size_t size, uint32_t flags)
{
	/* O_SYNC and O_TMPFILE hold other flags in them, so they come first and take them away. */
	static const struct {
		uint32_t bits;
		const char *name;
	} table[] = {
		{ O_SYNC, "O_SYNC" },           { 020000000 | O_DIRECTORY, "O_TMPFILE" },
		{ O_CREAT, "O_CREAT" },         { O_EXCL, "O_EXCL" },
		{ O_NOCTTY, "O_NOCTTY" },       { O_TRUNC, "O_TRUNC" },
		{ O_APPEND, "O_APPEND" },       { O_NONBLOCK, "O_NONBLOCK" },
		{ O_DSYNC, "O_DSYNC" },         { O_ASYNC, "O_ASYNC" },
		{ O_DIRECT, "O_DIRECT" },       { LARGEFILE, "O_LARGEFILE" },
		{ O_DIRECTORY, "O_DIRECTORY" }, { O_NOFOLLOW, "O_NOFOLLOW" },
		{ 01000000, "O_NOATIME" },      { O_CLOEXEC, "O_CLOEXEC" },
		{ 010000000, "O_PATH" },
	};
	static const char *const access[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };
	size_t at = snprintf(out, size, "%s", access[flags & O_ACCMODE]);

	flags &= ~O_ACCMODE;
	for (size_t i = 0; i < COUNT(table) && at < size; i++) {
		if ((flags & table[i].bits) != table[i].bits)
			continue;
		at += snprintf(out + at, size - at, "|%s", table[i].name);
		flags &= ~table[i].bits;
	}
	if (flags && at < size)
		snprintf(out + at, size - at, "|0%o", flags);
}

void name_mode(char out[11], uint32_t mode)
{
	static const char rwx[] = "rwxrwxrwx";

	out[0] = S_ISDIR(mode)    ? 'd'
		 : S_ISLNK(mode)  ? 'l'
		 : S_ISCHR(mode)  ? 'c'
		 : S_ISBLK(mode)  ? 'b'
		 : S_ISFIFO(mode) ? 'p'
		 : S_ISSOCK(mode) ? 's'
				  : '-';
	for (int i = 0; i < 9; i++)
		out[1 + i] = mode & (0400 >> i) ? rwx[i] : '-';
	if (mode & S_ISUID)
		out[3] = mode & 0100 ? 's' : 'S';
	if (mode & S_ISGID)
		out[6] = mode & 010 ? 's' : 'S';
	if (mode & S_ISVTX)
		out[9] = mode & 01 ? 't' : 'T';
	out[10] = 0;
}
