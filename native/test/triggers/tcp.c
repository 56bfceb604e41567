// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* TCP over IPv4 and IPv6: listen, connect, accept, exact bytes, refusal, no route. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "trigger.h"

#define TO_SERVER 12345
#define TO_CLIENT 234567

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t make_address(union address *a, int family, int port)
{
	memset(a, 0, sizeof(*a));
	a->any.sa_family = family;
	if (family == AF_INET) {
		a->v4.sin_port = htons(port);
		a->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(a->v4);
	}
	a->v6.sin6_port = htons(port);
	a->v6.sin6_addr = in6addr_loopback;
	return sizeof(a->v6);
}

static int port_of(int fd)
{
	union address a;
	socklen_t len = sizeof(a);

	must(!getsockname(fd, &a.any, &len), "getsockname");
	return ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
}

static void transfer(int from, int to, int bytes)
{
	static char buf[65536];
	int sent = 0, got = 0;

	while (got < bytes) {
		int part = bytes - sent < 20000 ? bytes - sent : 20000;
		ssize_t n = part ? send(from, buf, part, 0) : 0;

		must(n >= 0, "send");
		sent += n;
		n = recv(to, buf, sizeof(buf), 0);
		must(n > 0, "recv");
		got += n;
	}
}

static void wait_closed(int fd)
{
	char c;

	must(recv(fd, &c, 1, 0) == 0, "end of stream");
}

static void conversation(int family, const char *name)
{
	int server = socket(family, SOCK_STREAM, 0), client = socket(family, SOCK_STREAM, 0);
	char *from_client, *from_server;
	union address a;
	socklen_t len = make_address(&a, family, 0);
	int peer, server_port, client_port, pid = getpid();

	must(!bind(server, &a.any, len) && !listen(server, 17), "listen");
	server_port = port_of(server);
	len = make_address(&a, family, server_port);
	must(!connect(client, &a.any, len), "connect");
	peer = accept(server, NULL, NULL);
	must(peer >= 0, "accept");
	client_port = port_of(client);
	transfer(client, peer, TO_SERVER);
	transfer(peer, client, TO_CLIENT);
	close(client);
	wait_closed(peer);
	close(peer);
	close(server);

	from_client = text_of("\"sport\":%d,\"dport\":%d", client_port, server_port);
	from_server = text_of("\"sport\":%d,\"dport\":%d", server_port, client_port);
	truth(text_of("%s listen", name), 1, pid, "\"inet_listen\"",
	      text_of("\"sport\":%d,", server_port), "{\"int_arg\":17}", NULL);
	truth(text_of("%s connect", name), 1, pid, "\"tcp_connect\"", from_client,
	      family == AF_INET ? "\"daddr\":\"127.0.0.1\"" : "\"daddr\":\"::1\"", NULL);
	truth(text_of("%s accept", name), 1, pid, "\"tcp_accept\"", from_server, NULL);
	truth(text_of("%s close of the client, exact bytes", name), 1, pid, "\"tcp_close\"",
	      from_client,
	      text_of("\"bytes_sent\":\"%d\",\"bytes_received\":\"%d\"", TO_SERVER, TO_CLIENT),
	      "\"direction\":\"outbound\"", NULL);
	truth(text_of("%s close of the server, exact bytes", name), 1, pid, "\"tcp_close\"",
	      from_server,
	      text_of("\"bytes_sent\":\"%d\",\"bytes_received\":\"%d\"", TO_CLIENT, TO_SERVER),
	      "\"direction\":\"inbound\"", NULL);

	/* The port is closed now. */
	client = socket(family, SOCK_STREAM, 0);
	must(connect(client, &a.any, len) < 0 && errno == ECONNREFUSED, "refused");
	close(client);
	truth(text_of("%s refused connect", name), 1, pid, "\"tcp_connect\"",
	      text_of("\"dport\":%d", server_port), "\"return\":{\"int_arg\":-111}", NULL);
}

static void no_route(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), error;

	/* Broadcast: refused by connect(2) itself, before any packet. */
	a.sin_addr.s_addr = htonl(INADDR_BROADCAST);
	must(connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0, "connect to broadcast");
	error = errno;
	close(fd);
	truth("a connect that fails at once", 1, getpid(), "\"tcp_connect\"",
	      "\"daddr\":\"255.255.255.255\"", "\"dport\":9",
	      text_of("\"return\":{\"int_arg\":-%d}", error), NULL);
}

static void in_progress(void)
{
	int server = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	union address a;
	socklen_t len = make_address(&a, AF_INET, 0);
	int port, peer;

	must(!bind(server, &a.any, len) && !listen(server, 1), "listen");
	port = port_of(server);
	len = make_address(&a, AF_INET, port);
	connect(client, &a.any, len);
	peer = accept(server, NULL, NULL);
	must(peer >= 0, "accept");
	close(client);
	close(peer);
	close(server);
	truth("a connect that does not wait", 1, getpid(), "\"tcp_connect\"",
	      text_of("\"dport\":%d,", port), NULL);
}

int main(void)
{
	conversation(AF_INET, "IPv4");
	conversation(AF_INET6, "IPv6");
	no_route();
	in_progress();
	return 0;
}
