/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Is a path watched? Decided here, before anything is emitted. Two lookups in one trie: the path
 * itself ("/etc/shadow"), then, when a component begins with a dot, "~" and the path from the first
 * such component on ("~/.ssh/id_rsa"), which finds every home directory wherever it is.
 */
#ifndef TELOVIX_WATCH_BPF_H
#define TELOVIX_WATCH_BPF_H

#define TX_O_ACCMODE 03
#define TX_O_CREAT 0100
#define TX_O_TRUNC 01000

/* Errors that mean "refused". A path that does not exist is looked up all day: no event. */
static __always_inline bool call__refused(s64 ret)
{
	return ret == -1 /* EPERM */ || ret == -13 /* EACCES */ || ret == -30 /* EROFS */ ||
	       ret == -26 /* ETXTBSY */ || ret == -16 /* EBUSY */ || ret == -40 /* ELOOP */;
}

static __always_inline u32 open__use(u32 flags)
{
	u32 use = flags & (TX_O_ACCMODE | TX_O_CREAT | TX_O_TRUNC) ? TX_W_WRITE : TX_W_READ;

	return flags & TX_O_TRUNC ? use | TX_W_REMOVE : use;
}

/* from points at len readable bytes; skip leaves room for the "~". */
static __always_inline struct tx_watch *watch__lookup(struct tx_scratch *s, const char *from,
						      u32 len, u32 skip, u32 use)
{
	struct tx_watch *found;
	u32 n = len;

	TX_BOUND(n, TX_WATCH_PREFIX - 1);
	skip &= 1;
	s->key.path[0] = '~';
	if (bpf_probe_read_kernel(&s->key.path[skip], n, from))
		return NULL;
	s->key.prefixlen = (n + skip) * 8;
	found = bpf_map_lookup_elem(&tx_watched, &s->key);
	return found && (found->flags & use) ? found : NULL;
}

/* The walked path as a key where it is: only its length is put before it. */
static __always_inline struct tx_watch *watch__in_place(struct tx_scratch *s, u32 pos, u32 use)
{
	u32 len = TX_PATH_MAX - 1 - pos;
	struct tx_path_key *key;
	struct tx_watch *found;

	if (len > TX_WATCH_PREFIX - 1)
		len = TX_WATCH_PREFIX - 1;
	key = (void *)&s->front[TX_WALK_FRONT - sizeof(key->prefixlen) + pos];
	key->prefixlen = len * 8;
	found = bpf_map_lookup_elem(&tx_watched, key);
	return found && (found->flags & use) ? found : NULL;
}

/* The path last walked into the scratch buffer. */
static __always_inline struct tx_watch *watch__walked(struct tx_scratch *s, u32 use)
{
	u32 pos = s->w.pos, dot = s->w.dot_pos;
	struct tx_watch *found;

	TX_BOUND(pos, TX_PATH_MAX - 1);
	found = watch__in_place(s, pos, use);
	if (found || !dot)
		return found;
	TX_BOUND(dot, TX_PATH_MAX - 1);
	return watch__lookup(s, &s->walk[dot], TX_PATH_MAX - 1 - dot, 1, use);
}

/*
 * A path from user memory may hold "..", "." or "//"; it can't be matched as it stands. Such paths
 * are rare and are passed on for the engine to clean and match.
 */
static long scan__step(u32 i, u32 *unused)
{
	struct tx_scratch *s = scratch__get(TX_SCRATCH_CALL);
	char c, before, before2, before3;
	struct tx_scan *scan;
	u32 at;

	if (!s)
		return 1;
	scan = &s->scan;
	if (i > scan->len)
		return 1;
	at = scan->from + i;
	TX_BOUND(at, TX_RECORD_MAX - 1);
	/* At len: the end counts as a slash, so that a trailing ".." is seen. */
	c = i < scan->len ? s->record[at] : '/';
	before = scan->window[2];
	before2 = scan->window[1];
	before3 = scan->window[0];
	if (before == '/') {
		if (c == '/' && i < scan->len)
			scan->unclean = 1;
	} else if (before2 == '/' && before == '.') {
		if (c == '/')
			scan->unclean = 1;
		else if (c != '.' && !scan->dot)
			scan->dot = i - 1; /* the slash is at i - 2 */
	} else if (before3 == '/' && before2 == '.' && before == '.') {
		if (c == '/')
			scan->unclean = 1;
		else if (!scan->dot)
			scan->dot = i - 2;
	}
	scan->window[0] = before2;
	scan->window[1] = before;
	scan->window[2] = c;
	return 0;
}

TX_STEP(scan__step)

/*
 * The absolute path of len bytes at s->record + from. Sets unclean when the engine must decide.
 * Only for handlers of system calls: the scan works in their scratch buffer.
 */
static __always_inline struct tx_watch *watch__text(struct tx_scratch *s, u32 from, u32 len,
						    u32 use, u8 *unclean)
{
	struct tx_watch *found;
	u32 dot;

	s->scan.from = from;
	s->scan.len = len < TX_WATCH_PREFIX ? len : TX_WATCH_PREFIX;
	s->scan.dot = 0;
	s->scan.unclean = 0;
	__builtin_memset(s->scan.window, 0, sizeof(s->scan.window));
	TX_LOOP(TX_WATCH_PREFIX + 1, scan__step, (u32 *)NULL);
	if (s->scan.unclean) {
		*unclean = 1;
		return NULL;
	}
	TX_BOUND(from, TX_RECORD_MAX - TX_PATH_MAX);
	found = watch__lookup(s, &s->record[from], len, 0, use);
	dot = s->scan.dot;
	if (found || !dot || dot > len)
		return found;
	TX_BOUND(dot, TX_WATCH_PREFIX);
	return watch__lookup(s, &s->record[from + dot - 1], len - dot + 1, 1, use);
}

#endif
