/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* From descriptors to files and sockets, and what is told of a socket. */
#ifndef TELOVIX_SOCKET_BPF_H
#define TELOVIX_SOCKET_BPF_H

#define TX_AF_INET 2
#define TX_AF_INET6 10
#define TX_SOCK_STREAM 1
#define TX_SOCK_DGRAM 2
#define TX_IPPROTO_TCP 6
#define TX_IPPROTO_UDP 17
#define TX_IPPROTO_MPTCP 262
#define TX_S_IFMT 0170000
#define TX_S_IFSOCK 0140000

static __always_inline u64 table__files(struct fdtable *table)
{
	return (u64)TX_OF(table, fd);
}

static __always_inline struct file *table__file(struct fdtable *table, u64 fd, const bool direct)
{
	u64 at = table__files(table) + fd * sizeof(struct file *);

	return (struct file *)(direct ? TX_WORD_AT(at) : TX_WORD_READ(at));
}

/*
 * The open file of a descriptor of the current task, with which a call has succeeded: it is within
 * the table, which never becomes shorter.
 */
static __always_inline struct file *task__file_by(struct task_struct *task, u64 fd,
						  const bool direct)
{
	/* Typed pointers as far as they go: each read by a helper costs as much as ten of these. */
	return table__file(TX_OF(task, files, fdt), fd, direct);
}

/* The same of any number. */
static __always_inline struct file *fd__file(u32 fd)
{
	struct task_struct *task = task__current();
	struct fdtable *table = TX_VIA(task, files, fdt);

	if (fd >= TX_OF(table, max_fds))
		return NULL;
	return tx_direct ? table__file(table, fd, true) : table__file(table, fd, false);
}

/* The INET socket behind a descriptor, or NULL. */
static __always_inline struct sock *fd__sock(u32 fd)
{
	struct file *file = fd__file(fd);
	struct socket *socket;
	struct sock *sk;
	u16 family;

	if (!file)
		return NULL;
	if ((TX_READ(file, f_inode, i_mode) & TX_S_IFMT) != TX_S_IFSOCK)
		return NULL;
	socket = (struct socket *)TX_NUMBER((u64)file, struct file, private_data);
	sk = (struct sock *)TX_NUMBER((u64)socket, struct socket, sk);
	if (!sk)
		return NULL;
	family = TX_READ(sk, __sk_common.skc_family);
	return family == TX_AF_INET || family == TX_AF_INET6 ? sk : NULL;
}

static __always_inline u16 sock__protocol(struct sock *sk)
{
	return TX_READ(sk, sk_protocol);
}

/* ::ffff:a.b.c.d is IPv4 spoken by an IPv6 socket: told as what goes over the wire. */
static __always_inline bool address__is_mapped(const u8 *a)
{
	const u64 *low = (const u64 *)a;
	const u32 *third = (const u32 *)(a + 8);

	return !low[0] && *third == bpf_htonl(0xffff);
}

static __always_inline void address__unmap(struct tx_sock *out)
{
	if (out->family != TX_AF_INET6 || !address__is_mapped(out->daddr))
		return;
	out->family = TX_AF_INET;
	__builtin_memcpy(out->daddr, out->daddr + 12, 4);
	__builtin_memset(out->daddr + 4, 0, 12);
	if (address__is_mapped(out->saddr))
		__builtin_memcpy(out->saddr, out->saddr + 12, 4);
	else
		__builtin_memset(out->saddr, 0, 4);
	__builtin_memset(out->saddr + 4, 0, 12);
}

/* A field of a socket: where the verifier knows what sk is, no more than a load. */
#define TX_SOCK(field) (typed ? sk->field : TX_READ(sk, field))

/* address: that of sk, as a number; typed: see TX_REG. */
static __always_inline void sock__tell(struct tx_sock *out, struct sock *sk, u64 address,
				       const bool typed)
{
	u64 addresses;
	u32 ports;

	__builtin_memset(out->saddr, 0, sizeof(out->saddr) + sizeof(out->daddr));
	out->pad = 0;
	out->cookie = address ^ tx_cookie_key;
	out->family = TX_SOCK(__sk_common.skc_family);
	out->type = TX_SOCK(sk_type);
	out->protocol = TX_SOCK(sk_protocol);
	out->state = TX_SOCK(__sk_common.skc_state);
	out->mark = TX_SOCK(sk_mark);
	out->priority = TX_SOCK(sk_priority);
	out->netns = typed ? sk->__sk_common.skc_net.net->ns.inum
			   : TX_READ(sk, __sk_common.skc_net.net, ns.inum);
	ports = TX_SOCK(__sk_common.skc_portpair);
	out->dport = bpf_ntohs((u16)ports);
	out->sport = ports >> 16;
	/* 0 again when a closing socket has given its port back; this stays. */
	if (!out->sport)
		out->sport = bpf_ntohs(TX_READ((struct inet_sock *)address, inet_sport));
	if (out->family == TX_AF_INET) {
		addresses = TX_SOCK(__sk_common.skc_addrpair);
		*(u32 *)out->daddr = (u32)addresses;
		*(u32 *)out->saddr = addresses >> 32;
		return;
	}
	bpf_core_read(out->saddr, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	bpf_core_read(out->daddr, 16, &sk->__sk_common.skc_v6_daddr);
	address__unmap(out);
}

/* sk must be no more than a number to the verifier. */
static __always_inline void sock__fill(struct tx_sock *out, struct sock *sk)
{
	if (tx_direct)
		sock__tell(out, TX_AT(sk), (u64)sk, true);
	else
		sock__tell(out, sk, (u64)sk, false);
}

struct tx_sockaddr {
	u16 family;
	u16 port;
	u8 rest[24]; /* IPv4: address; IPv6: flow label, address, scope */
};

/* Takes the peer from an address in user memory (unconnected datagram sockets). */
static __always_inline bool sock__peer(struct tx_sock *out, u64 address)
{
	struct tx_sockaddr a = {};

	if (!address || bpf_probe_read_user(&a, 8, (void *)address))
		return false;
	if (a.family == TX_AF_INET) {
		if (out->family == TX_AF_INET6) {
			out->family = TX_AF_INET;
			__builtin_memset(out->saddr, 0, 16);
		}
		__builtin_memset(out->daddr, 0, 16);
		__builtin_memcpy(out->daddr, a.rest, 4);
	} else if (a.family == TX_AF_INET6) {
		if (bpf_probe_read_user(&a, sizeof(a), (void *)address))
			return false;
		__builtin_memcpy(out->daddr, a.rest + 4, 16);
		address__unmap(out);
	} else {
		return false;
	}
	out->dport = bpf_ntohs(a.port);
	return true;
}

static __always_inline void owner__current(struct tx_owner *owner, u64 since)
{
	struct task_struct *task = task__current();
	u64 id = task__id(task);

	__builtin_memset(owner, 0, sizeof(*owner));
	owner->start = TX_VIA(task, group_leader, start_boottime);
	owner->since = since;
	owner->tgid = id >> 32;
	owner->tid = (u32)id;
	owner->uid = TX_VIA(task, cred, euid.val);
}

#endif
