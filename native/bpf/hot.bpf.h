/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Directories in which something watched is opened again and again: their path
 * is remembered under the tag of cold.bpf.h, which says as well that it still
 * is their path. Only the file's own name is read then, and no way to the root
 * is walked.
 */
#ifndef TELOVIX_HOT_BPF_H
#define TELOVIX_HOT_BPF_H

#define TX_HOT_SLOTS 256
#define TX_HOT_TAKEN 1 /* no tag: being written */

struct tx_hot {
	u64 tag;
	u32 len;
	u32 dot; /* where its first component that begins with a dot begins, plus one;
		    0: none */
	char path[TX_COLD_PATH];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TX_HOT_SLOTS);
	__type(key, u32);
	__type(value, struct tx_hot);
} tx_hot SEC(".maps");

#ifdef TX_OLD

/* Without an atomic exchange a place can't be written while others may read it: none is. */
static __always_inline bool hot__walk(struct tx_scratch *s, struct file *file, u64 tag)
{
	return false;
}

static __always_inline void hot__learn(struct tx_scratch *s, struct file *file, u64 tag)
{
}

#else

static __always_inline struct tx_hot *hot__slot(u64 tag)
{
	u32 at = tag >> 56;

	return bpf_map_lookup_elem(&tx_hot, &at);
}

/* The path of a file in a directory that is remembered, as path__walk leaves
 * it. False: it is not.
 */
static __always_inline bool hot__walk(struct tx_scratch *s, struct file *file, u64 tag)
{
	struct tx_hot *hot = hot__slot(tag);
	struct dentry *dentry;
	u32 len, room, at;

	if (!hot || hot->tag != tag)
		return false;
	dentry = TX_READ(file, f_path.dentry);
	len = TX_READ(dentry, d_name.len);
	room = hot->len;
	if (len >= TX_NAME_MAX || room > TX_COLD_PATH)
		return false;
	at = TX_PATH_MAX - 1 - len;
	TX_BOUND(at, TX_PATH_MAX - 1);
	TX_BOUND(len, TX_NAME_MAX - 1);
	if (bpf_probe_read_kernel(&s->walk[at], len, TX_READ(dentry, d_name.name)))
		return false;
	at--;
	TX_BOUND(at, TX_PATH_MAX - 1);
	s->walk[at] = '/';
	at -= room;
	TX_BOUND(at, TX_PATH_MAX - 1);
	TX_BOUND(room, TX_COLD_PATH);
	if (bpf_probe_read_kernel(&s->walk[at], room, hot->path))
		return false;
	s->w.pos = at;
	s->w.dot_pos = hot->dot ? at + hot->dot - 1 : 0;
	s->w.cut = 0;
	/* Written over meanwhile? An atomic read: nothing above may be read after it.
	 */
	return __sync_fetch_and_add(&hot->tag, 0) == tag;
}

/* The file's path has been walked into the scratch buffer. */
static __always_inline void hot__learn(struct tx_scratch *s, struct file *file, u64 tag)
{
	u32 pos = s->w.pos, dot = s->w.dot_pos, end, len;
	struct tx_hot *hot = hot__slot(tag);
	u64 held;

	if (!hot)
		return;
	len = TX_READ(file, f_path.dentry, d_name.len);
	end = TX_PATH_MAX - 2 - len;
	if (s->w.cut || len >= TX_NAME_MAX || end <= pos || end - pos > TX_COLD_PATH || dot > end)
		return;
	len = end - pos;
	held = hot->tag;
	if (held == TX_HOT_TAKEN ||
	    __sync_val_compare_and_swap(&hot->tag, held, TX_HOT_TAKEN) != held)
		return;
	hot->len = len;
	hot->dot = dot ? dot - pos + 1 : 0;
	TX_BOUND(pos, TX_PATH_MAX - 1);
	TX_BOUND(len, TX_COLD_PATH);
	if (bpf_probe_read_kernel(hot->path, len, &s->walk[pos]))
		tag = 0;
	__sync_lock_test_and_set(&hot->tag, tag);
}

#endif

/* Is an open file watched for this use? Its path is in the scratch buffer when
 * it is. */
static __always_inline struct tx_watch *file__watched(struct tx_scratch *s, struct file *file,
						      u64 tag, u32 use)
{
	u64 known = tag ? *cold__slot(tag) : 0;
	struct tx_watch *watch;

	if (tag && (known & ~TX_W_ALL) == tag && !(known & use))
		return NULL;
	if (tag && hot__walk(s, file, tag))
		return watch__walked(s, use);
	if (file__is_mounted(file))
		tag = 0;
	file__walk(s, TX_SCRATCH_CALL, file);
	watch = watch__walked(s, use);
	if (watch && tag)
		hot__learn(s, file, tag);
	else if (tag && (known & ~TX_W_ALL) != tag)
		cold__learn(s, file, tag);
	return watch;
}

#endif
