// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The choice of mechanisms for system calls and security hooks, on kernels of every kind. */
#include "resolve_world.h"

static void call(const struct facts *facts, const struct needs *needs, const char *name)
{
	memset(&c, 0, sizeof(c));
	choose_call(facts, needs, false, name, &c);
}

static void calls(void)
{
	call(&distribution, &observe, "sys_openat");
	CHECK(c.status == POINT_OK && c.count == 1);
	CHECK(at(0, POINT_KPROBE, CALLS_PREFIX "sys_openat", WANT_POST | WANT_ENFORCE));
	CHECK(c.at[0].row_flags == TX_HOOK_SYSCALL_REGS && c.at[0].trampoline);
	/* Not where runs may be skipped, nor where something is enforced. */
	call(&realtime, &observe, "sys_openat");
	CHECK(c.at[0].backend == POINT_KPROBE && !c.at[0].trampoline);
	call(&distribution, &kills, "sys_openat");
	CHECK(c.at[0].backend == POINT_KPROBE && !c.at[0].trampoline);
	call(&locked, &observe, "sys_openat");
	CHECK(c.status == POINT_OK);
	CHECK(at(0, POINT_SYS_ENTER, "openat", WANT_POST | WANT_ENFORCE));
	CHECK(c.at[0].row_flags == 0);
	/* No function of that name: the table at all calls knows it all the same. */
	call(&distribution, &observe, "sys_close");
	CHECK(at(0, POINT_SYS_ENTER, "close", WANT_POST | WANT_ENFORCE));
	call(&distribution, &many, "sys_openat");
	CHECK(at(0, POINT_SYS_ENTER, "openat", WANT_POST | WANT_ENFORCE));
	call(&distribution, &returns, "sys_openat");
	CHECK(c.count == 1 && at(0, POINT_SYS_EXIT, "openat", WANT_POST));
	call(&distribution, &returns, "sys_execve");
	CHECK(c.status == POINT_DEGRADED && c.count == 1);
	CHECK(at(0, POINT_KPROBE, CALLS_PREFIX "sys_execve", WANT_POST | WANT_ENFORCE));
#ifdef __x86_64__
	memset(&c, 0, sizeof(c));
	choose_call(&distribution, &observe, true, "sys_openat", &c);
	CHECK(at(0, POINT_KPROBE, "__ia32_compat_sys_openat", WANT_POST | WANT_ENFORCE));
	CHECK(c.at[0].compat && c.at[0].row_flags == (TX_HOOK_SYSCALL_REGS | TX_HOOK_COMPAT_REGS));
	CHECK(!c.at[0].trampoline);
	memset(&c, 0, sizeof(c));
	choose_call(&distribution, &observe, true, "sys_symlinkat", &c);
	CHECK(at(0, POINT_KPROBE, "__ia32_sys_symlinkat", WANT_POST | WANT_ENFORCE));
#endif
}

static void no_calls(void)
{
	call(&distribution, &observe, "sys_opennat");
	CHECK(c.status == POINT_REJECTED && c.missing && !c.count);
	CHECK_TEXT(c.reason, "no such system call on this kernel: sys_opennat "
			     "(nearest: sys_openat)");
	call(&distribution, &observe, "sparc/sys_openat");
	CHECK(c.status == POINT_REJECTED && c.missing);
	call(&distribution, &observe, "sys_qqqqqqqq");
	CHECK_TEXT(c.reason, "no such system call on this kernel: sys_qqqqqqqq");
}

