// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Opens and changes of watched paths. An open that succeeded is matched by the real path of the
 * file it got; everything else only has the string in user memory (toctou).
 */

#define TX_AT_FDCWD -100
#define TX_USER_PATH_ROOM (2 * TX_PATH_MAX) /* base, slash, string */

/* Where a (dirfd, relative path) pair starts from. */
static __always_inline bool path__base(struct tx_scratch *s, s32 dirfd)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct file *file;
	struct fs_struct *fs;

	if (dirfd == TX_AT_FDCWD) {
		fs = TX_READ(task, fs);
		return path__walk(s, TX_SCRATCH_CALL, TX_READ(fs, pwd.mnt),
				  TX_READ(fs, pwd.dentry));
	}
	file = fd__file(dirfd);
	if (!file)
		return false;
	return file__walk(s, TX_SCRATCH_CALL, file);
}

/* Makes an absolute path of a user string at data + off (off <= TX_USER_PATH_ROOM). */
static __always_inline u32 path__user(struct tx_scratch *s, char *data, u32 off, s32 dirfd,
				      u64 string)
{
	u32 from = off, end;
	char first = 0;
	long n;

	if (bpf_probe_read_user(&first, 1, (void *)string)) {
		TX_COUNT(fault);
		return 0;
	}
	TX_BOUND(off, TX_USER_PATH_ROOM);
	if (first != '/') {
		if (!path__base(s, dirfd))
			return 0;
		off += path__append(s, data, off, TX_USER_PATH_ROOM);
		if (!first)
			return off - from; /* AT_EMPTY_PATH: the descriptor itself */
		TX_BOUND(off, TX_USER_PATH_ROOM + TX_PATH_MAX - 1);
		/* The root already ends in a slash. */
		if (s->w.pos < TX_PATH_MAX - 2)
			data[off++] = '/';
	}
	TX_BOUND(off, TX_USER_PATH_ROOM + TX_PATH_MAX);
	n = bpf_probe_read_user_str(data + off, TX_PATH_MAX, (void *)string);
	if (n < 1) {
		TX_COUNT(fault);
		return 0;
	}
	end = off + n - 1;
	return end - from;
}

struct tx_open_call {
	s32 dirfd;
	u32 flags, mode;
	u64 path;
};

static __always_inline void open__args(struct tx_open_call *o, const struct tx_call *call)
{
	u64 how[2] = {};

	o->dirfd = TX_AT_FDCWD;
	o->path = call->args[0];
	switch (call->def.id) {
	case TX_S_OPEN:
		o->flags = call->args[1];
		o->mode = call->args[2];
		break;
	case TX_S_CREAT:
		o->flags = TX_O_CREAT | TX_O_TRUNC | 1;
		o->mode = call->args[1];
		break;
	case TX_S_OPENAT:
		o->dirfd = call->args[0];
		o->path = call->args[1];
		o->flags = call->args[2];
		o->mode = call->args[3];
		break;
	default: /* openat2: a structure; its layout is the same for i386 */
		bpf_probe_read_user(how, sizeof(how), (void *)call->args[2]);
		o->dirfd = call->args[0];
		o->path = call->args[1];
		o->flags = how[0];
		o->mode = how[1];
	}
}

static __always_inline void open__send(struct tx_open *e, const struct tx_call *call,
				       const struct tx_open_call *o, u32 len)
{
	header__current(&e->h, TX_OPEN);
	e->ret = call->ret;
	e->id = call->def.id;
	e->dirfd = o->dirfd;
	e->flags = o->flags;
	e->create_mode = o->mode;
	e->path_len = len;
	e->pad = 0;
	TX_BOUND(len, 2 * TX_PATH_MAX);
	record__output_main(&e->h, sizeof(*e) + len);
}

static __always_inline int open__done(struct tx_scratch *s, const struct tx_open_call *o)
{
	struct file *file = (struct file *)s->seen.file;
	struct tx_open *e;
	u64 tag = s->seen.tag;
	struct tx_watch *watch;
	struct inode *inode;
	u32 pos;

	if (!file) { /* a compat call */
		file = fd__file(s->call.ret);
		if (!file)
			return 0;
		tag = cold__tag((u64)file);
	}
	watch = file__watched(s, file, tag, open__use(o->flags));
	if (!watch)
		return 0;
	/* Directly before its path: nothing is copied. */
	pos = s->w.pos;
	TX_BOUND(pos, TX_PATH_MAX - 1);
	e = (void *)&s->front[TX_WALK_FRONT - sizeof(*e) + pos];
	inode = TX_READ(file, f_inode);
	e->ino = TX_READ(inode, i_ino);
	e->dev = TX_READ(inode, i_sb, s_dev);
	e->mode = TX_READ(inode, i_mode);
	e->watch = watch->index;
	e->toctou = 0;
	e->unclean = 0;
	e->cut = s->w.cut;
	open__send(e, &s->call, o, TX_PATH_MAX - 1 - pos);
	return 0;
}

