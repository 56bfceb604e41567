/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* bpf(2): which object of the kernel a call was about. */
#ifndef TELOVIX_BPFCALL_BPF_H
#define TELOVIX_BPFCALL_BPF_H

struct bpf_map {
	u32 id;
} __attribute__((preserve_access_index));

struct bpf_link {
	u32 id;
} __attribute__((preserve_access_index));

/* Commands by number: enum bpf_cmd is only in newer headers complete. */
enum {
	TX_CMD_UPDATE = 2,
	TX_CMD_DELETE = 3,
	TX_CMD_PROG_BY_ID = 13,
	TX_CMD_MAP_BY_ID = 14,
	TX_CMD_LOOKUP_AND_DELETE = 21,
	TX_CMD_FREEZE = 22,
	TX_CMD_LOOKUP_AND_DELETE_BATCH = 25,
	TX_CMD_DELETE_BATCH = 27,
	TX_CMD_LINK_UPDATE = 29,
	TX_CMD_LINK_BY_ID = 30,
	TX_CMD_LINK_DETACH = 34,
};

/* What a call of bpf(2) changed, or opened by number: the engine knows which objects are its own.
 */
static __always_inline void bpf__object(struct tx_syscall *e)
{
	u32 cmd = e->args[0], word = 0;
	u64 attr = e->args[1];
	struct file *file;
	void *object;

	e->args[3] = TX_BPF_NONE;
	/* The batch commands have their descriptor behind four addresses and a count. */
	if (cmd >= TX_CMD_LOOKUP_AND_DELETE_BATCH && cmd <= TX_CMD_DELETE_BATCH)
		attr += 36;
	bpf_probe_read_user(&word, sizeof(word), (void *)attr);
	switch (cmd) {
	case TX_CMD_PROG_BY_ID:
		e->args[3] = TX_BPF_PROG;
		e->args[4] = word;
		return;
	case TX_CMD_MAP_BY_ID:
		e->args[3] = TX_BPF_MAP;
		e->args[4] = word;
		return;
	case TX_CMD_LINK_BY_ID:
		e->args[3] = TX_BPF_LINK;
		e->args[4] = word;
		return;
	case TX_CMD_UPDATE ... TX_CMD_DELETE:
	case TX_CMD_LOOKUP_AND_DELETE ... TX_CMD_FREEZE:
	case TX_CMD_LOOKUP_AND_DELETE_BATCH ... TX_CMD_DELETE_BATCH:
	case TX_CMD_LINK_UPDATE:
	case TX_CMD_LINK_DETACH:
		break;
	default:
		return;
	}
	file = fd__file(word);
	if (!file)
		return;
	object = TX_READ(file, private_data);
	if (cmd == TX_CMD_LINK_UPDATE || cmd == TX_CMD_LINK_DETACH) {
		e->args[3] = TX_BPF_LINK;
		e->args[4] = TX_READ((struct bpf_link *)object, id);
	} else {
		e->args[3] = TX_BPF_MAP;
		e->args[4] = TX_READ((struct bpf_map *)object, id);
	}
}

#endif