static void denied_calls(void)
{
	call(&distribution, &denies, "sys_symlinkat");
	CHECK(c.status == POINT_OK && c.count == 1);
	CHECK(at(0, POINT_KPROBE, CALLS_PREFIX "sys_symlinkat",
		 WANT_POST | WANT_ENFORCE | WANT_MARK));
	CHECK_TEXT(c.deny[0], "inode_symlink");
	CHECK_TEXT(c.deny[1], "");
	call(&distribution, &denies_and_returns, "sys_openat");
	CHECK(c.count == 2);
	CHECK(at(0, POINT_KPROBE, CALLS_PREFIX "sys_openat", WANT_ENFORCE | WANT_MARK));
	CHECK(at(1, POINT_SYS_EXIT, "openat", WANT_POST));
	CHECK_TEXT(c.deny[0], "file_open");
	CHECK_TEXT(c.deny[1], "inode_create");
	call(&no_lsm, &denies, "sys_symlinkat");
	CHECK(c.status == POINT_OK && (c.at[0].part & WANT_MARK)); /* by fmod_ret */
	call(&no_lsm_rt, &denies, "sys_symlinkat");
	CHECK(c.status == POINT_REJECTED && !c.count);
	call(&locked, &denies, "sys_symlinkat");
	CHECK(c.status == POINT_REJECTED && !c.count);
	CHECK_TEXT(c.reason,
		   "nothing here can deny sys_symlinkat: BPF LSM programs do not run here "
		   "(lsm= without bpf, or not permitted)");
	CHECK(c.feature);
	call(&locked, &denies_and_kills, "sys_symlinkat");
	CHECK(c.status == POINT_DEGRADED && c.count == 1);
	call(&injectable, &denies, "sys_symlinkat");
	CHECK(c.status == POINT_OK && c.at[0].override && !(c.at[0].part & WANT_MARK));
	call(&distribution, &denies, "sys_getpid");
	CHECK(c.status == POINT_REJECTED);
	CHECK_TEXT(c.reason, "nothing here can deny sys_getpid: it passes no LSM hook that could");
	call(&distribution, &denies, "sys_delete_module");
	CHECK(c.status == POINT_OK);
	CHECK_TEXT(c.deny[0], "capable");
	struct needs other = denies;
	other.other_error = true;
	call(&distribution, &other, "sys_delete_module");
	CHECK(c.status == POINT_DEGRADED);
}

/* What returns 0 lets the call pass, unless it is answered for. */
static void zero_errors(void)
{
	struct needs zero = denies, kills_too = denies_and_kills;

	zero.zero_error = kills_too.zero_error = true;
	call(&distribution, &zero, "sys_symlinkat");
	CHECK(c.status == POINT_REJECTED && !c.count && !c.deny[0][0]);
	CHECK_TEXT(c.reason, "error 0 does not stop sys_symlinkat: only where errors can be "
			     "injected is a call answered with 0");
	call(&distribution, &kills_too, "sys_symlinkat");
	CHECK(c.status == POINT_DEGRADED && c.watch && !(c.at[0].part & WANT_MARK));
	call(&injectable, &zero, "sys_symlinkat");
	CHECK(c.status == POINT_OK && c.at[0].override && !c.watch);
	memset(&c, 0, sizeof(c));
	choose_lsm(&distribution, &zero, "file_open", &c);
	CHECK(c.status == POINT_REJECTED);
	memset(&c, 0, sizeof(c));
	choose_security(&distribution, &zero, "security_file_open", &c);
	CHECK(c.status == POINT_REJECTED);
}

/* The root cgroup's gate serves few calls, and not all that these do. */
static void gates(void)
{
	struct facts gated = locked;

	gated.cgroup_connect = true;
	gated.raw_tp = true;
	call(&gated, &denies, "sys_connect");
	CHECK(c.status == POINT_DEGRADED && (c.at[0].part & WANT_MARK));
	CHECK_TEXT(c.deny[0], "@connect");
	CHECK_TEXT(c.reason,
		   "only connections by TCP, UDP and ping are denied, by the root cgroup's gate");
	call(&gated, &denies, "sys_sendto");
	CHECK_TEXT(c.deny[0], "@sendmsg");
	call(&gated, &denies, "sys_symlinkat");
	CHECK(c.status == POINT_REJECTED);
}

