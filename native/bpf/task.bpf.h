/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What is told of a process: identity, credentials, namespaces, cgroup. */
#ifndef TELOVIX_TASK_BPF_H
#define TELOVIX_TASK_BPF_H

#define TX_PF_KTHREAD 0x00200000
#define TX_SIGNAL_GROUP_EXIT 0x00000004
#define TX_CGROUP_STEPS 24

static __always_inline void creds__fill(struct tx_creds *out, const struct cred *cred)
{
	out->uid = TX_READ(cred, uid.val);
	out->gid = TX_READ(cred, gid.val);
	out->suid = TX_READ(cred, suid.val);
	out->sgid = TX_READ(cred, sgid.val);
	out->euid = TX_READ(cred, euid.val);
	out->egid = TX_READ(cred, egid.val);
	out->fsuid = TX_READ(cred, fsuid.val);
	out->fsgid = TX_READ(cred, fsgid.val);
	out->securebits = TX_READ(cred, securebits);
	out->user_ns = TX_READ(cred, user_ns, ns.inum);
	bpf_core_read(&out->cap_inheritable, 8, &cred->cap_inheritable);
	bpf_core_read(&out->cap_permitted, 8, &cred->cap_permitted);
	bpf_core_read(&out->cap_effective, 8, &cred->cap_effective);
}

static __always_inline bool task__upid(struct task_struct *task, struct upid *upid)
{
	struct pid *pid = TX_READ(task, thread_pid);
	u32 level = TX_READ(pid, level);

	/* numbers[] has one entry per level; the last is the process's own namespace. */
	return level < 32 &&
	       !bpf_probe_read_kernel(upid, sizeof(*upid),
				      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
					      level * bpf_core_type_size(struct upid));
}

/* The caller's process id as it sees it itself: what its own arguments are to be compared with. */
static __always_inline u32 process__own_pid(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct upid upid = {};

	task__upid(TX_READ(task, group_leader), &upid);
	return upid.nr;
}

static __always_inline u32 task__pid_ns(struct task_struct *task)
{
	struct upid upid = {};

	return task__upid(task, &upid) ? TX_READ(upid.ns, ns.inum) : 0;
}

static __always_inline void ns__read(u32 *ns, struct task_struct *task)
{
	struct nsproxy *proxy = TX_READ(task, nsproxy);

	/* nsproxy is NULL in a task past exit; the numbers are 0 then. */
	ns[TX_NS_UTS] = TX_READ(proxy, uts_ns, ns.inum);
	ns[TX_NS_IPC] = TX_READ(proxy, ipc_ns, ns.inum);
	ns[TX_NS_MNT] = TX_READ(proxy, mnt_ns, ns.inum);
	ns[TX_NS_PID_CHILD] = TX_READ(proxy, pid_ns_for_children, ns.inum);
	ns[TX_NS_NET] = TX_READ(proxy, net_ns, ns.inum);
	ns[TX_NS_CGROUP] = TX_READ(proxy, cgroup_ns, ns.inum);
	ns[TX_NS_USER] = TX_READ(task, cred, user_ns, ns.inum);
	if (bpf_core_field_exists(proxy->time_ns)) {
		ns[TX_NS_TIME] = TX_READ(proxy, time_ns, ns.inum);
		ns[TX_NS_TIME_CHILD] = TX_READ(proxy, time_ns_for_children, ns.inum);
	}
	ns[TX_NS_PID] = task__pid_ns(task);
}

/*
 * The cgroup that says something: the unified one, or, on hosts where controllers still live in v1
 * hierarchies, that of the memory or pids controller when the unified one is the root.
 */
static __always_inline struct cgroup *task__cgroup(struct task_struct *task)
{
	struct css_set *set = TX_READ(task, cgroups);
	struct cgroup *unified = TX_READ(set, dfl_cgrp);
	struct cgroup *cgroup;
	u32 id;

	if (TX_READ(unified, level) > 0)
		return unified;
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id___local, memory_cgrp_id___local)) {
		id = bpf_core_enum_value(enum cgroup_subsys_id___local, memory_cgrp_id___local);
		cgroup = TX_READ(set, subsys[id & 15], cgroup);
		if (cgroup && TX_READ(cgroup, level) > 0)
			return cgroup;
	}
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id___local, pids_cgrp_id___local)) {
		id = bpf_core_enum_value(enum cgroup_subsys_id___local, pids_cgrp_id___local);
		cgroup = TX_READ(set, subsys[id & 15], cgroup);
		if (cgroup && TX_READ(cgroup, level) > 0)
			return cgroup;
	}
	return unified;
}

