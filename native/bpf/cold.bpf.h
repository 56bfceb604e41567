/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Directories in which nothing is watched, so that most opens are done with before their path is
 * put together. What is remembered is one word per directory: a hash of all its path depends on,
 * and the uses (TX_W_*) for which some file in it may be watched. The path of a directory is a
 * matter of its identity, of the renames and of the mounts there have been: the kernel counts both
 * in two sequence locks, and any of either makes all that was remembered worthless. A file whose
 * own name begins with a dot is never decided here. Nor is one that is itself a mount point: of the
 * directory it is in nothing is ever learned by way of its mount, and by no other way is it opened.
 */
#ifndef TELOVIX_COLD_BPF_H
#define TELOVIX_COLD_BPF_H

#define TX_COLD_SLOTS 4096
#define TX_COLD_PATH 240 /* bytes of the longest directory that is remembered */
#define TX_W_ALL 7ULL

struct seqcount {
	unsigned int sequence;
} __attribute__((preserve_access_index));

struct inode___ctime {
	struct timespec64 i_ctime; /* before 6.6 */
} __attribute__((preserve_access_index));

struct inode___private {
	struct timespec64 __i_ctime; /* before 6.11 */
} __attribute__((preserve_access_index));

/* Addresses of the kernel's sequence locks; 0: nothing is remembered. */
const volatile __u64 tx_rename_lock = 0;
const volatile __u64 tx_mount_lock = 0;

/* A map of its own, but not one to be looked up. */
__u64 tx_cold[TX_COLD_SLOTS] SEC(".data.cold");

/* The first four bytes at an address. direct: see tx_direct. */
static __always_inline u32 word__at(u64 address, const bool direct)
{
	struct seqcount *at = (struct seqcount *)address;

	return direct ? TX_AT(at)->sequence : BPF_CORE_READ(at, sequence);
}

/* When the directory itself last changed: a number that is given again is another directory's. */
#define TX_CHANGED_AT(sec, nsec, field)                      \
	(direct ? typed->field.sec << 32 ^ typed->field.nsec \
		: TX_READ(typed, field.sec) << 32 ^ TX_READ(typed, field.nsec))

static __always_inline u64 inode__changed(struct inode *inode, const bool direct)
{
	if (bpf_core_field_exists(inode->i_ctime_nsec))
		return direct ? inode->i_ctime_sec << 32 ^ inode->i_ctime_nsec
			      : TX_READ(inode, i_ctime_sec) << 32 ^ TX_READ(inode, i_ctime_nsec);
	if (bpf_core_field_exists(((struct inode___private *)0)->__i_ctime)) {
		struct inode___private *typed = (void *)inode;

		return TX_CHANGED_AT(tv_sec, tv_nsec, __i_ctime);
	} else {
		struct inode___ctime *typed = (void *)inode;

		return TX_CHANGED_AT(tv_sec, tv_nsec, i_ctime);
	}
}

/*
 * Sums of products of two, each with something added that nobody knows: as good as a chain of
 * hashes here, and a third of it. near and far: how far the addresses of mount, directory and inode
 * are from each other. The low bits are for the uses.
 */
static __always_inline u64 place__hash(u64 near, u64 far, u64 ino, u64 changed, u64 counts)
{
	u64 key = tx_cookie_key;

	return ((near + key) * (ino + 0x9e3779b97f4a7c15ULL) +
		(far + key) * (changed + 0xbf58476d1ce4e5b9ULL) +
		(counts + key) * 0x94d049bb133111ebULL) &
	       ~TX_W_ALL;
}

/* 0: it is not to be remembered. By variables: the helper's way is not one through our own struct.
 */
static __always_inline u64 place__tag(u64 file, u64 counts)
{
	u64 dentry = TX_NUMBER(file, struct file, f_path.dentry);
	u64 mnt = TX_NUMBER(file, struct file, f_path.mnt);
	u64 dir = TX_NUMBER(dentry, struct dentry, d_parent);
	struct inode *inode;

	if (dir == dentry ||
	    (word__at(TX_NUMBER(dentry, struct dentry, d_name.name), false) & 0xff) == '.')
		return 0;
	inode = (struct inode *)TX_NUMBER(dir, struct dentry, d_inode);
	return place__hash(mnt - dir, dir - (u64)inode, TX_READ(inode, i_ino),
			   inode__changed(inode, false) ^ TX_READ(inode, i_generation), counts);
}

/*
 * The same where the verifier knows what each pointer leads to: a load is half as long. The name
 * comes first: what is held over a cast takes room that there is little of.
 */
