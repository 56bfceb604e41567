/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One argument, by its type. Global functions: the verifier looks at each once, whoever calls it.
 */
#ifndef TELOVIX_POLICY_READ_BPF_H
#define TELOVIX_POLICY_READ_BPF_H

static __always_inline struct tx_parg *arg__at(struct tx_scratch *s, u32 i)
{
	return &scratch__event(s)->arg[i & (TX_HOOK_ARGS - 1)];
}

/* Bytes the size argument says there are, or all there may be. */
static __always_inline u64 arg__size(struct tx_scratch *s, struct tx_arg_row *row)
{
	if (row->size_index == TX_NO_POSITION)
		return row->max;
	return s->raw[row->size_index & 7];
}

static __always_inline void arg__text(struct tx_scratch *s, struct tx_parg *p,
				      struct tx_arg_row *row, u64 v)
{
	bool user = row->flags & TX_ARGROW_USER;
	u64 size;

	switch (p->type) {
	case TX_ARG_STRING:
		text__string(s, p, v, row->max, user);
		return;
	case TX_ARG_FILENAME:
		text__string(s, p, (u64)BPF_CORE_READ((struct filename *)v, name), row->max, false);
		return;
	case TX_ARG_NET_DEVICE:
		if (bpf_core_field_exists(((struct net_device *)0)->name))
			text__string(s, p, v + bpf_core_field_offset(struct net_device, name), 16,
				     false);
		return;
	case TX_ARG_DATA_LOC: /* v: length << 16 | offset in the tracepoint's record */
		text__string(s, p, s->context + (v & 0xffff), row->max, false);
		return;
	case TX_ARG_CONST_BUF:
		text__bytes(s, p, s->context + row->offset, row->max, row->max, false);
		return;
	case TX_ARG_CHAR_BUF:
		size = arg__size(s, row);
		/* Read after the call: what it says it has filled. */
		if ((row->flags & TX_ARGROW_AT_RETURN) && row->size_index == TX_NO_POSITION)
			size = s->ret > 0 ? s->ret : 0;
		text__bytes(s, p, v, size, row->max, user);
		return;
	case TX_ARG_CHAR_IOVEC:
		text__iovec(s, p, v, arg__size(s, row), row->max, true);
		return;
	case TX_ARG_IOV_ITER:
		text__iter(s, p, (struct iov_iter *)v, row->max);
		return;
	case TX_ARG_SOCKADDR_UN:
		arg__sockaddr_un(s, p, v, row->size_index == TX_NO_POSITION ? 0 : arg__size(s, row),
				 user);
		return;
	}
}

__noinline int arg__read_text(u32 slot, u32 i)
{
	struct tx_scratch *s = scratch__get(slot);
	union tx_row *row = s ? row__get(s->rows, s->arg_row + i) : NULL;

	if (row)
		arg__text(s, arg__at(s, i), &row->arg, arg__at(s, i)->value);
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
		text__file(s, slot, p, BPF_CORE_READ((struct kiocb *)v, ki_filp));
		break;
	case TX_ARG_LINUX_BINPRM:
		text__file(s, slot, p, BPF_CORE_READ((struct linux_binprm *)v, file));
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
		arg__sock(s, p, BPF_CORE_READ((struct socket *)v, sk));
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
	union tx_row *row = s ? row__get(s->rows, s->arg_row + i) : NULL;
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
	p->type = row->arg.type;
	p->flags = 0;
	p->mode = 0;
	p->offset = 0;
	p->len = 0;
	p->orig = 0;
	p->extra = 0;
	p->value = 0;
	if (late && !s->returning && (s->hook_flags & TX_HOOK_RETURN_PAIR))
		return 0;
	v = arg__resolve(&row->arg, arg__raw(s, &row->arg));
	if (row->arg.steps && row->arg.width && (row->arg.flags & TX_ARGROW_ADDRESS))
		v = number__read(v, row->arg.width);
	p->value = v;
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
		arg__read_object(slot, i, row->arg.flags & TX_ARGROW_USER);
		break;
	case TX_ARG_KERNEL_CAP_T ... TX_ARG_CAP_EFFECTIVE:
		p->value = number__read(v, 8);
		break;
	case TX_ARG_SYSCALL64:
		p->value = s->nr;
		break;
	default:
		p->value = number__extend(v, row->arg.width, row->arg.is_signed);
	}
	return 0;
}

#endif
