// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Datagrams sent (once per socket and peer), and DNS messages in both directions. */

#define TX_PORT_DNS 53
#define TX_MSG_PEEK 2
#define TX_MMSG_MAX 4 /* messages looked at in one sendmmsg or recvmmsg */

/* struct msghdr and struct mmsghdr as 64-bit user space lays them out. */
struct tx_msghdr {
	u64 name;
	u32 name_len, pad;
	u64 iov;
	u64 iov_len;
	u64 control, control_len;
	u64 flags;
};
struct tx_iovec {
	u64 base, len;
};
#define TX_MMSG_STRIDE 64
#define TX_MMSG_LEN 56

struct tx_message {
	u64 name; /* peer, in user memory; 0: the socket's */
	u64 base;
	u32 len;   /* bytes at base */
	u32 total; /* of the message */
};

static __always_inline bool message__from_hdr(struct tx_message *m, u64 at, u32 total, bool stream)
{
	struct tx_msghdr hdr = {};
	struct tx_iovec iov = {};

	if (bpf_probe_read_user(&hdr, sizeof(hdr), (void *)at) ||
	    bpf_probe_read_user(&iov, sizeof(iov), (void *)hdr.iov)) {
		TX_COUNT(fault);
		return false;
	}
	/* Over TCP the length often is a vector of its own. */
	if (stream && iov.len == 2 && hdr.iov_len > 1) {
		if (bpf_probe_read_user(&iov, sizeof(iov), (void *)hdr.iov + sizeof(iov)))
			return false;
		total = total > 2 ? total - 2 : 0;
	}
	m->name = hdr.name;
	m->base = iov.base;
	m->total = total;
	m->len = iov.len < total ? iov.len : total;
	return true;
}

/* True when this socket and peer were told of in the last ten seconds. */
static __always_inline bool udp__repeated(struct sock *sk, const struct tx_sock *sock)
{
	struct tx_udp_key key = { .sock = (u64)sk, .dport = sock->dport };
	u64 now = bpf_ktime_get_boot_ns(), *last;

	__builtin_memcpy(key.daddr, sock->daddr, sizeof(key.daddr));
	last = bpf_map_lookup_elem(&tx_udp_seen, &key);
	if (last && now - *last < tx_udp_repeat_ns)
		return true;
	bpf_map_update_elem(&tx_udp_seen, &key, &now, BPF_ANY);
	return false;
}

static __always_inline void dns__send(struct tx_scratch *s, const struct tx_sock *sock,
				      const struct tx_message *m, bool response)
{
	struct tx_dns *e = (void *)s->record;
	u32 len = m->len;

	TX_BOUND(len, TX_DNS_MAX);
	if (bpf_probe_read_user(e->data, len, (void *)m->base)) {
		TX_COUNT(fault);
		return;
	}
	header__current(&e->h, TX_DNS);
	e->sock = *sock;
	e->total = m->total;
	e->len = len;
	e->response = response;
	e->pad = 0;
	record__output_main(&e->h, sizeof(*e) + len);
}

/* The peer's address and port only: what decides whether the rest is read at all. */
static __always_inline void peer__fill(struct tx_sock *peer, struct sock *sk, u64 name)
{
	peer->family = TX_READ(sk, __sk_common.skc_family);
	peer->dport = bpf_ntohs(TX_READ(sk, __sk_common.skc_dport));
	if (name && sock__peer(peer, name))
		return;
	if (peer->family == TX_AF_INET)
		bpf_core_read(peer->daddr, 4, &sk->__sk_common.skc_daddr);
	else
		bpf_core_read(peer->daddr, 16, &sk->__sk_common.skc_v6_daddr);
}

static __noinline int message__sent(struct tx_scratch *s, struct sock *sk,
				    const struct tx_message *m, bool datagram)
{
	struct tx_sock peer = {};
	struct tx_net e;
	bool told;

	peer__fill(&peer, sk, m->name);
	told = !datagram || !peer.dport || udp__repeated(sk, &peer);
	if (told && peer.dport != TX_PORT_DNS)
		return 0;
	__builtin_memset(&e, 0, sizeof(e));
	sock__fill(&e.sock, sk);
	if (m->name)
		sock__peer(&e.sock, m->name);
	if (!told) {
		header__current(&e.h, TX_UDP_SEND);
		record__output_main(&e.h, sizeof(e));
	}
	if (peer.dport == TX_PORT_DNS && m->len > 2)
		dns__send(s, &e.sock, m, false);
	return 0;
}

