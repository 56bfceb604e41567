// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * TCP connections by their state changes. A state change often runs in softirq, on top of whatever
 * process was there: the owner is stored in process context (SYN_SENT runs inside connect(2);
 * accept(2) returns the descriptor) and looked up later.
 */

/* A socket whose state changes: what of it is needed in every case. */
struct tx_change {
	struct sock *sk;
	u64 address;
	int from, to;
};

/* typed: see TX_REG. Through a variable: the helper's way is not one through our own struct. */
#define TX_CHANGED(field)                                 \
	({                                                \
		struct sock *_sk = c->sk;                 \
		typed ? _sk->field : TX_READ(_sk, field); \
	})

/*
 * Payload bytes: bytes_sent is without SYN and FIN but with retransmissions; bytes_received counts
 * the FIN as one.
 */
static __always_inline void tcp__bytes(struct tx_net *e, const struct tx_change *c,
				       const bool typed)
{
	struct tcp_sock *tp = (struct tcp_sock *)c->address;
	u64 flags = TX_CHANGED(__sk_common.skc_flags);
	u64 again = TX_READ(tp, bytes_retrans);

	e->sent = TX_READ(tp, bytes_sent);
	e->sent -= again < e->sent ? again : e->sent;
	e->received = TX_READ(tp, bytes_received);
	if ((flags & (1 << TX_SOCK_DONE)) && e->received)
		e->received--;
}

/* About the present: when a connection was last told. */
volatile __u64 tx_told_at SEC(".data.connect") = 0;

/* A record about the connection, of what owner says; sent with the state entered. */
static __always_inline void change__tell(const struct tx_change *c, const u8 type,
					 struct tx_owner *owner, s64 ret, const bool typed)
{
	u64 seq, flags, now = bpf_ktime_get_boot_ns(), since = owner ? owner->since : now;
	struct tx_owner nobody = {};
	struct tx_stats *counters;
	struct tx_net *e;

	if (type == TX_TCP_CONNECT && !ret) {
		owner->since = now;
		tx_told_at = now;
	}
	e = record__reserve(&tx_ring_main, TX_RING_MAIN, sizeof(*e), &seq, &flags, &counters);
	if (!e)
		return;
	header__owner(&e->h, type, now, owner ? owner : &nobody);
	sock__tell(&e->sock, c->sk, c->address, typed);
	e->sock.state = c->to;
	e->ret = ret;
	e->sent = 0;
	e->received = 0;
	e->duration = 0;
	e->backlog = 0;
	e->inbound = 0;
	__builtin_memset(e->pad, 0, sizeof(e->pad));
	if (type == TX_TCP_CLOSE) {
		e->duration = now - since;
		e->inbound = owner ? owner->inbound : 1;
		/* Never accepted, or older than the engine and closed by the peer. */
		e->h.flags |= owner ? 0 : TX_HF_NO_OWNER;
		tcp__bytes(e, c, typed);
	}
	record__send(&e->h, TX_RING_MAIN, type, sizeof(*e), seq, flags, counters);
}

static __always_inline void tcp__connect_failed(const struct tx_change *c, struct tx_owner *owner,
						const bool typed)
{
	int error = TX_CHANGED(sk_err);
	u64 key = c->address, now;

	/*
	 * No error on the socket: connect(2) itself gives up, and tells why when it returns, or
	 * the process closes a socket that was still connecting.
	 */
	if (!error && owner->tid == (u32)bpf_get_current_pid_tgid() && owner->connecting)
		return;
	now = bpf_ktime_get_boot_ns();
	bpf_map_update_elem(&tx_failed, &key, &now, BPF_ANY);
	change__tell(c, TX_TCP_CONNECT, owner, error ? -error : -TX_ECANCELED, typed);
}

/* Others say nothing of who owns it, nor that it begins or ends. */
static __always_inline bool state__matters(int from, int to)
{
	const u32 ends = 1 << TX_TCP_SYN_SENT | 1 << TX_TCP_FIN_WAIT1 | 1 << TX_TCP_LAST_ACK |
			 1 << TX_TCP_S_CLOSE;

	return (ends >> (to & 31) & 1) || (to == TX_TCP_ESTABLISHED && from == TX_TCP_SYN_SENT);
}

static __always_inline int state__change(const struct tx_change *c, const bool typed)
{
	struct tx_owner *owner, fresh;
	int from = c->from, to = c->to;

	if (TX_CHANGED(sk_protocol) != TX_IPPROTO_TCP)
		return 0;
	if (to == TX_TCP_SYN_SENT) {
		/* Whose connection is oldest is all that is asked before it is one. */
		owner__current(&fresh, tx_told_at);
		fresh.connecting = 1;
		owner__store(c->address, &fresh, false);
		connect__begins();
		return 0;
	}
	owner = owner__find(c->address);
	if (from == TX_TCP_SYN_SENT && to == TX_TCP_ESTABLISHED) {
		if (owner) {
			change__tell(c, TX_TCP_CONNECT, owner, 0, typed);
			owner->connecting = 0;
		}
		return 0;
	}
	/* Older than the engine: the one who closes is the owner as far as we can
	 * know. */
	if (to == TX_TCP_FIN_WAIT1 || to == TX_TCP_LAST_ACK) {
		if (owner)
			return 0;
		owner__current(&fresh, bpf_ktime_get_boot_ns());
		if (fresh.tgid)
			owner__store(c->address, &fresh, false);
		return 0;
	}
	if (from == TX_TCP_SYN_SENT) {
		if (owner)
			tcp__connect_failed(c, owner, typed);
	} else if (from != TX_TCP_S_LISTEN && from != TX_TCP_SYN_RECV && from != TX_TCP_S_CLOSE) {
		change__tell(c, TX_TCP_CLOSE, owner, 0, typed);
	}
	owner__forget(c->address);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tp_btf__inet_sock_set_state, struct sock *sk, int from, int to)
{
	struct tx_change c = { sk, 0, from, to };

	if (!state__matters(from, to))
		return 0;
	return TX_UNDISTURBED((c.address = address__of(sk), state__change(&c, true)));
}

SEC("raw_tp/inet_sock_set_state")
int BPF_PROG(raw_tp__inet_sock_set_state, struct sock *sk, int from, int to)
{
	struct tx_change c = { sk, (u64)sk, from, to };

	if (!state__matters(from, to))
		return 0;
	return TX_UNDISTURBED(state__change(&c, false));
}