/* The objects for older kernels take no hashes, and their gate knows one error. */
static void old_kernels(void)
{
	struct needs other = denies, hash = observe;
	struct facts old = distribution, gated = locked;

	old.old = gated.old = true;
	gated.cgroup_connect = gated.raw_tp = true;
	other.other_error = true;
	call(&gated, &other, "sys_connect");
	CHECK(strstr(c.reason, "denied with EPERM, whatever error is asked for"));
	call(&gated, &denies, "sys_connect");
	CHECK(!strstr(c.reason, "EPERM"));
	hash.ima = true;
	memset(&c, 0, sizeof(c));
	choose_lsm(&distribution, &hash, "file_open", &c);
	CHECK(c.status == POINT_OK && (c.at[0].row_flags & TX_HOOK_IMA));
	memset(&c, 0, sizeof(c));
	choose_lsm(&old, &hash, "file_open", &c);
	CHECK(c.status == POINT_DEGRADED && !(c.at[0].row_flags & TX_HOOK_IMA));
}

/* What happens at the return is not lost where a trampoline's runs may be. */
static void late_signals(void)
{
	struct needs late = { .post = true, .returns = true, .late_enforce = true };

	memset(&c, 0, sizeof(c));
	choose_function(&distribution, &late, false, "fd_install", &c);
	CHECK(c.count == 1 && c.at[0].backend == POINT_KRETPROBE);
	memset(&c, 0, sizeof(c));
	choose_function(&distribution, &returns, false, "fd_install", &c);
	CHECK(c.count == 1 && c.at[0].backend == POINT_FEXIT);
}

static void security(const struct facts *facts, const struct needs *needs, const char *name)
{
	memset(&c, 0, sizeof(c));
	choose_security(facts, needs, name, &c);
}

static void securities(void)
{
	struct needs reads_third = { .post = true, .indices = 1 << 2 };
	struct needs reads_fourth = { .post = true, .indices = 1 << 3 };

	security(&distribution, &denies, "security_file_open");
	CHECK(c.status == POINT_OK && c.count == 1 && c.at[0].from_function);
	CHECK(at(0, POINT_LSM, "file_open", WANT_POST | WANT_ENFORCE));
	security(&no_lsm, &denies, "security_file_open");
	CHECK(at(0, POINT_FMOD_RET, "file_open", WANT_POST | WANT_ENFORCE));
	security(&no_lsm_rt, &denies, "security_file_open");
	CHECK(c.status == POINT_REJECTED);
	security(&no_lsm_rt, &kills, "security_file_open");
	CHECK(c.status == POINT_OK &&
	      at(0, POINT_KPROBE, "security_file_open", WANT_POST | WANT_ENFORCE));
	security(&locked, &observe, "security_file_open");
	CHECK(c.status == POINT_REJECTED);
	CHECK_TEXT(c.reason, "neither kprobes nor BPF trampolines on this kernel");
	security(&no_probe, &kills, "security_file_open");
	CHECK(c.status == POINT_DEGRADED && at(0, POINT_FENTRY, "security_file_open", WANT_POST));
	/* LSM programs see no return value: that is the function's. */
	security(&distribution, &returns, "security_file_open");
	CHECK(c.count == 1 && at(0, POINT_FEXIT, "security_file_open", WANT_POST));
	security(&realtime, &returns, "security_file_open");
	CHECK(c.count == 1 &&
	      at(0, POINT_KRETPROBE, "security_file_open", WANT_POST | WANT_ENFORCE));
	security(&distribution, &denies_and_returns, "security_file_open");
	CHECK(c.count == 2 && at(0, POINT_LSM, "file_open", WANT_ENFORCE));
	CHECK(at(1, POINT_FEXIT, "security_file_open", WANT_POST));
	/* Arguments that the hook is told in another place, or not at all. */
	security(&distribution, &reads_third, "security_mmap_file");
	CHECK(at(0, POINT_LSM, "mmap_file", WANT_POST | WANT_ENFORCE));
	security(&distribution, &reads_fourth, "security_mmap_file");
	CHECK(at(0, POINT_KPROBE, "security_mmap_file", WANT_POST | WANT_ENFORCE));
	security(&distribution, &observe, "security_inode_free");
	CHECK(at(0, POINT_LSM, "inode_free_security", WANT_POST | WANT_ENFORCE));
	security(&distribution, &denies, "security_inode_free");
	CHECK(c.status == POINT_REJECTED);
	/* A hook that takes no LSM programs: the function is modified instead. */
	security(&no_lsm, &denies, "security_inode_copy_up");
	CHECK(c.status == POINT_OK);
	CHECK(at(0, POINT_FMOD_RET, "inode_copy_up", WANT_POST | WANT_ENFORCE));
	security(&no_lsm_rt, &denies, "security_inode_copy_up");
	CHECK(c.status == POINT_REJECTED);
	security(&distribution, &observe, "security_nothing");
	CHECK(c.status == POINT_REJECTED && c.missing);
}