static __always_inline u64 place__tag_typed(u64 address, u64 counts)
{
	struct file *file = TX_AT((struct file *)address);
	struct dentry *dentry = file->f_path.dentry, *dir;
	struct inode *inode;

	if ((word__at((u64)dentry->d_name.name, true) & 0xff) == '.')
		return 0;
	dir = dentry->d_parent;
	if (dir == dentry)
		return 0;
	inode = dir->d_inode;
	return place__hash(TX_DISTANCE(file->f_path.mnt, dir), TX_DISTANCE(dir, inode),
			   inode->i_ino, inode__changed(inode, true) ^ inode->i_generation, counts);
}

static __always_inline u64 tag__of(u64 file, u64 rename_lock, u64 mount_lock, const bool direct)
{
	/* Before anything else is read: what happens from here on shows. */
	u64 counts = (u64)word__at(rename_lock, direct) << 32;

	counts |= word__at(mount_lock, direct);
	/* One word from here on, not two that have to be held. */
	asm volatile("" : "+r"(counts));
	if ((counts | counts >> 32) & 1) /* in the middle of one */
		return 0;
	return direct ? place__tag_typed(file, counts) : place__tag(file, counts);
}

/* The hash of the directory an open file is in; 0: it is not to be remembered. */
static __always_inline u64 cold__tag_by(u64 file, const bool direct)
{
	u64 rename_lock = tx_rename_lock;

	/* The engine gives both, or none. */
	return rename_lock ? tag__of(file, rename_lock, tx_mount_lock, direct) : 0;
}

static __always_inline u64 cold__tag(u64 file)
{
	return tx_direct ? cold__tag_by(file, true) : cold__tag_by(file, false);
}

/* Is the open file what is mounted itself? Its path does not end with its own name. */
static __always_inline bool file__is_mounted(struct file *file)
{
	return TX_READ(file, f_path.dentry) == TX_READ(file, f_path.mnt, mnt_root);
}

static __always_inline volatile __u64 *cold__slot(u64 tag)
{
	return &tx_cold[tag >> 52];
}

/* Uses for which a file of the directory whose text is len bytes at from may be watched. */
static __always_inline u64 cold__uses(struct tx_scratch *s, const char *from, u32 len, u32 skip)
{
	struct tx_watch *found;
	u64 uses = 0;
	u32 n = len;

	/* Below a watched prefix. */
	TX_BOUND(n, TX_COLD_PATH);
	skip &= 1;
	s->key.path[0] = '~';
	if (bpf_probe_read_kernel(&s->key.path[skip], n, from))
		return TX_W_ALL;
	s->key.prefixlen = (n + skip) * 8;
	found = bpf_map_lookup_elem(&tx_watched, &s->key);
	if (found)
		uses |= found->flags;
	/* Or on the way to one: those are in the trie too, whole, as watch_fill puts them. */
	s->key.path[0] = TX_WATCH_ABOVE;
	s->key.path[1] = '~';
	if (bpf_probe_read_kernel(&s->key.path[1 + skip], n, from))
		return TX_W_ALL;
	s->key.path[1 + skip + n] = 0;
	s->key.prefixlen = (n + skip + 2) * 8;
	found = bpf_map_lookup_elem(&tx_watched, &s->key);
	if (found)
		uses |= found->flags;
	return uses & TX_W_ALL;
}

/* The file's path has been walked into the scratch buffer. */
static __always_inline void cold__learn(struct tx_scratch *s, struct file *file, u64 tag)
{
	u32 pos = s->w.pos, dot = s->w.dot_pos, end, len;
	u64 uses;

	len = TX_READ(file, f_path.dentry, d_name.len);
	end = TX_PATH_MAX - 1 - len;
	if (s->w.cut || len > TX_NAME_MAX || end <= pos || end - pos > TX_COLD_PATH)
		return;
	len = end - pos;
	TX_BOUND(pos, TX_PATH_MAX - 1);
	uses = cold__uses(s, &s->walk[pos], len, 0);
	if (dot) {
		if (end <= dot)
			return;
		len = end - dot;
		TX_BOUND(dot, TX_PATH_MAX - 1);
		uses |= cold__uses(s, &s->walk[dot], len, 1);
	}
	*cold__slot(tag) = tag | uses;
}

/* Is it remembered that nothing in the directory is watched for this use? */
static __always_inline bool cold__is(u64 tag, u32 use)
{
	return !((*cold__slot(tag) ^ tag) & (~TX_W_ALL | use));
}

#endif
