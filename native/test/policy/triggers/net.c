// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Sockets on addresses of this machine only. A port of 0 leaves the choice to the kernel. */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "act.h"
#include "usdt.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t make_address(union address *a, const char *text, int port)
{
	memset(a, 0, sizeof(*a));
	if (strchr(text, ':')) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons(port);
		must(inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1, text);
		return sizeof(a->v6);
	}
	a->v4.sin_family = AF_INET;
	a->v4.sin_port = htons(port);
	must(inet_pton(AF_INET, text, &a->v4.sin_addr) == 1, text);
	return sizeof(a->v4);
}

/* A socket of the peer's family, bound to our address and port. */
static int make_socket(const char *peer, int type, const char *own, int port)
{
	union address a;
	socklen_t len = make_address(&a, own, port);
	int one = 1, fd = socket(strchr(peer, ':') ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0);

	must(fd >= 0, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (port || strcmp(own, "0.0.0.0"))
		must(!bind(fd, &a.any, len), "bind");
	return fd;
}

/* connect ADDRESS PORT OWN-ADDRESS OWN-PORT: nobody listens, so it ends in ECONNREFUSED unless it
 * was stopped. */
static long run_connect(char **a)
{
	union address peer;
	socklen_t len = make_address(&peer, a[0], number(a[1]));
	int fd = make_socket(a[0], SOCK_STREAM, a[2], number(a[3]));
	int ret = connect(fd, &peer.any, len), err = errno;

	close(fd);
	errno = err;
	return ret;
}

/* udp ADDRESS PORT OWN-ADDRESS OWN-PORT BYTES */
static long run_udp(char **a)
{
	static const char text[1400] = "telovix";
	union address peer;
	socklen_t len = make_address(&peer, a[0], number(a[1]));

	return sendto(make_socket(a[0], SOCK_DGRAM, a[2], number(a[3])), text, number(a[4]), 0,
		      &peer.any, len);
}

/* connect-nothing ADDRESS PORT: by a descriptor that is none. */
static long run_connect_nothing(char **a)
{
	union address peer;
	socklen_t len = make_address(&peer, a[0], number(a[1]));

	return connect(-1, &peer.any, len);
}

/* connect-raw ADDRESS: a raw socket, whose port is 0. */
static long run_connect_raw(char **a)
{
	union address peer;
	socklen_t len = make_address(&peer, a[0], 0);

	return connect(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), &peer.any, len);
}