static void lsm(const struct facts *facts, const struct needs *needs, const char *name)
{
	memset(&c, 0, sizeof(c));
	choose_lsm(facts, needs, name, &c);
}

static void lsm_hooks(void)
{
	lsm(&distribution, &denies, "file_open");
	CHECK(c.status == POINT_OK && at(0, POINT_LSM, "file_open", WANT_POST | WANT_ENFORCE));
	lsm(&no_lsm, &denies, "file_open");
	CHECK(at(0, POINT_FMOD_RET, "file_open", WANT_POST | WANT_ENFORCE));
	lsm(&no_lsm_rt, &observe, "file_open");
	CHECK(c.status == POINT_DEGRADED);
	CHECK(at(0, POINT_KPROBE, "security_file_open", WANT_POST | WANT_ENFORCE));
	lsm(&no_lsm_rt, &denies, "file_open");
	CHECK(c.status == POINT_REJECTED && !c.count);
	lsm(&locked, &observe, "file_open");
	CHECK(c.status == POINT_REJECTED);
	CHECK_TEXT(c.reason, "no BPF LSM on this kernel, and no kprobes");
	lsm(&distribution, &denies, "inode_free_security");
	CHECK(c.status == POINT_REJECTED);
	lsm(&distribution, &observe, "no_such_hook");
	CHECK(c.status == POINT_REJECTED && c.missing);
	CHECK_TEXT(c.reason, "no such LSM hook on this kernel: no_such_hook");
}

static void enforcer(const struct facts *facts, const struct needs *needs, bool is_call,
		     const char *name)
{
	memset(&c, 0, sizeof(c));
	choose_enforcer(facts, needs, is_call, name, &c);
}

static void enforcers(void)
{
	enforcer(&distribution, &denies, true, "sys_symlinkat");
	CHECK(c.status == POINT_OK && !c.count);
	CHECK_TEXT(c.deny[0], "inode_symlink");
	enforcer(&distribution, &denies, false, "security_file_open");
	CHECK_TEXT(c.deny[0], "file_open");
	enforcer(&locked, &denies, true, "sys_symlinkat");
	CHECK(c.status == POINT_REJECTED);
	enforcer(&locked, &denies_and_kills, true, "sys_symlinkat");
	CHECK(c.status == POINT_DEGRADED);
	enforcer(&locked, &kills, true, "sys_symlinkat");
	CHECK(c.status == POINT_OK);
	enforcer(&distribution, &kills, true, "sys_nothing");
	CHECK(c.status == POINT_REJECTED && c.missing);
}

int main(void)
{
	calls();
	no_calls();
	denied_calls();
	zero_errors();
	gates();
	old_kernels();
	late_signals();
	securities();
	lsm_hooks();
	enforcers();
	return unit_end("resolve_choose");
}