static __always_inline struct kernfs_node *kernfs__parent(struct kernfs_node *kn)
{
	struct kernfs_node___rcu *renamed = (void *)kn;

	if (bpf_core_field_exists(renamed->__parent))
		return TX_READ(renamed, __parent);
	return TX_READ(kn, parent);
}

static long kernfs__step(u32 i, u32 *slot)
{
	struct tx_scratch *s = scratch__get(*slot);
	struct kernfs_node *kn, *parent;
	const char *name;
	u32 pos;
	long len;

	if (!s)
		return 1;
	kn = s->kernfs.kn;
	pos = s->kernfs.pos;
	parent = kernfs__parent(kn);
	if (!parent) /* the hierarchy's root has no name */
		return 1;
	/* Names have no stored length: read at the far end of the buffer first, then move. */
	name = TX_READ(kn, name);
	len = bpf_probe_read_kernel_str(&s->walk[TX_PATH_MAX], TX_NAME_MAX, name);
	if (len < 2)
		return 1;
	len -= 1;
	if (pos <= len || pos >= TX_PATH_MAX)
		return 1;
	pos -= len + 1;
	asm volatile("" : "+r"(pos));
	pos &= TX_PATH_MAX - 1;
	asm volatile("" : "+r"(len));
	len &= TX_NAME_MAX - 1;
	bpf_probe_read_kernel(&s->walk[pos + 1], len, &s->walk[TX_PATH_MAX]);
	s->walk[pos] = '/';
	s->kernfs.pos = pos;
	s->kernfs.kn = parent;
	return 0;
}

TX_STEP(kernfs__step)

/* Appends the cgroup's path (at most TX_CGROUP_MAX bytes) to dst at off. */
static __always_inline u32 cgroup__append(struct tx_scratch *s, u32 slot, struct cgroup *cgroup,
					  char *dst, u32 off, u32 max_off)
{
	u32 pos, len;

	s->kernfs.kn = TX_READ(cgroup, kn);
	s->kernfs.pos = TX_PATH_MAX - 1;
	TX_LOOP(TX_CGROUP_STEPS, kernfs__step, &slot);
	pos = s->kernfs.pos;
	if (pos >= TX_PATH_MAX - 1) {
		pos = TX_PATH_MAX - 2;
		s->walk[TX_PATH_MAX - 2] = '/';
	}
	TX_BOUND(pos, TX_PATH_MAX - 1);
	len = TX_PATH_MAX - 1 - pos;
	TX_BOUND(len, TX_CGROUP_MAX);
	TX_BOUND(off, max_off);
	if (bpf_probe_read_kernel(dst + off, len, &s->walk[pos]))
		return 0;
	return len;
}

static __always_inline void task__fill(struct tx_task *out, struct task_struct *task)
{
	struct cgroup *cgroup = task__cgroup(task);
	struct upid upid = {};

	out->tgid = TX_READ(task, tgid);
	out->tid = TX_READ(task, pid);
	out->ppid = TX_READ(task, real_parent, tgid);
	out->start = TX_READ(task, group_leader, start_boottime);
	out->auid = bpf_core_field_exists(task->loginuid) ? TX_READ(task, loginuid.val) : ~0U;
	out->kthread = !!(TX_READ(task, flags) & TX_PF_KTHREAD);
	__builtin_memset(out->ns, 0, sizeof(out->ns));
	creds__fill(&out->creds, TX_READ(task, cred));
	ns__read(out->ns, task);
	task__upid(task, &upid);
	out->nspid = upid.nr;
	out->cgroup_id = TX_READ(cgroup, kn, id);
	bpf_core_read(&out->comm, sizeof(out->comm), &task->comm);
}

#endif
