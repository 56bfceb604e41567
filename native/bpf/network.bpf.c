// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * TCP connections by their state changes, listeners and accepts by their system calls. A state
 * change often runs in softirq, on top of whatever process was there: the owner is stored in
 * process context (SYN_SENT runs inside connect(2); accept(2) returns the descriptor) and looked up
 * later.
 */

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

static __always_inline void owner__store(struct sock *sk, const struct tx_owner *owner)
{
	u64 key = (u64)sk;

	if (bpf_map_update_elem(&tx_owners, &key, owner, BPF_ANY))
		TX_COUNT(owner_full);
}

/* state: the one entered; the socket still shows the one left. 0: as the socket shows. */
static __always_inline void net__send(struct tx_net *e, struct sock *sk, u8 state)
{
	sock__fill(&e->sock, sk);
	if (state)
		e->sock.state = state;
	record__output_main(&e->h, sizeof(*e));
}

/*
 * Payload bytes: bytes_sent is without SYN and FIN but with retransmissions; bytes_received counts
 * the FIN as one.
 */
static __always_inline void tcp__bytes(struct tx_net *e, struct sock *sk)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	u64 flags = TX_READ(sk, __sk_common.skc_flags);
	u64 again = TX_READ(tp, bytes_retrans);

	e->sent = TX_READ(tp, bytes_sent);
	e->sent -= again < e->sent ? again : e->sent;
	e->received = TX_READ(tp, bytes_received);
	if ((flags & (1 << TX_SOCK_DONE)) && e->received)
		e->received--;
}

static __always_inline void tcp__connected(struct sock *sk, struct tx_owner *owner)
{
	struct tx_net e = {};

	header__owner(&e.h, TX_TCP_CONNECT, owner);
	owner->since = e.h.ktime;
	owner->connecting = 0;
	net__send(&e, sk, TX_TCP_ESTABLISHED);
}

static __always_inline void tcp__connect_failed(struct sock *sk, struct tx_owner *owner)
{
	int error = TX_READ(sk, sk_err);
	u64 key = (u64)sk, now = bpf_ktime_get_boot_ns();
	struct tx_net e = {};

	/*
	 * No error on the socket: connect(2) itself gives up, and tells why when it returns, or
	 * the process closes a socket that was still connecting.
	 */
	if (!error && owner->tid == (u32)bpf_get_current_pid_tgid() && owner->connecting)
		return;
	header__owner(&e.h, TX_TCP_CONNECT, owner);
	e.ret = error ? -error : -TX_ECANCELED;
	bpf_map_update_elem(&tx_failed, &key, &now, BPF_ANY);
	net__send(&e, sk, TX_TCP_S_CLOSE);
}

static __always_inline void tcp__closed(struct sock *sk, const struct tx_owner *owner)
{
	struct tx_owner nobody = {};
	struct tx_net e = {};

	header__owner(&e.h, TX_TCP_CLOSE, owner ? owner : &nobody);
	if (owner) {
		e.inbound = owner->inbound;
		e.duration = e.h.ktime - owner->since;
	} else {
		/* Never accepted, or older than the engine and closed by the peer. */
		e.h.flags |= TX_HF_NO_OWNER;
		e.inbound = 1;
	}
	tcp__bytes(&e, sk);
	net__send(&e, sk, TX_TCP_S_CLOSE);
}

static __always_inline int state__change(struct sock *sk, int from, int to)
{
	struct tx_owner *owner, fresh;
	u64 key = (u64)sk;

	/* Others say nothing of who owns it, nor that it begins or ends. */
	if (to != TX_TCP_SYN_SENT && to != TX_TCP_FIN_WAIT1 && to != TX_TCP_LAST_ACK &&
	    to != TX_TCP_S_CLOSE && !(to == TX_TCP_ESTABLISHED && from == TX_TCP_SYN_SENT))
		return 0;
	if (sock__protocol(sk) != TX_IPPROTO_TCP)
		return 0;
	if (to == TX_TCP_SYN_SENT) {
		owner__current(&fresh);
		fresh.connecting = 1;
		owner__store(sk, &fresh);
		return 0;
	}
	owner = bpf_map_lookup_elem(&tx_owners, &key);
	if (from == TX_TCP_SYN_SENT && to == TX_TCP_ESTABLISHED) {
		if (owner)
			tcp__connected(sk, owner);
		return 0;
	}
	/* Older than the engine: the one who closes is the owner as far as we can know. */
	if (!owner && (to == TX_TCP_FIN_WAIT1 || to == TX_TCP_LAST_ACK)) {
		owner__current(&fresh);
		if (fresh.tgid)
			owner__store(sk, &fresh);
		return 0;
	}
	if (to != TX_TCP_S_CLOSE)
		return 0;
	if (from == TX_TCP_SYN_SENT) {
		if (owner)
			tcp__connect_failed(sk, owner);
	} else if (from != TX_TCP_S_LISTEN && from != TX_TCP_SYN_RECV && from != TX_TCP_S_CLOSE) {
		tcp__closed(sk, owner);
	}
	bpf_map_delete_elem(&tx_owners, &key);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tp_btf__inet_sock_set_state, struct sock *sk, int from, int to)
{
	return TX_UNDISTURBED(state__change(sk, from, to));
}

SEC("raw_tp/inet_sock_set_state")
int BPF_PROG(raw_tp__inet_sock_set_state, struct sock *sk, int from, int to)
{
	return TX_UNDISTURBED(state__change(sk, from, to));
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
	owner = bpf_map_lookup_elem(&tx_owners, &key);
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
	owner__current(&owner);
	owner.inbound = 1;
	owner__store(sk, &owner);
	header__current(&e.h, TX_TCP_ACCEPT);
	e.inbound = 1;
	net__send(&e, sk, 0);
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
	net__send(&e, sk, 0);
	return 0;
}

TX_HANDLER(connect, call__connect)
TX_HANDLER(accept, call__accept)
TX_HANDLER(listen, call__listen)

/* Owners of connections that were there before us. */
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
	if ((TX_READ(file, f_inode, i_mode) & TX_S_IFMT) != TX_S_IFSOCK)
		return 0;
	socket = TX_READ(file, private_data);
	sk = TX_READ(socket, sk);
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
	key = (u64)sk;
	bpf_map_update_elem(&tx_owners, &key, &owner, BPF_NOEXIST);
	return 0;
}
