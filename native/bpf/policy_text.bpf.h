/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Arguments that are bytes: text, buffers, paths. They go into the record one behind the other. */
#ifndef TELOVIX_POLICY_TEXT_BPF_H
#define TELOVIX_POLICY_TEXT_BPF_H

#define TX_IOVECS 8
#define TX_AF_UNIX 1
#define TX_MAGIC_FUSE 0x65735546
#define TX_MAGIC_TMPFS 0x01021994
#define TX_MAGIC_RAMFS 0x858458f6
#define TX_MAGIC_BTRFS 0x9123683e
#define TX_MAGIC_ZFS 0x2fc12fc1
#define TX_MAGIC_OVERLAY 0x794c7630

static __always_inline struct tx_parg *arg__at(struct tx_scratch *s, u32 i)
{
	return &scratch__event(s)->arg[i & (TX_HOOK_ARGS - 1)];
}

/* By words: clang would write it byte by byte. */
static __always_inline void arg__clear(struct tx_parg *p, u8 type)
{
	volatile u64 *words = (u64 *)p;

	words[0] = type;
	words[1] = 0;
	words[2] = 0;
	words[3] = 0;
}

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

/*
 * The argument's text or bytes from an address. Global functions: the verifier looks at each once,
 * however many types come here. user: the address is the process's.
 */
__noinline int text__string(u32 slot, u32 i, u64 from, u32 max, u32 user)
{
	struct tx_scratch *s = scratch__get(slot);
	struct tx_policy_event *e;
	struct tx_parg *p;
	u32 off;
	long n;

	if (!s)
		return 0;
	e = scratch__event(s);
	p = arg__at(s, i);
	off = data__begin(e, p);
	if (off > TX_EVENT_DATA)
		return 0;
	if (!from) {
		data__end(e, p, off, 0);
		return 0;
	}
	TX_BOUND(max, TX_ARG_DATA_MAX);
	TX_BOUND(off, TX_EVENT_DATA);
	n = user ? bpf_probe_read_user_str(e->data + off, max, (void *)from)
		 : bpf_probe_read_kernel_str(e->data + off, max, (void *)from);
	if (n < 0) {
		unread__argument(s, p, user, from, max);
		n = 1;
	}
	if (n == max)
		p->flags |= TX_PARG_CUT;
	data__end(e, p, off, n > 0 ? n - 1 : 0);
	return 0;
}

__noinline int text__bytes(u32 slot, u32 i, u64 from, u64 size, u32 how)
{
	struct tx_scratch *s = scratch__get(slot);
	u32 max = how >> 1, off, len = max;
	struct tx_policy_event *e;
	struct tx_parg *p;
	long err;

	if (!s)
		return 0;
	e = scratch__event(s);
	p = arg__at(s, i);
	off = data__begin(e, p);
	if (off > TX_EVENT_DATA)
		return 0;
	p->orig = size > 0x7fffffff ? 0x7fffffff : size;
	if (size < len)
		len = size;
	else if (size > len)
		p->flags |= TX_PARG_CUT;
	TX_BOUND(len, TX_ARG_DATA_MAX);
	TX_BOUND(off, TX_EVENT_DATA);
	err = how & 1 ? bpf_probe_read_user(e->data + off, len, (void *)from)
		      : bpf_probe_read_kernel(e->data + off, len, (void *)from);
	if (err) {
		unread__argument(s, p, how & 1, from, len);
		len = 0;
	}
	data__end(e, p, off, len);
	return 0;
}

/* A global function has five arguments: size and address space share one. */
#define TEXT_HOW(max, user) ((u32)(max) << 1 | !!(user))

/* The next segment of an iovec array; where the walk stands is in the scratch, see struct tx_walk.
 */
static long iovec__step(u32 n, u32 *slot)
{
	struct tx_scratch *s = scratch__get(*slot);
	struct tx_policy_event *e;
	struct iovec v = {};
	struct tx_parg *p;
	u32 at, len;
	u64 from;

	if (!s || n >= s->iov.count)
		return 1;
	e = scratch__event(s);
	p = arg__at(s, s->iov.arg);
	from = s->iov.from + n * sizeof(v);
	if (s->iov.user ? bpf_probe_read_user(&v, sizeof(v), (void *)from)
			: bpf_probe_read_kernel(&v, sizeof(v), (void *)from)) {
		unread__argument(s, p, s->iov.user, from, sizeof(v));
		return 1;
	}
	s->iov.total += v.iov_len;
	len = s->iov.used < s->iov.max ? s->iov.max - s->iov.used : 0;
	if (v.iov_len < len)
		len = v.iov_len;
	TX_BOUND(len, TX_ARG_DATA);
	at = s->iov.off + s->iov.used;
	TX_BOUND(at, TX_EVENT_DATA);
	if (len && bpf_probe_read_user(e->data + at, len, v.iov_base)) {
		unread__argument(s, p, true, (u64)v.iov_base, len);
		return 1;
	}
	s->iov.used += len;
	return 0;
}
TX_STEP(iovec__step)

