// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* DNS over UDP in every way a process can send and receive, against a responder of our own. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "trigger.h"

static int server;
static struct sockaddr_in at = { .sin_family = AF_INET };

static size_t make_query(unsigned char *out, const char *name)
{
	static const unsigned char head[12] = { 0x12, 0x34, 1, 0, 0, 1 };
	size_t n = sizeof(head), len = strlen(name);

	memcpy(out, head, n);
	out[n++] = len;
	memcpy(out + n, name, len);
	n += len;
	memcpy(out + n, "\4test\0\0\1\0\1", 10);
	return n + 10;
}

/* Answers 192.0.2.7, the name by compression. */
static void answer(void)
{
	static const unsigned char record[] = { 0xc0, 12, 0, 1, 0,   1, 0, 0,
						0,    60, 0, 4, 192, 0, 2, 7 };
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	unsigned char buf[512];
	ssize_t n = recvfrom(server, buf, 400, 0, (struct sockaddr *)&from, &len);

	must(n > 12, "query");
	buf[2] |= 0x80;
	buf[7] = 1;
	memcpy(buf + n, record, sizeof(record));
	must(sendto(server, buf, n + sizeof(record), 0, (struct sockaddr *)&from, len) > 0,
	     "answer");
}

static void expect(const char *name)
{
	char *question = text_of("\"questions\":[{\"name\":\"%s.test\",\"type\":\"A\"}]", name);

	truth(text_of("query by %s", name), 1, getpid(), "\"dns_query\"", "\"dport\":53", question,
	      NULL);
	truth(text_of("response by %s", name), 1, getpid(), "\"dns_response\"", question,
	      "\"type\":\"A\",\"ttl\":60,\"data\":\"192.0.2.7\"", "\"rcode\":0", NULL);
}

static void by_sendto(int fd)
{
	unsigned char buf[512];
	size_t n = make_query(buf, "sendto");
	struct sockaddr_in from;
	socklen_t len = sizeof(from);

	must(sendto(fd, buf, n, 0, (struct sockaddr *)&at, sizeof(at)) > 0, "sendto");
	answer();
	must(recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len) > 0, "recvfrom");
	expect("sendto");
}

static void by_sendmsg(int fd)
{
	unsigned char buf[512];
	struct iovec iov = { buf, make_query(buf, "sendmsg") };
	struct sockaddr_in from;
	struct msghdr hdr = {
		.msg_name = &at, .msg_namelen = sizeof(at), .msg_iov = &iov, .msg_iovlen = 1
	};

	must(sendmsg(fd, &hdr, 0) > 0, "sendmsg");
	answer();
	hdr.msg_name = &from;
	iov.iov_len = sizeof(buf);
	must(recvmsg(fd, &hdr, 0) > 0, "recvmsg");
	expect("sendmsg");
}

static void by_sendmmsg(int fd)
{
	unsigned char buf[512];
	struct iovec iov = { buf, make_query(buf, "sendmmsg") };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };

	must(sendmmsg(fd, &m, 1, 0) == 1, "sendmmsg");
	answer();
	iov.iov_len = sizeof(buf);
	must(recvmmsg(fd, &m, 1, 0, NULL) == 1, "recvmmsg");
	expect("sendmmsg");
}

static void by_write(int fd)
{
	unsigned char buf[512];
	size_t n = make_query(buf, "write");

	must(write(fd, buf, n) > 0, "write");
	answer();
	must(read(fd, buf, sizeof(buf)) > 0, "read");
	expect("write");
}

/*
 * TCP connections of this thread, by connect(2) and without it: they say nothing of the connect(2)
 * of another socket that comes after them.
 */
static void connect_others(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(to);

	must(!bind(listener, (struct sockaddr *)&to, len) && !listen(listener, 4) &&
		     !getsockname(listener, (struct sockaddr *)&to, &len),
	     "listen");
	must(!connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, len), "connect");
	must(sendto(socket(AF_INET, SOCK_STREAM, 0), "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to,
		    len) == 1,
	     "sendto that connects");
}

int main(void)
{
	int open_fd = socket(AF_INET, SOCK_DGRAM, 0), bound = socket(AF_INET, SOCK_DGRAM, 0);

	server = socket(AF_INET, SOCK_DGRAM, 0);
	at.sin_port = htons(53);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK | 0x9900); /* 127.0.153.1 */
	must(!bind(server, (struct sockaddr *)&at, sizeof(at)), "bind to port 53");
	by_sendto(open_fd);
	by_sendmsg(open_fd);
	connect_others();
	must(!connect(bound, (struct sockaddr *)&at, sizeof(at)), "connect");
	by_sendmmsg(bound);
	by_write(bound);
	truth("datagrams are told once per socket and peer", 2, getpid(), "\"udp_sendmsg\"",
	      "\"daddr\":\"127.0.153.1\"", NULL);
	sendto(open_fd, "junk", 4, 0, (struct sockaddr *)&at, sizeof(at));
	truth("junk to port 53 is told as malformed", 1, getpid(), "\"dns_query\"",
	      "\"malformed\":true", NULL);
	return 0;
}