static __always_inline int open__refused(struct tx_scratch *s, const struct tx_open_call *o)
{
	struct tx_open *e = (void *)s->record;
	u32 len = path__user(s, e->data, 0, o->dirfd, o->path);
	struct tx_watch *watch;
	u8 unclean = 0;

	if (!len)
		return 0;
	watch = watch__text(s, e->data - s->record, len, open__use(o->flags), &unclean);
	if (!watch && !unclean)
		return 0;
	e->ino = 0;
	e->dev = 0;
	e->mode = 0;
	e->watch = watch ? watch->index : 0;
	e->toctou = 1;
	e->unclean = unclean;
	e->cut = 0;
	open__send(e, &s->call, o, len);
	return 0;
}

static __always_inline int call__open(struct tx_scratch *s)
{
	struct tx_open_call o;

	open__args(&o, &s->call);
	if (s->call.ret >= 0)
		return open__done(s, &o);
	return call__refused(s->call.ret) ? open__refused(s, &o) : 0;
}

static __always_inline u32 call__use(const struct tx_call *call)
{
	return call->def.flags & TX_SF_REMOVES ? TX_W_REMOVE : TX_W_WRITE;
}

/* The arguments that follow the last path (or the descriptor). */
static __always_inline void pathcall__rest_args(struct tx_pathcall *e, const struct tx_call *call,
						u32 first)
{
#pragma unroll
	for (u32 i = 0; i < 6; i++)
		e->args[i] = first + i < 6 ? call->args[(first + i) & 7] : 0;
}

static __always_inline void pathcall__send(struct tx_pathcall *e, const struct tx_call *call,
					   const struct tx_watch *watch, u32 len)
{
	header__current(&e->h, TX_PATHCALL);
	e->ret = call->ret;
	e->id = call->def.id;
	e->watch = watch ? watch->index : 0;
	TX_BOUND(len, 4 * TX_PATH_MAX);
	record__output_main(&e->h, sizeof(*e) + len);
}

static __always_inline u64 call__arg(const struct tx_call *call, u32 index)
{
	return call->args[index & 7];
}

static __always_inline s32 call__dirfd(const struct tx_call *call, u32 index)
{
	return index < 6 ? (s32)call__arg(call, index) : TX_AT_FDCWD;
}

static __always_inline int call__path(struct tx_scratch *s)
{
	struct tx_pathcall *e = (void *)s->record;
	struct tx_watch *watch, *second = NULL;
	const struct tx_call *call = &s->call;
	const struct tx_sysdef *def = &call->def;
	u8 unclean = 0, last = def->path[0];
	u32 first_len, second_len = 0;
	long n;

	if (call->ret < 0 && !call__refused(call->ret))
		return 0;
	first_len = path__user(s, e->data, 0, call__dirfd(call, def->dirfd[0]),
			       call__arg(call, def->path[0]));
	TX_BOUND(first_len, TX_USER_PATH_ROOM);
	if (!first_len)
		return 0;
	watch = watch__text(s, e->data - s->record, first_len, call__use(call), &unclean);
	if (def->id == TX_S_RENAMEAT2 || def->id == TX_S_LINKAT) {
		last = def->path[1];
		second_len = path__user(s, e->data, first_len, call__dirfd(call, def->dirfd[1]),
					call__arg(call, def->path[1]));
		TX_BOUND(second_len, TX_USER_PATH_ROOM);
		second = watch__text(s, e->data - s->record + first_len, second_len,
				     call__use(call), &unclean);
	}
	if (!watch)
		watch = second;
	if (!watch && !unclean)
		return 0;
	if (def->id == TX_S_SYMLINKAT || def->id == TX_S_SETXATTR) {
		/* The target of a link, the name of an attribute: text, not a path to match. */
		u32 at = def->id == TX_S_SYMLINKAT ? 0 : def->path[0] + 1;

		n = bpf_probe_read_user_str(e->data + first_len, TX_PATH_MAX,
					    (void *)call__arg(call, at));
		second_len = n > 1 ? n - 1 : 0;
	}
	e->len[0] = first_len;
	e->len[1] = second_len;
	e->unclean = unclean && !watch;
	e->toctou = 1;
	e->mode = 0;
	pathcall__rest_args(e, call, last + 1);
	pathcall__send(e, call, watch, first_len + second_len);
	return 0;
}

static __always_inline int call__fdpath(struct tx_scratch *s)
{
	struct tx_pathcall *e = (void *)s->record;
	struct tx_watch *watch;
	struct file *file;
	u32 len;

	if (s->call.ret < 0 && !call__refused(s->call.ret))
		return 0;
	file = fd__file(s->call.args[0]);
	if (!file)
		return 0;
	watch = file__watched(s, file, cold__tag((u64)file), call__use(&s->call));
	if (!watch)
		return 0;
	len = path__append(s, e->data, 0, 0);
	e->len[0] = len;
	e->len[1] = 0;
	e->unclean = 0;
	e->toctou = 0;
	e->mode = TX_READ(file, f_inode, i_mode);
	pathcall__rest_args(e, &s->call, 1);
	pathcall__send(e, &s->call, watch, len);
	return 0;
}

TX_HANDLER(open, call__open)
TX_HANDLER(path, call__path)
TX_HANDLER(fdpath, call__fdpath)
