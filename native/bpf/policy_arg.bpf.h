/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Reading the arguments of a call, each once, as its row says. */
#ifndef TELOVIX_POLICY_ARG_BPF_H
#define TELOVIX_POLICY_ARG_BPF_H

#define TX_ETH_P_IP 0x0800
#define TX_ETH_P_IPV6 0x86dd

/* An integer of width bytes, extended to 64. */
static __always_inline u64 number__extend(u64 v, u8 width, bool is_signed)
{
	switch (width) {
	case 1:
		return is_signed ? (u64)(s64)(s8)v : (u8)v;
	case 2:
		return is_signed ? (u64)(s64)(s16)v : (u16)v;
	case 4:
		return is_signed ? (u64)(s64)(s32)v : (u32)v;
	default:
		return v;
	}
}

static __always_inline u64 number__read(u64 from, u8 width)
{
	u64 v = 0;

	switch (width) {
	case 1:
		bpf_probe_read_kernel(&v, 1, (void *)from);
		break;
	case 2:
		bpf_probe_read_kernel(&v, 2, (void *)from);
		break;
	case 4:
		bpf_probe_read_kernel(&v, 4, (void *)from);
		break;
	default:
		bpf_probe_read_kernel(&v, 8, (void *)from);
	}
	return v;
}

static __always_inline u64 arg__raw(struct tx_scratch *s, struct tx_arg_row *row, u32 i)
{
	if ((row->flags & TX_ARGROW_FIELD) && (row->flags & TX_ARGROW_ADDRESS))
		return s->context + row->offset;
	if (row->flags & TX_ARGROW_FIELD) /* the record is gone when it is looked at again */
		return s->unread & TX_UNREAD_LATE
			       ? s->raw[i & 7]
			       : number__read(s->context + row->offset, row->width);
	switch (row->source) {
	case TX_SOURCE_RETURN:
		return s->ret;
	case TX_SOURCE_CURRENT_TASK:
		return bpf_get_current_task();
	case TX_SOURCE_PT_REGS:
		return s->regs;
	default:
		return s->raw[row->index & 7];
	}
}

static __always_inline u64 arg__resolve(struct tx_scratch *s, struct tx_arg_row *row, u64 v)
{
	bool user = row->flags & TX_ARGROW_USER;

	for (u32 i = 0; i < TX_RESOLVE_STEPS; i++) {
		u64 from;

		if (i >= row->steps)
			break;
		v += row->step[i].offset;
		if (!row->step[i].deref)
			continue;
		from = v;
		if (!(user ? bpf_probe_read_user(&v, sizeof(v), (void *)from)
			   : bpf_probe_read_kernel(&v, sizeof(v), (void *)from)))
			continue;
		if (user)
			unread__at(s, from, sizeof(v));
		return 0;
	}
	return v;
}

/* Fixed-size details go into the record as a struct. NULL when it is full. */
static __always_inline void *arg__space(struct tx_scratch *s, struct tx_parg *p, u32 size)
{
	struct tx_policy_event *e = scratch__event(s);
	u32 off = data__begin(e, p);
	void *to;

	if (off > TX_EVENT_DATA)
		return NULL;
	TX_BOUND(off, TX_EVENT_DATA);
	/* Said aligned: clang would zero it byte by byte. */
	to = __builtin_assume_aligned(e->data + (off & ~7U), 8);
	__builtin_memset(to, 0, size);
	data__end(e, p, off, size);
	return to;
}

static __always_inline void arg__sock(struct tx_scratch *s, struct tx_parg *p, struct sock *sk)
{
	struct tx_sock *out;

	if (!sk) {
		p->flags |= TX_PARG_FAULT;
		return;
	}
	out = arg__space(s, p, sizeof(*out));
	if (out)
		sock__fill(out, sk);
	p->value = (u64)sk;
}

