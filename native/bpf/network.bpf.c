// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Listeners and accepts, and what connect(2) says: by their system calls. */

#define TX_TCP_ESTABLISHED 1
#define TX_TCP_SYN_SENT 2
#define TX_TCP_SYN_RECV 3
#define TX_TCP_FIN_WAIT1 4
#define TX_TCP_S_CLOSE 7
#define TX_TCP_LAST_ACK 9
#define TX_TCP_S_LISTEN 10
#define TX_SOCK_DONE 1 /* bit of sk_flags: the peer's FIN came */
#define TX_EINPROGRESS 115
#define TX_EALREADY 114
#define TX_EISCONN 106
#define TX_ECANCELED 125
#define TX_EINTR 4
#define TX_ERESTARTSYS 512

static __always_inline void net__send(struct tx_net *e, struct sock *sk)
{
	sock__fill(&e->sock, sk);
	record__output_main(&e->h, sizeof(*e));
}

/*
 * connect(2): tells the failures the state change did not (no route, refused by policy, …), and
 * remembers connected datagram sockets, the only ones we look at in read(2) and write(2).
 */
static __always_inline void connect__refused(struct tx_scratch *s, struct sock *sk)
{
	struct tx_net e = {};

	header__current(&e.h, TX_TCP_CONNECT);
	e.ret = s->call.ret;
	sock__fill(&e.sock, sk);
	/* A socket that got nowhere has no peer yet: it is in the call's argument. */
	sock__peer(&e.sock, s->call.args[1]);
	record__output_main(&e.h, sizeof(e));
}

static __always_inline int call__connect(struct tx_scratch *s)
{
	u32 fd = s->call.args[0];
	struct sock *sk = fd__sock(fd);
	s64 ret = s->call.ret;
	struct tx_owner *owner;
	u64 key = (u64)sk;
	u16 protocol;
	u8 one = 1;

	if (!sk)
		return 0;
	protocol = sock__protocol(sk);
	if (protocol == TX_IPPROTO_UDP && !ret) {
		key = bpf_get_current_pid_tgid() >> 32 << 32 | fd;
		bpf_map_update_elem(&tx_udp_fds, &key, &one, BPF_ANY);
		return 0;
	}
	if (protocol != TX_IPPROTO_TCP)
		return 0;
	/* The call is over: from now on a close is the process's own. */
	owner = owner__find(key);
	if (owner)
		owner->connecting = 0;
	if (ret >= 0 || ret == -TX_EINPROGRESS || ret == -TX_EALREADY || ret == -TX_EISCONN ||
	    ret == -TX_EINTR || ret <= -TX_ERESTARTSYS)
		return 0;
	if (bpf_map_delete_elem(&tx_failed, &key))
		connect__refused(s, sk);
	return 0;
}

static __always_inline int call__accept(struct tx_scratch *s)
{
	struct tx_owner owner;
	struct tx_net e = {};
	struct sock *sk;

	if (s->call.ret < 0)
		return 0;
	sk = fd__sock(s->call.ret);
	if (!sk || sock__protocol(sk) != TX_IPPROTO_TCP)
		return 0;
	owner__current(&owner, bpf_ktime_get_boot_ns());
	owner.inbound = 1;
	owner__store((u64)sk, &owner, false);
	header__current(&e.h, TX_TCP_ACCEPT);
	e.inbound = 1;
	net__send(&e, sk);
	return 0;
}

static __always_inline int call__listen(struct tx_scratch *s)
{
	struct sock *sk = fd__sock(s->call.args[0]);
	struct tx_net e = {};

	if (!sk)
		return 0;
	header__current(&e.h, TX_LISTEN);
	e.ret = s->call.ret;
	e.backlog = s->call.args[1];
	net__send(&e, sk);
	return 0;
}

TX_HANDLER(connect, call__connect)
TX_HANDLER(accept, call__accept)
TX_HANDLER(listen, call__listen)

/* Owners of connections that were there before us; and what descriptors of ours look like. */
SEC("iter/task_file")
int iter__task_file(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct tx_owner owner = {};
	struct socket *socket;
	struct sock *sk;
	u64 key;
	u8 state;

	if (!task || !file)
		return 0;
	bpf__learn(TX_READ(task, tgid), ctx->fd, file);
	if ((TX_READ(file, f_inode, i_mode) & TX_S_IFMT) != TX_S_IFSOCK)
		return 0;
	socket = TX_READ(file, private_data);
	sk = (struct sock *)TX_NUMBER((u64)socket, struct socket, sk);
	if (!sk)
		return 0;
	owner.tgid = TX_READ(task, tgid);
	key = TX_READ(sk, __sk_common.skc_family);
	if (key != TX_AF_INET && key != TX_AF_INET6)
		return 0;
	state = TX_READ(sk, __sk_common.skc_state);
	if (sock__protocol(sk) == TX_IPPROTO_UDP && state == TX_TCP_ESTABLISHED) {
		u8 one = 1;

		key = (u64)owner.tgid << 32 | ctx->fd;
		bpf_map_update_elem(&tx_udp_fds, &key, &one, BPF_NOEXIST);
		return 0;
	}
	if (sock__protocol(sk) != TX_IPPROTO_TCP || state == TX_TCP_S_LISTEN ||
	    state == TX_TCP_S_CLOSE)
		return 0;
	owner.tid = TX_READ(task, pid);
	owner.uid = TX_READ(task, cred, euid.val);
	owner.start = TX_READ(task, group_leader, start_boottime);
	owner.since = bpf_ktime_get_boot_ns();
	owner__store((u64)sk, &owner, true);
	return 0;
}
