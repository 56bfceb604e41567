/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Paths from dentries. bpf_d_path is refused in tracepoint programs, so we walk ourselves, from the
 * leaf up, across mounts, to the root of the mount namespace. Unlike d_path we do not stop at the
 * process's chroot: a watched file keeps its name however it was reached.
 */
#ifndef TELOVIX_PATH_BPF_H
#define TELOVIX_PATH_BPF_H

#define TX_WALK_STEPS 256

/* The three fields stand side by side in struct dentry: one read instead of three. */
struct tx_dentry_head {
	struct dentry *parent;
	u32 hash;
	u32 len;
	const unsigned char *name;
};

static __always_inline struct mount *mount__of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

static __always_inline void dentry__read(struct tx_dentry_head *head, struct dentry *dentry)
{
	if (tx_direct) {
		struct dentry *typed = TX_AT(dentry);

		head->parent = typed->d_parent;
		head->len = typed->d_name.len;
		head->name = typed->d_name.name;
		return;
	}
	if (bpf_core_field_offset(struct dentry, d_name) ==
		    bpf_core_field_offset(struct dentry, d_parent) + 8 &&
	    !bpf_probe_read_kernel(head, sizeof(*head),
				   (void *)dentry + bpf_core_field_offset(struct dentry, d_parent)))
		return;
	head->parent = TX_READ(dentry, d_parent);
	head->len = TX_READ(dentry, d_name.len);
	head->name = TX_READ(dentry, d_name.name);
}

static long walk__step(u32 i, u32 *slot)
{
	struct tx_scratch *s = scratch__get(*slot);
	struct tx_dentry_head head = {};
	struct dentry *dentry;
	u32 pos, len;

	if (!s)
		return 1;
	dentry = s->w.dentry;
	if (dentry == s->w.mnt_root) {
		struct mount *mnt = s->w.mnt;
		struct mount *up = TX_READ(mnt, mnt_parent);

		if (!up || up == mnt)
			return 1;
		s->w.dentry = TX_READ(mnt, mnt_mountpoint);
		s->w.mnt = up;
		s->w.mnt_root = TX_READ(up, mnt.mnt_root);
		return 0;
	}
	dentry__read(&head, dentry);
	len = head.len;
	pos = s->w.pos;
	if (!head.name)
		return 1;
	if (len > TX_NAME_MAX - 1)
		len = TX_NAME_MAX - 1;
	if (pos <= len || pos >= TX_PATH_MAX) {
		s->w.cut = 1;
		return 1;
	}
	pos -= len + 1;
	asm volatile("" : "+r"(pos));
	pos &= TX_PATH_MAX - 1;
	asm volatile("" : "+r"(len));
	len &= TX_NAME_MAX - 1;
	if (bpf_probe_read_kernel(&s->walk[pos + 1], len, head.name))
		return 1;
	s->walk[pos] = '/';
	if (s->walk[pos + 1] == '.' && len > 1)
		s->w.dot_pos = pos;
	s->w.pos = pos;
	/* A dentry that is its own parent but no mount's root: memfd, pipe, socket. */
	if (head.parent == dentry)
		return 1;
	s->w.dentry = head.parent;
	return 0;
}

TX_STEP(walk__step)

/* Path of (vfsmount, dentry) at s->walk[s->w.pos .. TX_PATH_MAX - 2]; false when there is none. */
static __always_inline bool path__walk(struct tx_scratch *s, u32 slot, struct vfsmount *mnt,
				       struct dentry *dentry)
{
	s->w.pos = TX_PATH_MAX - 1;
	s->w.dot_pos = 0;
	s->w.cut = 0;
	if (!dentry || !mnt)
		return false;
	s->w.dentry = dentry;
	s->w.mnt_root = TX_READ(mnt, mnt_root);
	s->w.mnt = mount__of(mnt);
	TX_LOOP(TX_WALK_STEPS, walk__step, &slot);
	if (s->w.pos >= TX_PATH_MAX - 1) {
		s->w.pos = TX_PATH_MAX - 2;
		s->walk[TX_PATH_MAX - 2] = '/';
	}
	return true;
}

/* The same within one file system. */
static __always_inline void dentry__walk(struct tx_scratch *s, u32 slot, struct dentry *dentry)
{
	s->w.pos = TX_PATH_MAX - 1;
	s->w.dot_pos = 0;
	s->w.cut = 0;
	s->w.dentry = dentry;
	s->w.mnt_root = TX_READ(dentry, d_sb, s_root);
	s->w.mnt = NULL;
	TX_LOOP(TX_WALK_STEPS, walk__step, &slot);
	if (s->w.pos >= TX_PATH_MAX - 1) {
		s->w.pos = TX_PATH_MAX - 2;
		s->walk[TX_PATH_MAX - 2] = '/';
	}
}

/* Path of an open file: mount and dentry lie side by side, one read. */
static __always_inline bool file__walk(struct tx_scratch *s, u32 slot, struct file *file)
{
	struct path path = {};

	if (tx_direct)
		return path__walk(s, slot, TX_READ(file, f_path.mnt), TX_READ(file, f_path.dentry));
	bpf_core_read(&path, sizeof(path), &file->f_path);
	return path__walk(s, slot, path.mnt, path.dentry);
}

/*
 * Appends the walked path to dst at off and returns its length. The caller has room for TX_PATH_MAX
 * bytes behind every off up to max_off.
 */
static __always_inline u32 path__append(struct tx_scratch *s, char *dst, u32 off, u32 max_off)
{
	u32 pos = s->w.pos, len;

	TX_BOUND(pos, TX_PATH_MAX - 1);
	len = TX_PATH_MAX - 1 - pos;
	TX_BOUND(len, TX_PATH_MAX - 1);
	TX_BOUND(off, max_off);
	if (bpf_probe_read_kernel(dst + off, len, &s->walk[pos]))
		return 0;
	return len;
}

#endif
