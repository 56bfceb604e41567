// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The network: on loopback only, and nothing is sent to anybody who listens. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "act.h"

static long open_close(int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static long socket_raw(struct act_call *c)
{
	(void)c;
	return open_close(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

/* No protocol: it is attached to nothing and receives nothing. */
static long socket_packet(struct act_call *c)
{
	(void)c;
	return open_close(AF_PACKET, SOCK_RAW, 0);
}

static long socket_filter(struct act_call *c)
{
	struct sock_filter code = { .code = BPF_RET | BPF_K, .k = 0 };
	struct sock_fprog program = { .len = 1, .filter = &code };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)c;
	if (fd < 0)
		return -errno;
	return act_result(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
}

/* Of a descriptor that is no socket: whatever the option, it is refused. */
static long sockopt_refused(struct act_call *c)
{
	long level = act_number(c, 0, -1), name = act_number(c, 1, -1);

	if (level < 0 || name < 0)
		return -ERANGE;
	return act_result(setsockopt(0, level, name, "", 1));
}

static struct sockaddr_in loopback(long port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* A socket of the type, bound to a loopback port; 0: any. */
static int bound(int type, long port, struct sockaddr_in *at)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*at);

	*at = loopback(port);
	if (fd < 0 || port < 0 || port > 65535)
		return fd < 0 ? -errno : -ERANGE;
	if (bind(fd, (struct sockaddr *)at, len) || getsockname(fd, (struct sockaddr *)at, &len))
		return -errno;
	return fd;
}

/* Bound but not listening: the port is taken by this process, and nobody answers on it. */
static long connect_closed(struct act_call *c)
{
	struct sockaddr_in at;
	int taken = bound(SOCK_STREAM, 0, &at), fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)c;
	if (taken < 0 || fd < 0)
		return taken < 0 ? taken : -errno;
	return act_result(connect(fd, (struct sockaddr *)&at, sizeof(at)));
}

/* A datagram socket only remembers its peer: nothing is sent. */
static long connect_udp(struct act_call *c)
{
	long port = act_number(c, 0, -1);
	struct sockaddr_in at = loopback(port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || port < 1 || port > 65535)
		return fd < 0 ? -errno : -ERANGE;
	return act_result(connect(fd, (struct sockaddr *)&at, sizeof(at)));
}

/* By a type of socket no service of this kind listens with. */
static long connect_unix_refused(struct act_call *c)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(c->argv[0]) >= sizeof(at.sun_path))
		return fd < 0 ? -errno : -ERANGE;
	strcpy(at.sun_path, c->argv[0]);
	return act_result(connect(fd, (struct sockaddr *)&at, sizeof(at)));
}

static long bind_loopback(struct act_call *c)
{
	struct sockaddr_in at;
	long fd = bound(SOCK_DGRAM, act_number(c, 0, 0), &at);

	return fd < 0 ? fd : 0;
}

static long listen_loopback(struct act_call *c)
{
	struct sockaddr_in at;
	int fd = bound(SOCK_STREAM, 0, &at);

	(void)c;
	return fd < 0 ? fd : act_result(listen(fd, 1));
}

/* A connection to itself, waiting to be accepted; the client's end stays open as long as the doer.
 */
static long pending(void)
{
	struct sockaddr_in at;
	int fd = bound(SOCK_STREAM, 0, &at),
	    client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || client < 0 || listen(fd, 1))
		return fd < 0 ? fd : -errno;
	return connect(client, (struct sockaddr *)&at, sizeof(at)) ? -errno : fd;
}

static long accept_loopback(struct act_call *c)
{
	long fd = pending();

	(void)c;
	return fd < 0 ? fd : act_result(accept(fd, NULL, NULL));
}

static long accept4_loopback(struct act_call *c)
{
	long fd = pending();

	(void)c;
	return fd < 0 ? fd : act_result(accept4(fd, NULL, NULL, SOCK_CLOEXEC));
}