/* connect-length ADDRESS PORT LENGTH: as no address is long. */
static long run_connect_length(char **a)
{
	char room[512] = { 0 };
	union address *peer = (union address *)room;
	int fd, ret, err;

	make_address(peer, a[0], number(a[1]));
	fd = make_socket(a[0], SOCK_STREAM, "0.0.0.0", 0);
	ret = connect(fd, &peer->any, number(a[2]));
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

static void *connect_in_vain(void *args)
{
	char **a = args, *length[] = { a[0], a[1], "300" };

	run_connect_length(length);
	return NULL;
}

/*
 * connect-crowd ADDRESS PORT: more threads than are awaited connect with an address that is too
 * long; then one with a good one. ret is that of the last.
 */
static long run_connect_crowd(char **a)
{
	char *good[] = { a[0], a[1], "16" };

	for (int i = 0; i < 700; i++) {
		pthread_t thread;

		must(!pthread_create(&thread, NULL, connect_in_vain, a), "pthread_create");
		pthread_join(thread, NULL);
	}
	return run_connect_length(good);
}

/*
 * reconnect-send ADDRESS PORT: a connected socket is connected once more, which fails before
 * anybody is asked whether it may; then a datagram is sent. ret is that of sending it.
 */
static long run_reconnect_send(char **a)
{
	union address peer, own;
	char text[] = "telovix";
	struct iovec part = { text, sizeof(text) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_name = &peer };
	socklen_t len = sizeof(own);
	int server = make_socket("127.0.0.1", SOCK_STREAM, "127.0.0.1", 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(!listen(server, 1) && !getsockname(server, &own.any, &len), "listen");
	must(!connect(fd, &own.any, len), "connect");
	message.msg_namelen = make_address(&peer, a[0], number(a[1]));
	must(connect(fd, &peer.any, message.msg_namelen), "second connect");
	return sendmsg(make_socket("127.0.0.1", SOCK_DGRAM, "0.0.0.0", 0), &message, 0);
}

/* listen ADDRESS PORT BACKLOG */
static long run_listen(char **a)
{
	return listen(make_socket(a[0], SOCK_STREAM, a[0], number(a[1])), number(a[2]));
}

/* peer ADDRESS PORT OWN-ADDRESS OWN-PORT: a datagram socket that knows both ends is asked for the
 * other.
 */
static long run_peer(char **a)
{
	union address peer;
	socklen_t len = make_address(&peer, a[0], number(a[1]));
	int fd = make_socket(a[0], SOCK_DGRAM, a[2], number(a[3]));

	must(!connect(fd, &peer.any, len), "connect");
	return getpeername(fd, &peer.any, &len);
}

/* Ends without waiting, so that the same ends can meet again. */
static void end_at_once(int fd)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

/* accept ADDRESS PORT OWN-ADDRESS OWN-PORT: a connection from there to here, taken. */
static long run_accept(char **a)
{
	union address own;
	socklen_t len = make_address(&own, a[2], number(a[3]));
	int server = make_socket(a[0], SOCK_STREAM, a[2], number(a[3]));
	int client = make_socket(a[2], SOCK_STREAM, a[0], number(a[1]));
	int taken;

	must(!listen(server, 1) && !connect(client, &own.any, len), "connect");
	taken = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	end_at_once(client);
	end_at_once(taken);
	close(server);
	return taken < 0 ? -1 : 0;
}

/* For probes of programs: an address that stays theirs. */
__attribute__((noinline, used)) const struct sockaddr *tx_user_address(const struct sockaddr *at)
{
	__asm__ volatile("" : : "r"(at) : "memory");
	return at;
}

/* user-address ADDRESS PORT */
static long run_user_address(char **a)
{
	union address at;

	make_address(&at, a[0], number(a[1]));
	return tx_user_address(&at.any)->sa_family;
}

/* usdt-address ADDRESS PORT */
static long run_usdt_address(char **a)
{
	union address at;
	uint64_t len = make_address(&at, a[0], number(a[1]));
	const void *place = &at;

	USDT_2(telovix, address, "8", place, "8", len);
	return 0;
}

/* socket FAMILY TYPE PROTOCOL */
static long run_socket(char **a)
{
	int fd = socket(number(a[0]), number(a[1]), number(a[2]));

	return fd < 0 ? -1 : close(fd);
}

/* unix PATH: a leading @ means an abstract name. Nobody listens. */
static long run_unix(char **a)
{
	struct sockaddr_un peer = { .sun_family = AF_UNIX };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + strlen(a[0]);

	memcpy(peer.sun_path, a[0], strlen(a[0]));
	if (*peer.sun_path == '@')
		*peer.sun_path = 0;
	return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&peer, len);
}

/* ifflags NAME */
static long run_ifflags(char **a)
{
	struct ifreq request = { 0 };

	strncpy(request.ifr_name, a[0], IFNAMSIZ - 1);
	return ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCGIFFLAGS, &request);
}

const struct action net_actions[] = {
	{ "connect", 4, run_connect },
	{ "connect-nothing", 2, run_connect_nothing },
	{ "connect-raw", 1, run_connect_raw },
	{ "connect-length", 3, run_connect_length },
	{ "connect-crowd", 2, run_connect_crowd },
	{ "reconnect-send", 2, run_reconnect_send },
	{ "udp", 5, run_udp },
	{ "listen", 3, run_listen },
	{ "socket", 3, run_socket },
	{ "peer", 4, run_peer },
	{ "accept", 4, run_accept },
	{ "user-address", 2, run_user_address },
	{ "usdt-address", 2, run_usdt_address },
	{ "unix", 1, run_unix },
	{ "ifflags", 1, run_ifflags },
	{ NULL, 0, NULL },
};
