// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Processes: exec, fork, exit, and the iterator over those that were there before us. */

/* Offsets up to which each string may begin, in the order they are appended. */
#define TX_OFF_SCRIPT TX_PATH_MAX
#define TX_OFF_CWD (TX_OFF_SCRIPT + TX_SCRIPT_MAX)
#define TX_OFF_CGROUP (TX_OFF_CWD + TX_PATH_MAX)
#define TX_OFF_ARGS (TX_OFF_CGROUP + TX_CGROUP_MAX)

static __always_inline struct tx_proc *proc__begin(struct tx_scratch *s, struct task_struct *task)
{
	struct tx_proc *p = (void *)s->record;

	p->ino = 0;
	p->dev = 0;
	p->nlink = 0;
	p->args_total = 0;
	p->path_len = 0;
	p->script_len = 0;
	p->cwd_len = 0;
	p->cgroup_len = 0;
	p->args_len = 0;
	p->flags = 0;
	task__fill(&p->task, task);
	return p;
}

/* Executable and its inode. Returns the end of the data so far. */
static __always_inline u32 proc__exe(struct tx_proc *p, struct tx_scratch *s, u32 slot,
				     struct file *exe)
{
	struct inode *inode = TX_READ(exe, f_inode);

	p->ino = TX_READ(inode, i_ino);
	p->dev = TX_READ(inode, i_sb, s_dev);
	p->nlink = TX_READ(inode, i_nlink);
	file__walk(s, slot, exe);
	p->path_len = path__append(s, p->data, 0, 0);
	if (s->w.cut)
		p->flags |= TX_PF_PATH_CUT;
	return p->path_len;
}

static __always_inline u32 proc__where(struct tx_proc *p, struct tx_scratch *s, u32 slot,
				       struct task_struct *task, u32 off)
{
	struct fs_struct *fs = TX_READ(task, fs);

	if (fs) {
		path__walk(s, slot, TX_READ(fs, pwd.mnt), TX_READ(fs, pwd.dentry));
		p->cwd_len = path__append(s, p->data, off, TX_OFF_CWD);
		if (s->w.cut)
			p->flags |= TX_PF_CWD_CUT;
		off += p->cwd_len;
	}
	p->cgroup_len = cgroup__append(s, slot, task__cgroup(task), p->data, off, TX_OFF_CGROUP);
	return off + p->cgroup_len;
}

/* argv as it lies in the new address space; its pages were just written, so they are present. */
static __always_inline u32 proc__args(struct tx_proc *p, struct task_struct *task, u32 off)
{
	unsigned long from = TX_READ(task, mm, arg_start);
	unsigned long to = TX_READ(task, mm, arg_end);
	u32 len = to > from ? to - from : 0;

	p->args_total = len;
	TX_BOUND(len, TX_ARGS_MAX - 1);
	TX_BOUND(off, TX_OFF_ARGS);
	if (bpf_probe_read_user(p->data + off, len, (void *)from)) {
		p->flags |= TX_PF_ARGS_ERROR;
		TX_COUNT(fault);
		return 0;
	}
	p->args_len = len;
	return len;
}

static __always_inline int exec__report(struct task_struct *task, struct linux_binprm *bprm)
{
	struct tx_scratch *s = scratch__get(TX_SCRATCH_EXEC);
	const char *filename = TX_READ(bprm, filename);
	struct tx_proc *p;
	u32 off;

	if (!s) {
		TX_COUNT(scratch);
		return 0;
	}
	p = proc__begin(s, task);
	header__current(&p->h, TX_EXEC);
	off = proc__exe(p, s, TX_SCRATCH_EXEC, TX_READ(bprm, file));
	ptask__exec(s, task, p->data, off);
	if (BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec))
		p->flags |= TX_PF_SETID;
	/* A script: the interpreter runs, the name given was another. */
	if (filename != TX_READ(bprm, interp)) {
		long n;

		TX_BOUND(off, TX_OFF_SCRIPT);
		n = bpf_probe_read_kernel_str(p->data + off, TX_SCRIPT_MAX, filename);
		if (n > 1) {
			p->script_len = n - 1;
			off += p->script_len;
		}
	}
	off = proc__where(p, s, TX_SCRATCH_EXEC, task, off);
	off += proc__args(p, task, off);
	TX_BOUND(off, TX_PROC_DATA);
	record__output_exec(&p->h, sizeof(*p) + off);
	return 0;
}

