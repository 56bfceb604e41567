/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Calls that are done with before a handler is looked for. */
#ifndef TELOVIX_SYSCALL_QUICK_BPF_H
#define TELOVIX_SYSCALL_QUICK_BPF_H

/* True: an open that succeeded needs no further look. What was found out is for the handler. */
static __always_inline bool open__uninteresting(struct tx_open_seen *seen, u8 id, long fd,
						u64 second, u64 third)
{
	struct file *file = fd__file(fd);
	u64 flags = id == TX_S_OPENAT ? third : second;

	if (!file)
		return true;
	seen->file = (u64)file;
	seen->tag = cold__tag(seen->file);
	/* The flags of the others are in memory, or none. */
	if (id != TX_S_OPENAT && id != TX_S_OPEN)
		return false;
	return seen->tag && cold__is(seen->tag, open__use(flags));
}

/*
 * True: a connect(2) that succeeded, of TCP: the state change has told all of
 * it. Should another thread have put something else in the descriptor's place
 * meanwhile, what is read here is of that, and the handler would find nothing
 * either.
 */
static __always_inline bool connect__is_told(u32 fd)
{
	u64 file = (u64)fd__file(fd), socket, sk;

	if (!file)
		return false;
	socket = TX_NUMBER(file, struct file, private_data);
	sk = TX_NUMBER(socket, struct socket, sk);
	return sock__protocol((struct sock *)sk) == TX_IPPROTO_TCP;
}

#endif
