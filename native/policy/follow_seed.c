// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Processes older than the policies, in the kernel's memory of processes. */
#include <bpf/bpf.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "follow.h"

static void copy_image(const struct proc *p, char to[TX_TEXT_KEY], uint16_t *len, bool *cut)
{
	uint32_t n = p->task.kthread || !p->pid ? 0 : p->text->binary_len;

	*cut = n > TX_TEXT_KEY - 1;
	if (*cut)
		n = TX_TEXT_KEY - 1;
	memcpy(to, proc_binary(p), n);
	*len = n;
}

static void fill(struct tx_ptask *t, const struct proc *p)
{
	bool cut, parent_cut;

	memset(t, 0, sizeof(*t));
	t->start = p->start;
	t->caps[TX_CAP_EFFECTIVE] = p->task.creds.cap_effective;
	t->caps[TX_CAP_INHERITABLE] = p->task.creds.cap_inheritable;
	t->caps[TX_CAP_PERMITTED] = p->task.creds.cap_permitted;
	memcpy(t->ns, p->task.ns, sizeof(t->ns));
	t->parent_tgid = p->parent_pid ? p->parent_pid : p->ppid;
	copy_image(p, t->binary, &t->binary_len, &cut);
	if (cut)
		t->flags |= TX_PTASK_BINARY_CUT;
	if (p->parent)
		copy_image(p->parent, t->parent, &t->parent_len, &parent_cut);
	follow_of(p, t->follow);
}

/*
 * Bits are added, and none is taken but those of sets that are gone: of a process that has changed
 * its image only the kernel knows what it was before.
 */
static void seed_one(int fd, const struct proc *p, const __u64 *stale)
{
	__u64 bits[TX_FOLLOW_WORDS];
	struct tx_ptask t;
	bool changed = false;

	if (bpf_map_lookup_elem(fd, &p->pid, &t)) {
		fill(&t, p);
		bpf_map_update_elem(fd, &p->pid, &t, BPF_NOEXIST);
		return;
	}
	if (t.start > p->start) /* the number is another's by now */
		return;
	if (t.start < p->start) {
		fill(&t, p);
		bpf_map_update_elem(fd, &p->pid, &t, BPF_EXIST);
		return;
	}
	follow_of(p, bits);
	for (int w = 0; w < TX_FOLLOW_WORDS; w++) {
		__u64 with = (t.follow[w] & ~stale[w]) | bits[w];

		changed |= with != t.follow[w];
		t.follow[w] = with;
	}
	if (changed)
		bpf_map_update_elem(fd, &p->pid, &t, BPF_EXIST);
}

void follow_seed(int ptasks_fd)
{
	DIR *dir = opendir("/proc");
	__u64 stale[TX_FOLLOW_WORDS];
	struct dirent *entry;

	follow_fresh(stale);
	while (dir && (entry = readdir(dir))) {
		char *end;
		unsigned long pid = strtoul(entry->d_name, &end, 10);
		struct proc *p = *end || !pid ? NULL : proc_find(pid, 0);

		if (p && !p->exited_at)
			seed_one(ptasks_fd, p, stale);
	}
	if (dir)
		closedir(dir);
}

void follow_born(int ptasks_fd, const struct proc *p)
{
	__u64 bits[TX_FOLLOW_WORDS];
	struct tx_ptask t;

	if (!follow_own_pid(p->task.nspid, bits) || bpf_map_lookup_elem(ptasks_fd, &p->pid, &t) ||
	    t.start != p->start)
		return;
	for (int w = 0; w < TX_FOLLOW_WORDS; w++)
		t.follow[w] |= bits[w];
	bpf_map_update_elem(ptasks_fd, &p->pid, &t, BPF_EXIST);
}

void follow_mend(int ptasks_fd, const struct proc *p)
{
	struct tx_ptask have, want;

	if (bpf_map_lookup_elem(ptasks_fd, &p->pid, &have) || have.start != p->start)
		return;
	fill(&want, p);
	if (have.binary_len == want.binary_len &&
	    !memcmp(have.binary, want.binary, want.binary_len))
		return;
	for (int w = 0; w < TX_FOLLOW_WORDS; w++)
		want.follow[w] |= have.follow[w];
	bpf_map_update_elem(ptasks_fd, &p->pid, &want, BPF_EXIST);
}

void follow_forget(int ptasks_fd)
{
	uint32_t pid, next;

	/* By the first key each time: what was deleted has no successor. */
	while (!bpf_map_get_next_key(ptasks_fd, NULL, &next)) {
		pid = next;
		if (bpf_map_delete_elem(ptasks_fd, &pid))
			return;
	}
}