/* iovec array: the segments one behind the other, as far as there is room. how: user says where the
 * array lies. */
__noinline int text__iovec(u32 slot, u32 i, u64 from, u64 count, u32 how)
{
	struct tx_scratch *s = scratch__get(slot);
	struct tx_policy_event *e;
	struct tx_parg *p;
	u32 used;

	if (!s)
		return 0;
	e = scratch__event(s);
	p = arg__at(s, i);
	s->iov.off = data__begin(e, p);
	if (s->iov.off > TX_EVENT_DATA)
		return 0;
	s->iov.from = from;
	s->iov.count = count > 1024 ? 1024 : count;
	s->iov.total = 0;
	s->iov.arg = i;
	s->iov.used = 0;
	s->iov.max = how >> 1;
	s->iov.user = how & 1;
	TX_LOOP(TX_IOVECS, iovec__step, &slot);
	p->orig = s->iov.total > 0x7fffffff ? 0x7fffffff : s->iov.total;
	used = s->iov.used;
	if (s->iov.total > used || count > TX_IOVECS)
		p->flags |= TX_PARG_CUT;
	TX_BOUND(used, TX_ARG_DATA_MAX);
	data__end(e, p, s->iov.off, used);
	return 0;
}

__noinline int text__iter(u32 slot, u32 i, u64 from, u32 max)
{
	struct tx_scratch *s = scratch__get(slot);
	struct iov_iter *it = (struct iov_iter *)from;
	struct iov_iter___old *old = (void *)it;
	u64 count = TX_READ(it, count);
	u8 type = TX_ITER_TYPE(it);

	if (bpf_core_enum_value_exists(enum iter_type___local, ITER_UBUF___local) &&
	    bpf_core_field_exists(it->ubuf) &&
	    type == bpf_core_enum_value(enum iter_type___local, ITER_UBUF___local))
		return text__bytes(slot, i, (u64)BPF_CORE_READ(it, ubuf), count, TEXT_HOW(max, 1));
	if (type != bpf_core_enum_value(enum iter_type___local, ITER_IOVEC___local)) {
		if (s)
			arg__at(s, i)->flags |= TX_PARG_FAULT; /* pages, pipes: no user memory */
		return 0;
	}
	return text__iovec(slot, i,
			   bpf_core_field_exists(it->__iov) ? (u64)BPF_CORE_READ(it, __iov)
							    : (u64)BPF_CORE_READ(old, iov),
			   TX_READ(it, nr_segs), TEXT_HOW(max, 0));
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

/*
 * Whether the file system answers by itself: not by a server, nor a process that may let us wait.
 * Anybody may lay an overlay over a file system of his own making, in a user namespace.
 */
static __always_inline bool super__is_local(struct super_block *sb)
{
	struct super_block___kind *kind = (void *)sb;

	switch (TX_READ(kind, s_magic)) {
	case TX_MAGIC_FUSE:
		return false;
	case TX_MAGIC_TMPFS:
	case TX_MAGIC_RAMFS:
	case TX_MAGIC_BTRFS:
	case TX_MAGIC_ZFS:
		return true;
	case TX_MAGIC_OVERLAY:
		return !TX_READ(kind, s_user_ns, level);
	default:
		return TX_READ(sb, s_dev) >> 20; /* a block device */
	}
}

static __always_inline void text__file(struct tx_scratch *s, u32 slot, struct tx_parg *p,
				       struct file *file)
{
	struct file___flags *flags = (void *)file;
	struct inode *inode;

	if (!file) {
		p->flags |= TX_PARG_FAULT;
		return;
	}
	inode = TX_READ(file, f_inode);
	p->mode = TX_READ(inode, i_mode);
	p->extra = TX_READ(flags, f_flags);
	p->value = TX_READ(inode, i_ino);
	p->orig = TX_READ(inode, i_sb, s_dev);
	if (super__is_local(TX_READ(inode, i_sb)))
		p->flags |= TX_PARG_LOCAL;
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
	p->mode = TX_READ(at.dentry, d_inode, i_mode);
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
	p->mode = TX_READ(dentry, d_inode, i_mode);
	dentry__walk(s, slot, dentry);
	text__walked(s, p);
}

#endif