static long send_to(long port, const char *bytes, size_t len)
{
	struct sockaddr_in at = loopback(port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	return act_result(sendto(fd, bytes, len, 0, (struct sockaddr *)&at, sizeof(at)));
}

/* To a port that is its own. */
static long udp_send(struct act_call *c)
{
	struct sockaddr_in at;
	int fd = bound(SOCK_DGRAM, 0, &at);

	(void)c;
	return fd < 0 ? fd : send_to(ntohs(at.sin_port), "telovix", 7);
}

/* The same with the address in a header, alone or as the first of several. */
static long send_header(bool several)
{
	struct sockaddr_in at;
	int to = bound(SOCK_DGRAM, 0, &at), fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct iovec part = { "telovix", 7 };
	struct mmsghdr header = { .msg_hdr = { .msg_name = &at,
					       .msg_namelen = sizeof(at),
					       .msg_iov = &part,
					       .msg_iovlen = 1 } };

	if (to < 0 || fd < 0)
		return to < 0 ? to : -errno;
	return act_result(several ? sendmmsg(fd, &header, 1, 0) : sendmsg(fd, &header.msg_hdr, 0));
}

static long udp_sendmsg(struct act_call *c)
{
	(void)c;
	return send_header(false);
}

static long udp_sendmmsg(struct act_call *c)
{
	(void)c;
	return send_header(true);
}

/* A question for the address of telovix.invalid, a name that exists nowhere. */
static long dns_query(struct act_call *c)
{
	static const char question[] = "\x7e\x10\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
				       "\x07telovix\x07invalid\x00\x00\x01\x00\x01";

	(void)c;
	return send_to(53, question, sizeof(question) - 1);
}

static long ioctl_refused(struct act_call *c)
{
	long number = act_number(c, 0, -1);

	return number < 0 ? -ERANGE : act_result(syscall(SYS_ioctl, -1, number, NULL));
}

const struct act act_network[] = {
	ACT("socket-raw", "", "open a raw socket and close it", socket_raw, 0, EPERM),
	ACT("socket-packet", "", "open a packet socket bound to nothing", socket_packet, 0, EPERM,
	    EAFNOSUPPORT),
	ACT("socket-filter", "", "attach a filter to a socket of its own", socket_filter, 0),
	ACT("sockopt-refused", "LEVEL OPTION", "set an option of what is no socket",
	    sockopt_refused, ACT_REFUSED, ENOTSOCK),
	ACT("connect-closed", "", "connect to a loopback port nobody listens on", connect_closed,
	    ACT_REFUSED, ECONNREFUSED),
	ACT("connect-udp", "PORT", "name a loopback port as peer, and send nothing", connect_udp,
	    0),
	ACT("connect-unix-refused", "PATH", "connect to a local socket of another type",
	    connect_unix_refused, ACT_REFUSED, ENOENT, EPROTOTYPE, ECONNREFUSED, ENOTDIR),
	ACT("bind-loopback", "[PORT]", "take a UDP port of loopback and give it back",
	    bind_loopback, 0, EADDRINUSE, EACCES),
	ACT("listen-loopback", "", "listen on a free loopback port", listen_loopback, 0),
	ACT("accept-loopback", "", "connect to itself on loopback", accept_loopback, 0),
	ACT("accept4-loopback", "", "the same by accept4", accept4_loopback, 0),
	ACT("udp-send", "", "send itself a datagram on loopback", udp_send, 0),
	ACT("udp-sendmsg", "", "the same by sendmsg", udp_sendmsg, 0),
	ACT("udp-sendmmsg", "", "the same by sendmmsg", udp_sendmmsg, 0),
	ACT("dns-query", "", "ask 127.0.0.1 for a name that exists nowhere", dns_query, 0,
	    ECONNREFUSED),
	ACT("ioctl-refused", "NUMBER", "make an ioctl of no descriptor", ioctl_refused, ACT_REFUSED,
	    EBADF),
	{ 0 }
};
