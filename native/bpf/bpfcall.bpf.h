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

struct bpf_prog_aux {
	u32 id;
} __attribute__((preserve_access_index));

struct bpf_prog {
	struct bpf_prog_aux *aux;
} __attribute__((preserve_access_index));

/* Where the kernel keeps the operations of descriptors of maps, programs, links (and of those that
 * can be waited for). 0: not known. */
const volatile __u64 tx_bpf_fops[4] = {};
/* The first three, where the kernel does not list its data: seen at descriptors of our own. */
__u32 tx_bpf_own[3];
__u64 tx_bpf_seen[3];

static __always_inline void bpf__learn(u32 tgid, u32 fd, struct file *file)
{
#pragma unroll
	for (u32 i = 0; i < 3; i++)
		if (fd && fd == tx_bpf_own[i] && tgid == tx_self[0])
			tx_bpf_seen[i] = (u64)TX_READ(file, f_op);
}

/* Commands by number: enum bpf_cmd is only in newer headers complete. */
enum {
	TX_CMD_UPDATE = 2,
	TX_CMD_DELETE = 3,
	TX_CMD_OBJ_GET = 7,
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

/* What was opened by the name of a pin: the kind of the descriptor says what its object is. */
static __always_inline void bpf__opened(struct tx_syscall *e)
{
	struct file *file = e->ret < 0 ? NULL : fd__file(e->ret);
	void *object;
	u64 kind;

	if (!file)
		return;
	kind = (u64)TX_READ(file, f_op);
	object = TX_READ(file, private_data);
	if (!kind || !object)
		return;
	if (kind == tx_bpf_fops[0] || kind == tx_bpf_seen[0]) {
		e->args[3] = TX_BPF_MAP;
		e->args[4] = TX_READ((struct bpf_map *)object, id);
	} else if (kind == tx_bpf_fops[1] || kind == tx_bpf_seen[1]) {
		e->args[3] = TX_BPF_PROG;
		e->args[4] = TX_READ((struct bpf_prog *)object, aux, id);
	} else if (kind == tx_bpf_fops[2] || kind == tx_bpf_fops[3] || kind == tx_bpf_seen[2]) {
		e->args[3] = TX_BPF_LINK;
		e->args[4] = TX_READ((struct bpf_link *)object, id);
	}
}

/* What a call of bpf(2) changed, or opened by number: the engine knows which objects are its own.
 */
static __always_inline void bpf__object(struct tx_syscall *e)
{
	u32 cmd = e->args[0], word = 0, number;
	u64 attr = e->args[1];
	struct file *file;
	void *object;

	e->args[3] = TX_BPF_NONE;
	if (cmd == TX_CMD_OBJ_GET) {
		bpf__opened(e);
		return;
	}
	/* The batch commands have their descriptor behind four addresses and a count. */
	if (cmd >= TX_CMD_LOOKUP_AND_DELETE_BATCH && cmd <= TX_CMD_DELETE_BATCH)
		attr += 36;
	bpf_probe_read_user(&word, sizeof(word), (void *)attr);
	number = word;
	/* Read here: one load at the end, of this or of an object's number, the verifier refuses.
	 */
	asm volatile("" : "+r"(number));
	switch (cmd) {
	case TX_CMD_PROG_BY_ID:
		e->args[3] = TX_BPF_PROG;
		e->args[4] = number;
		return;
	case TX_CMD_MAP_BY_ID:
		e->args[3] = TX_BPF_MAP;
		e->args[4] = number;
		return;
	case TX_CMD_LINK_BY_ID:
		e->args[3] = TX_BPF_LINK;
		e->args[4] = number;
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
	file = fd__file(number);
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