static __always_inline int fork__report(struct task_struct *parent, struct task_struct *child)
{
	struct tx_scratch *s = scratch__get(TX_SCRATCH_FORK);
	struct cgroup *cgroup;
	struct tx_proc *p;
	u32 off = 0;

	/* A thread: same group. Threads are no processes of ours. */
	if (TX_READ(child, tgid) == TX_READ(parent, tgid))
		return 0;
	if (!s) {
		TX_COUNT(scratch);
		return 0;
	}
	p = proc__begin(s, child);
	header__current(&p->h, TX_FORK);
	cgroup = task__cgroup(child);
	if (cgroup == task__cgroup(parent)) {
		p->flags |= TX_PF_CGROUP_SAME;
	} else {
		off = cgroup__append(s, TX_SCRATCH_FORK, cgroup, p->data, 0, 0);
		p->cgroup_len = off;
	}
	TX_BOUND(off, TX_CGROUP_MAX);
	record__output_exec(&p->h, sizeof(*p) + off);
	ptask__fork(s, parent, child);
	return 0;
}

/*
 * The last thread of a group reports for the process. Two threads that end at the same moment may
 * both see live == 0; the engine takes the first record.
 */
static __always_inline int exit__report(struct task_struct *task)
{
	struct signal_struct *signal = TX_READ(task, signal);
	struct tx_exit e = {};

	if (TX_READ(signal, live.counter) > 0)
		return 0;
	header__current(&e.h, TX_EXIT);
	/* Its number may be another's soon, and we may outlive it. */
#pragma unroll
	for (u32 i = 0; i < 4; i++)
		if (tx_self[i] == e.h.tgid)
			tx_self[i] = 0;
	/* What wait(2) will show: the group's code, or that of the leader who just left. */
	if (TX_READ(signal, flags) & TX_SIGNAL_GROUP_EXIT)
		e.code = TX_READ(signal, group_exit_code);
	else
		e.code = TX_READ(task, group_leader, exit_code);
	record__output_exec(&e.h, sizeof(e));
	ptask__exit(e.h.tgid);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(tp_btf__sched_process_exec, struct task_struct *task, int old_pid,
	     struct linux_binprm *bprm)
{
	return TX_UNDISTURBED(exec__report(task, bprm));
}

SEC("raw_tp/sched_process_exec")
int BPF_PROG(raw_tp__sched_process_exec, struct task_struct *task, int old_pid,
	     struct linux_binprm *bprm)
{
	return TX_UNDISTURBED(exec__report(task, bprm));
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(tp_btf__sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	return TX_UNDISTURBED(fork__report(parent, child));
}

SEC("raw_tp/sched_process_fork")
int BPF_PROG(raw_tp__sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	return TX_UNDISTURBED(fork__report(parent, child));
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(tp_btf__sched_process_exit, struct task_struct *task)
{
	return TX_UNDISTURBED(exit__report(task));
}

SEC("raw_tp/sched_process_exit")
int BPF_PROG(raw_tp__sched_process_exit, struct task_struct *task)
{
	return TX_UNDISTURBED(exit__report(task));
}

SEC("tp_btf/sched_process_free")
int BPF_PROG(tp_btf__sched_process_free, struct task_struct *task)
{
	return TX_UNDISTURBED(ptask__free(task));
}

SEC("raw_tp/sched_process_free")
int BPF_PROG(raw_tp__sched_process_free, struct task_struct *task)
{
	return TX_UNDISTURBED(ptask__free(task));
}

/* Thread group leaders, one record each; argv is added by the engine from /proc. */
SEC("iter/task")
int iter__task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct seq_file *seq = ctx->meta->seq;
	struct tx_scratch *s;
	struct tx_proc *p;
	struct file *exe;
	u32 off = 0;

	if (!task || TX_READ(task, pid) != TX_READ(task, tgid))
		return 0;
	s = scratch__get(TX_SCRATCH_ITER);
	if (!s)
		return 0;
	p = proc__begin(s, task);
	header__init(&p->h, TX_TASK);
	p->h.tgid = p->task.tgid;
	p->h.tid = p->task.tid;
	p->h.uid = p->task.creds.euid;
	p->h.start = p->task.start;
	exe = TX_READ(task, mm, exe_file);
	if (exe)
		off = proc__exe(p, s, TX_SCRATCH_ITER, exe);
	off = proc__where(p, s, TX_SCRATCH_ITER, task, off);
	TX_BOUND(off, TX_OFF_ARGS);
	bpf_seq_write(seq, p, sizeof(*p) + off);
	return 0;
}