static __noinline int message__received(struct tx_scratch *s, struct sock *sk,
					const struct tx_message *m)
{
	struct tx_sock sock;

	__builtin_memset(&sock, 0, sizeof(sock));
	peer__fill(&sock, sk, m->name);
	if (sock.dport != TX_PORT_DNS || m->len <= 2)
		return 0;
	sock__fill(&sock, sk);
	if (m->name)
		sock__peer(&sock, m->name);
	dns__send(s, &sock, m, true);
	return 0;
}

/* Datagram sockets, and streams to port 53. */
static __always_inline struct sock *message__sock(u32 fd, bool *datagram)
{
	struct sock *sk = fd__sock(fd);
	u16 protocol;

	if (!sk)
		return NULL;
	protocol = sock__protocol(sk);
	*datagram = protocol == TX_IPPROTO_UDP;
	if (*datagram)
		return sk;
	if (protocol != TX_IPPROTO_TCP ||
	    TX_READ(sk, __sk_common.skc_dport) != bpf_htons(TX_PORT_DNS))
		return NULL;
	return sk;
}

static __always_inline int call__send(struct tx_scratch *s)
{
	const struct tx_call *call = &s->call;
	struct tx_message m = {};
	u32 fd = call->args[0], count;
	bool datagram = false;
	struct sock *sk;

	if (call->ret <= 0)
		return 0;
	sk = message__sock(fd, &datagram);
	if (!sk)
		return 0;
	if (call->def.id == TX_S_SENDTO || call->def.id == TX_S_WRITE) {
		m.base = call->args[1];
		m.len = m.total = call->ret;
		m.name = call->def.id == TX_S_SENDTO ? call->args[4] : 0;
		return message__sent(s, sk, &m, datagram);
	}
	if (call->def.id == TX_S_SENDMSG) {
		if (!message__from_hdr(&m, call->args[1], call->ret, !datagram))
			return 0;
		return message__sent(s, sk, &m, datagram);
	}
	count = call->ret;
	for (u32 i = 0; i < TX_MMSG_MAX && i < count; i++) {
		u64 at = call->args[1] + i * TX_MMSG_STRIDE;
		u32 total = 0;

		bpf_probe_read_user(&total, sizeof(total), (void *)at + TX_MMSG_LEN);
		if (message__from_hdr(&m, at, total, !datagram))
			message__sent(s, sk, &m, datagram);
	}
	return 0;
}

static __always_inline int call__recv(struct tx_scratch *s)
{
	const struct tx_call *call = &s->call;
	struct tx_message m = {};
	u32 fd = call->args[0], flags, count;
	bool datagram = false;
	u8 id = call->def.id;
	struct sock *sk;

	if (call->ret <= 0)
		return 0;
	flags = id == TX_S_RECVMSG ? call->args[2] : id == TX_S_READ ? 0 : call->args[3];
	if (flags & TX_MSG_PEEK)
		return 0;
	sk = message__sock(fd, &datagram);
	if (!sk)
		return 0;
	if (id == TX_S_RECVFROM || id == TX_S_READ) {
		m.base = call->args[1];
		m.len = m.total = call->ret;
		m.name = id == TX_S_RECVFROM ? call->args[4] : 0;
		return message__received(s, sk, &m);
	}
	if (id == TX_S_RECVMSG) {
		if (!message__from_hdr(&m, call->args[1], call->ret, !datagram))
			return 0;
		return message__received(s, sk, &m);
	}
	count = call->ret;
	for (u32 i = 0; i < TX_MMSG_MAX && i < count; i++) {
		u64 at = call->args[1] + i * TX_MMSG_STRIDE;
		u32 total = 0;

		bpf_probe_read_user(&total, sizeof(total), (void *)at + TX_MMSG_LEN);
		if (message__from_hdr(&m, at, total, !datagram))
			message__received(s, sk, &m);
	}
	return 0;
}

TX_HANDLER(send, call__send)
TX_HANDLER(recv, call__recv)
