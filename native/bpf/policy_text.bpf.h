/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Arguments that are bytes: text, buffers, paths. They go into the record one behind the other. */
#ifndef TELOVIX_POLICY_TEXT_BPF_H
#define TELOVIX_POLICY_TEXT_BPF_H

#define TX_IOVECS 8
#define TX_AF_UNIX 1

/* Where the next bytes go, or TX_EVENT_DATA + 1 when the record is full. */
static __always_inline u32 data__begin(struct tx_policy_event *e, struct tx_parg *p)
{
	u32 off = e->data_len;

	if (off > TX_EVENT_DATA - 8) {
		p->flags |= TX_PARG_MISSING | TX_PARG_CUT;
		return TX_EVENT_DATA + 1;
	}
	p->offset = off;
	return off;
}

static __always_inline void data__end(struct tx_policy_event *e, struct tx_parg *p, u32 off,
				      u32 len)
{
	p->len = len;
	e->data_len = (off + len + 7) & ~7U;
}

static __always_inline void text__string(struct tx_scratch *s, struct tx_parg *p, u64 from, u32 max,
					 bool user)
{
	struct tx_policy_event *e = scratch__event(s);
	u32 off = data__begin(e, p);
	char *to;
	long n;

	if (off > TX_EVENT_DATA)
		return;
	if (!from) {
		data__end(e, p, off, 0);
		return;
	}
	TX_BOUND(max, TX_ARG_DATA_MAX);
	TX_BOUND(off, TX_EVENT_DATA);
	to = e->data + off;
	n = user ? bpf_probe_read_user_str(to, max, (void *)from)
		 : bpf_probe_read_kernel_str(to, max, (void *)from);
	if (n < 0) {
		p->flags |= TX_PARG_FAULT;
		n = 1;
	}
	if (n == max)
		p->flags |= TX_PARG_CUT;
	data__end(e, p, off, n > 0 ? n - 1 : 0);
}

static __always_inline void text__bytes(struct tx_scratch *s, struct tx_parg *p, u64 from, u64 size,
					u32 max, bool user)
{
	struct tx_policy_event *e = scratch__event(s);
	u32 off = data__begin(e, p), len = max;
	long err;

	if (off > TX_EVENT_DATA)
		return;
	p->orig = size > 0x7fffffff ? 0x7fffffff : size;
	if (size < len)
		len = size;
	else if (size > len)
		p->flags |= TX_PARG_CUT;
	TX_BOUND(len, TX_ARG_DATA_MAX);
	TX_BOUND(off, TX_EVENT_DATA);
	err = user ? bpf_probe_read_user(e->data + off, len, (void *)from)
		   : bpf_probe_read_kernel(e->data + off, len, (void *)from);
	if (err) {
		p->flags |= TX_PARG_FAULT;
		len = 0;
	}
	data__end(e, p, off, len);
}

/* iovec array of the caller: the segments one behind the other, as far as there is room. */
static __always_inline void text__iovec(struct tx_scratch *s, struct tx_parg *p, u64 from,
					u64 count, u32 max, bool user_array)
{
	struct tx_policy_event *e = scratch__event(s);
	u32 off = data__begin(e, p), used = 0;
	u64 total = 0;

	if (off > TX_EVENT_DATA)
		return;
	for (u32 i = 0; i < TX_IOVECS; i++) {
		struct iovec v = {};
		u32 at, len;

		if (i >= count)
			break;
		if (user_array ? bpf_probe_read_user(&v, sizeof(v), (void *)(from + i * sizeof(v)))
			       : bpf_probe_read_kernel(&v, sizeof(v),
						       (void *)(from + i * sizeof(v)))) {
			p->flags |= TX_PARG_FAULT;
			break;
		}
		total += v.iov_len;
		len = used < max ? max - used : 0;
		if (v.iov_len < len)
			len = v.iov_len;
		TX_BOUND(len, TX_ARG_DATA);
		at = off + used;
		TX_BOUND(at, TX_EVENT_DATA);
		if (len && bpf_probe_read_user(e->data + at, len, v.iov_base)) {
			p->flags |= TX_PARG_FAULT;
			break;
		}
		used += len;
	}
	p->orig = total > 0x7fffffff ? 0x7fffffff : total;
	if (total > used || count > TX_IOVECS)
		p->flags |= TX_PARG_CUT;
	TX_BOUND(used, TX_ARG_DATA_MAX);
	data__end(e, p, off, used);
}

static __always_inline void text__iter(struct tx_scratch *s, struct tx_parg *p, struct iov_iter *it,
				       u32 max)
{
	u64 count = BPF_CORE_READ(it, count);
	u8 type = BPF_CORE_READ(it, iter_type);
	struct iov_iter___old *old = (void *)it;

	if (bpf_core_enum_value_exists(enum iter_type___local, ITER_UBUF___local) &&
	    bpf_core_field_exists(it->ubuf) &&
	    type == bpf_core_enum_value(enum iter_type___local, ITER_UBUF___local)) {
		text__bytes(s, p, (u64)BPF_CORE_READ(it, ubuf), count, max, true);
		return;
	}
	if (type != bpf_core_enum_value(enum iter_type___local, ITER_IOVEC___local)) {
		p->flags |= TX_PARG_FAULT; /* pages, pipes: not user memory */
		return;
	}
	text__iovec(s, p,
		    bpf_core_field_exists(it->__iov) ? (u64)BPF_CORE_READ(it, __iov)
						     : (u64)BPF_CORE_READ(old, iov),
		    BPF_CORE_READ(it, nr_segs), max, false);
}

/* What was last walked (path.bpf.h). */
static __always_inline void text__walked(struct tx_scratch *s, struct tx_parg *p)
{
	struct tx_policy_event *e = scratch__event(s);
	u32 off = data__begin(e, p);

	if (off > TX_EVENT_DATA)
		return;
	if (s->w.cut)
		p->flags |= TX_PARG_CUT;
	data__end(e, p, off, path__append(s, e->data, off, TX_EVENT_DATA));
}

static __always_inline void text__file(struct tx_scratch *s, u32 slot, struct tx_parg *p,
				       struct file *file)
{
	struct file___flags *flags = (void *)file;

	if (!file) {
		p->flags |= TX_PARG_FAULT;
		return;
	}
	p->mode = BPF_CORE_READ(file, f_inode, i_mode);
	p->extra = BPF_CORE_READ(flags, f_flags);
	if (file__walk(s, slot, file))
		text__walked(s, p);
}

static __always_inline void text__path(struct tx_scratch *s, u32 slot, struct tx_parg *p,
				       struct path *path)
{
	struct path at = {};

	if (!path || bpf_probe_read_kernel(&at, sizeof(at), path)) {
		p->flags |= TX_PARG_FAULT;
		return;
	}
	p->mode = BPF_CORE_READ(at.dentry, d_inode, i_mode);
	if (path__walk(s, slot, at.mnt, at.dentry))
		text__walked(s, p);
}

/* No mount is given: the path within its file system. */
static __always_inline void text__dentry(struct tx_scratch *s, u32 slot, struct tx_parg *p,
					 struct dentry *dentry)
{
	if (!dentry) {
		p->flags |= TX_PARG_FAULT;
		return;
	}
	p->mode = BPF_CORE_READ(dentry, d_inode, i_mode);
	dentry__walk(s, slot, dentry);
	text__walked(s, p);
}

#endif
