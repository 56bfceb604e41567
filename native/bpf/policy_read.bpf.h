/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One argument, by its type. Global functions: the verifier looks at each once, whoever calls it.
 */
#ifndef TELOVIX_POLICY_READ_BPF_H
#define TELOVIX_POLICY_READ_BPF_H

/* Bytes the size argument says there are, or all there may be. */
static __always_inline u64 arg__size(struct tx_scratch *s, struct tx_arg_row *row)
{
	if (row->size_index == TX_NO_POSITION)
		return row->max;
	return s->raw[row->size_index & 7];
}

/* On request, and for whatever lies below the kernel's half: functions take pointers of both kinds.
 */
static __always_inline bool arg__in_user(struct tx_arg_row *row, u64 v)
{
	return (row->flags & TX_ARGROW_USER) || !(v >> 63);
}

__noinline int arg__read_text(u32 slot, u32 i)
{
	struct tx_scratch *s = scratch__get(slot);
	union tx_row *row = s ? row__get(s->rows, s->head.arg_row + i) : NULL;
	struct tx_arg_row *a;
	struct tx_parg *p;
	bool user;
	u64 v, size;

	if (!row)
		return 0;
	a = &row->arg;
	p = arg__at(s, i);
	v = p->value;
	user = arg__in_user(a, v);
	switch (p->type) {
	case TX_ARG_STRING:
		return text__string(slot, i, v, a->max, user);
	case TX_ARG_FILENAME:
		return text__string(slot, i, (u64)BPF_CORE_READ((struct filename *)v, name), a->max,
				    false);
	case TX_ARG_NET_DEVICE:
		return text__string(slot, i, v + bpf_core_field_offset(struct net_device, name), 16,
				    false);
	case TX_ARG_DATA_LOC: /* v: length << 16 | offset in the tracepoint's record */
		return text__string(slot, i, s->context + (v & 0xffff), a->max, false);
	case TX_ARG_CONST_BUF:
		return text__bytes(slot, i, s->context + a->offset, a->max, TEXT_HOW(a->max, 0));
	case TX_ARG_CHAR_BUF:
		size = arg__size(s, a);
		/* Read after the call: what it says it has filled. */
		if ((a->flags & TX_ARGROW_AT_RETURN) && a->size_index == TX_NO_POSITION)
			size = s->ret > 0 ? s->ret : 0;
		return text__bytes(slot, i, v, size, TEXT_HOW(a->max, user));
	case TX_ARG_CHAR_IOVEC:
		return text__iovec(slot, i, v, arg__size(s, a), TEXT_HOW(a->max, 1));
	case TX_ARG_IOV_ITER:
		return text__iter(slot, i, v, a->max);
	case TX_ARG_SOCKADDR_UN:
		return arg__read_local(slot, i, v,
				       a->size_index == TX_NO_POSITION ? 0 : arg__size(s, a), user);
	}
	return 0;
}

__noinline int arg__read_path(u32 slot, u32 i)
{
	struct tx_scratch *s = scratch__get(slot);
	struct tx_parg *p;
	u64 v;

	if (!s)
		return 0;
	p = arg__at(s, i);
	v = p->value;
	switch (p->type) {
	case TX_ARG_FD:
		text__file(s, slot, p, fd__file(v));
		break;
	case TX_ARG_FILE:
		text__file(s, slot, p, (struct file *)v);
		break;
	case TX_ARG_KIOCB:
		text__file(s, slot, p, TX_READ((struct kiocb *)v, ki_filp));
		break;
	case TX_ARG_LINUX_BINPRM:
		text__file(s, slot, p, TX_READ((struct linux_binprm *)v, file));
		break;
	case TX_ARG_PATH:
		text__path(s, slot, p, (struct path *)v);
		break;
	case TX_ARG_DENTRY:
		text__dentry(s, slot, p, (struct dentry *)v);
		break;
	}
	return 0;
}

__noinline int arg__read_object(u32 slot, u32 i, u32 user)
{
	struct tx_scratch *s = scratch__get(slot);
	struct tx_parg *p;
	u64 v;

	if (!s)
		return 0;
	p = arg__at(s, i);
	v = p->value;
	switch (p->type) {
	case TX_ARG_SOCK:
		arg__sock(s, p, (struct sock *)v);
		break;
	case TX_ARG_SOCKET:
		arg__sock(s, p, (struct sock *)TX_NUMBER(v, struct socket, sk));
		break;
	case TX_ARG_SOCKADDR:
		arg__sockaddr(s, p, v, user);
		break;
	case TX_ARG_SKB:
		arg__skb(s, p, (struct sk_buff *)v);
		break;
	default:
		arg__object(s, p, v, user);
	}
	return 0;
}

/* Argument i of the hook into the record. */
__noinline int arg__read(u32 slot, u32 i)
{
	struct tx_scratch *s = scratch__get(slot);
	union tx_row *row = s ? row__get(s->rows, s->head.arg_row + i) : NULL;
	struct tx_parg *p;
	bool late;
	u64 v;

	if (!row)
		return 0;
	p = arg__at(s, i);
	late = row->arg.source == TX_SOURCE_RETURN || (row->arg.flags & TX_ARGROW_AT_RETURN);
	/* Of a call that is kept until its return: each argument is read once, then or now. */
	if (s->returning && !late)
		return 0;
	arg__clear(p, row->arg.type);
	if (late && !s->returning && (s->head.flags & TX_HOOK_RETURN_PAIR))
		return 0;
	v = arg__resolve(s, &row->arg, arg__raw(s, &row->arg, i));
	if (row->arg.steps && row->arg.width && (row->arg.flags & TX_ARGROW_ADDRESS))
		v = number__read(v, row->arg.width);
	p->value = v;
	if ((row->arg.flags & TX_ARGROW_FIELD) && !(s->unread & TX_UNREAD_LATE))
		s->raw[i & 7] = v; /* sizes are looked up by position */
	switch (p->type) {
	case TX_ARG_NOP:
		break;
	case TX_ARG_STRING ... TX_ARG_FILENAME:
	case TX_ARG_CHAR_BUF ... TX_ARG_CONST_BUF:
	case TX_ARG_IOV_ITER:
	case TX_ARG_NET_DEVICE:
	case TX_ARG_DATA_LOC:
	case TX_ARG_SOCKADDR_UN:
		arg__read_text(slot, i);
		break;
	case TX_ARG_FD ... TX_ARG_KIOCB:
	case TX_ARG_LINUX_BINPRM:
		arg__read_path(slot, i);
		break;
	case TX_ARG_SKB ... TX_ARG_SOCKADDR:
	case TX_ARG_CRED ... TX_ARG_USER_NAMESPACE:
	case TX_ARG_BPF_ATTR:
	case TX_ARG_BPF_MAP ... TX_ARG_MODULE:
		arg__read_object(slot, i, arg__in_user(&row->arg, v));
		break;
	case TX_ARG_KERNEL_CAP_T ... TX_ARG_CAP_EFFECTIVE:
		p->value = number__read(v, 8);
		break;
	case TX_ARG_SYSCALL64:
		p->value = row->arg.flags & TX_ARGROW_FIELD ? (u32)v : s->nr;
		if (task__is_compat(task__current()))
			p->value += TX_SYSCALLS;
		break;
	default:
		p->value = number__extend(v, row->arg.width, row->arg.is_signed);
	}
	return 0;
}

#endif