static __always_inline void arg__sockaddr(struct tx_scratch *s, struct tx_parg *p, u64 from,
					  bool user)
{
	struct tx_sockaddr a = {};
	struct tx_sock *out = arg__space(s, p, sizeof(*out));

	if (!out)
		return;
	/* IPv4 addresses are 16 bytes long; what lies behind them may not be readable. */
	if (user ? bpf_probe_read_user(&a, 16, (void *)from)
		 : bpf_probe_read_kernel(&a, 16, (void *)from)) {
		unread__argument(s, p, user, from, 16);
		return;
	}
	out->family = a.family;
	out->sport = bpf_ntohs(a.port);
	if (a.family == TX_AF_INET) {
		__builtin_memcpy(out->saddr, a.rest, 4);
	} else if (a.family == TX_AF_INET6) {
		if (user ? bpf_probe_read_user(&a, sizeof(a), (void *)from)
			 : bpf_probe_read_kernel(&a, sizeof(a), (void *)from))
			unread__argument(s, p, user, from, sizeof(a));
		__builtin_memcpy(out->saddr, a.rest + 4, 16);
	} else {
		out->sport = 0;
	}
}

/* The path of a local socket; an abstract name's NUL is told as '@'. */
__noinline int arg__read_local(u32 slot, u32 i, u64 from, u64 size, u32 user)
{
	struct tx_scratch *s = scratch__get(slot);
	char head[4] = {};
	struct tx_parg *p;
	u32 off, len;

	if (!s)
		return 0;
	p = arg__at(s, i);
	if (!user) {
		bpf_probe_read_kernel(head, 3, (void *)from);
	} else if (bpf_probe_read_user(head, 3, (void *)from)) {
		unread__argument(s, p, true, from, 3);
	}
	p->value = *(u16 *)head;
	if (p->value != TX_AF_UNIX)
		return 0;
	if (head[2])
		return text__string(slot, i, from + 2, 108, user);
	if (size > 3 && size <= 110) {
		text__bytes(slot, i, from + 2, size - 2, TEXT_HOW(108, user));
	} else { /* its length is not known: up to the next NUL, moved up by one */
		text__string(slot, i, from + 3, 107, user);
		off = p->offset;
		TX_BOUND(off, TX_EVENT_DATA);
		len = p->len;
		TX_BOUND(len, 107);
		if (bpf_probe_read_kernel(s->turned, len, scratch__event(s)->data + off) ||
		    bpf_probe_read_kernel(scratch__event(s)->data + off + 1, len, s->turned))
			return 0;
		data__end(scratch__event(s), p, off, len + 1);
	}
	off = p->offset;
	TX_BOUND(off, TX_EVENT_DATA);
	if (p->len)
		scratch__event(s)->data[off] = '@';
	return 0;
}

static __always_inline void arg__skb(struct tx_scratch *s, struct tx_parg *p, struct sk_buff *skb)
{
	struct tx_skb_data *out = arg__space(s, p, sizeof(*out));
	unsigned char *head = TX_READ(skb, head);
	u16 l3 = TX_READ(skb, network_header), l4 = TX_READ(skb, transport_header);
	u16 ports[2] = {};

	if (!out)
		return;
	p->value = (u64)skb;
	out->len = TX_READ(skb, len);
	out->hash = TX_READ(skb, hash);
	out->sock.priority = TX_READ(skb, priority);
	out->sock.mark = TX_READ(skb, mark);
	out->sock.state = 0;
	if (TX_READ(skb, protocol) == bpf_htons(TX_ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(head + l3);

		out->sock.family = TX_AF_INET6;
		out->sock.protocol = TX_READ(ip, nexthdr);
		bpf_core_read(out->sock.saddr, 16, &ip->saddr);
		bpf_core_read(out->sock.daddr, 16, &ip->daddr);
	} else {
		struct iphdr *ip = (void *)(head + l3);

		out->sock.family = TX_AF_INET;
		out->sock.protocol = TX_READ(ip, protocol);
		bpf_core_read(out->sock.saddr, 4, &ip->saddr);
		bpf_core_read(out->sock.daddr, 4, &ip->daddr);
	}
	if (l4 == (u16)~0) /* not set yet: behind a header without options */
		l4 = l3 + (out->sock.family == TX_AF_INET6 ? 40 : 20);
	if (!bpf_probe_read_kernel(ports, sizeof(ports), head + l4)) {
		out->sock.sport = bpf_ntohs(ports[0]);
		out->sock.dport = bpf_ntohs(ports[1]);
	}
}

#endif
