// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "syscalls.h"

#include <stddef.h>
#include <sys/syscall.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NONE TX_NO_ARG
#define NO_CALL -1

/* The 32-bit ABI beside the native one has numbers of its own. */
#ifdef __aarch64__
#define ABI32(i386, arm) arm
/* Calls that came to Linux before arm64 and have an at form: arm64 has the at form alone. */
#define SYS_open NO_CALL
#define SYS_creat NO_CALL
#define SYS_symlink NO_CALL
#define SYS_rename NO_CALL
#define SYS_link NO_CALL
#define SYS_chmod NO_CALL
#define SYS_chown NO_CALL
#define SYS_lchown NO_CALL
#define SYS_unlink NO_CALL
#define SYS_rmdir NO_CALL
#else
#define ABI32(i386, arm) i386
#endif

static const struct sysinfo_row rows[TX_SYSIDS] = {
	[TX_S_OPEN] = { "sys_openat", "" },
	[TX_S_CREAT] = { "sys_openat", "" },
	[TX_S_OPENAT] = { "sys_openat", "" },
	[TX_S_OPENAT2] = { "sys_openat", "" },
	[TX_S_SETUID] = { "sys_setuid", "i" },
	[TX_S_SETGID] = { "sys_setgid", "i" },
	[TX_S_SETREUID] = { "sys_setreuid", "ii" },
	[TX_S_SETREGID] = { "sys_setregid", "ii" },
	[TX_S_SETRESUID] = { "sys_setresuid", "iii" },
	[TX_S_SETRESGID] = { "sys_setresgid", "iii" },
	[TX_S_SETFSUID] = { "sys_setfsuid", "i" },
	[TX_S_SETFSGID] = { "sys_setfsgid", "i" },
	[TX_S_PTRACE] = { "sys_ptrace", "iizz" },
	[TX_S_MOUNT] = { "sys_mount", "ssszs" },
	[TX_S_UMOUNT] = { "sys_umount2", "si" },
	[TX_S_PIVOT_ROOT] = { "sys_pivot_root", "ss" },
	[TX_S_CHROOT] = { "sys_chroot", "s" },
	[TX_S_SETNS] = { "sys_setns", "ii" },
	[TX_S_UNSHARE] = { "sys_unshare", "z" },
	[TX_S_PROCESS_VM_WRITEV] = { "sys_process_vm_writev", "izzzzz" },
	[TX_S_BPF] = { "sys_bpf", "izi" },
	[TX_S_MEMFD_CREATE] = { "sys_memfd_create", "si" },
	[TX_S_KILL] = { "sys_kill", "ii" },
	[TX_S_TGKILL] = { "sys_tgkill", "iii" },
	[TX_S_PRCTL] = { "sys_prctl", "izzzz" },
	[TX_S_CAPSET] = { "sys_capset", "zz" },
	[TX_S_INIT_MODULE] = { "sys_init_module", "zzs" },
	[TX_S_FINIT_MODULE] = { "sys_finit_module", "isi" },
	[TX_S_DELETE_MODULE] = { "sys_delete_module", "si" },
	[TX_S_MPROTECT] = { "sys_mprotect", "zzi" },
	[TX_S_MMAP] = { "sys_mmap", "zziiiz" },
	[TX_S_SYMLINKAT] = { "sys_symlinkat", "sis" },
	[TX_S_RENAMEAT2] = { "sys_renameat2", "isisi" },
	[TX_S_LINKAT] = { "sys_linkat", "isisi" },
	[TX_S_FCHMODAT] = { "sys_fchmodat", "isi" },
	[TX_S_FCHOWNAT] = { "sys_fchownat", "isiii" },
	[TX_S_UNLINKAT] = { "sys_unlinkat", "isi" },
	[TX_S_SETXATTR] = { "sys_setxattr", "sszzi" },
	[TX_S_TRUNCATE] = { "sys_truncate", "sz" },
	[TX_S_CONNECT] = { "sys_connect", "" },
	[TX_S_ACCEPT] = { "sys_accept", "" },
	[TX_S_LISTEN] = { "sys_listen", "" },
	[TX_S_SENDTO] = { "sys_sendto", "" },
	[TX_S_SENDMSG] = { "sys_sendmsg", "" },
	[TX_S_SENDMMSG] = { "sys_sendmmsg", "" },
	[TX_S_WRITE] = { "sys_write", "" },
	[TX_S_RECVFROM] = { "sys_recvfrom", "" },
	[TX_S_RECVMSG] = { "sys_recvmsg", "" },
	[TX_S_RECVMMSG] = { "sys_recvmmsg", "" },
	[TX_S_READ] = { "sys_read", "" },
};

/*
 * Numbers: native (the build's own), then those of the 32-bit ABI: i386, or Arm. Paths: (dirfd,
 * path) argument numbers of up to two paths. A call whose 32-bit form passes structures of another
 * layout is TX_H_COMPAT there: counted, not read.
 */
static const struct number {
	int native, compat;
	uint8_t handler, id, str_mask, flags, dirfd1, path1, dirfd2, path2;
} numbers[] = {
	{ SYS_open, 5, TX_H_OPEN, TX_S_OPEN, 0, 0, NONE, 0, NONE, NONE },
	{ SYS_creat, 8, TX_H_OPEN, TX_S_CREAT, 0, 0, NONE, 0, NONE, NONE },
	{ SYS_openat, ABI32(295, 322), TX_H_OPEN, TX_S_OPENAT, 0, 0, 0, 1, NONE, NONE },
	{ SYS_openat2, 437, TX_H_OPEN, TX_S_OPENAT2, 0, 0, 0, 1, NONE, NONE },
	{ SYS_setuid, 213, TX_H_CREDS, TX_S_SETUID, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_setgid, 214, TX_H_CREDS, TX_S_SETGID, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_setreuid, 203, TX_H_CREDS, TX_S_SETREUID, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_setregid, 204, TX_H_CREDS, TX_S_SETREGID, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_setresuid, 208, TX_H_CREDS, TX_S_SETRESUID, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_setresgid, 210, TX_H_CREDS, TX_S_SETRESGID, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_setfsuid, 215, TX_H_CREDS, TX_S_SETFSUID, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_setfsgid, 216, TX_H_CREDS, TX_S_SETFSGID, 0, 0, NONE, NONE, NONE, NONE },
	{ NO_CALL, 23, TX_H_CREDS, TX_S_SETUID, 0, 0, NONE, NONE, NONE, NONE },
	{ NO_CALL, 46, TX_H_CREDS, TX_S_SETGID, 0, 0, NONE, NONE, NONE, NONE },
	{ NO_CALL, 70, TX_H_CREDS, TX_S_SETREUID, 0, 0, NONE, NONE, NONE, NONE },
	{ NO_CALL, 71, TX_H_CREDS, TX_S_SETREGID, 0, 0, NONE, NONE, NONE, NONE },
	{ NO_CALL, 164, TX_H_CREDS, TX_S_SETRESUID, 0, 0, NONE, NONE, NONE, NONE },
	{ NO_CALL, 170, TX_H_CREDS, TX_S_SETRESGID, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_ptrace, 26, TX_H_GENERIC, TX_S_PTRACE, 0, TX_SF_PTRACE, NONE, NONE, NONE, NONE },
	{ SYS_mount, 21, TX_H_GENERIC, TX_S_MOUNT, 0x17, 0, NONE, NONE, NONE, NONE },
	{ SYS_umount2, 52, TX_H_GENERIC, TX_S_UMOUNT, 1, 0, NONE, NONE, NONE, NONE },
	{ SYS_pivot_root, ABI32(217, 218), TX_H_GENERIC, TX_S_PIVOT_ROOT, 3, 0, NONE, NONE, NONE,
	  NONE },
	{ SYS_chroot, 61, TX_H_GENERIC, TX_S_CHROOT, 1, 0, NONE, NONE, NONE, NONE },
	{ SYS_setns, ABI32(346, 375), TX_H_GENERIC, TX_S_SETNS, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_unshare, ABI32(310, 337), TX_H_GENERIC, TX_S_UNSHARE, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_process_vm_writev, ABI32(348, 377), TX_H_GENERIC, TX_S_PROCESS_VM_WRITEV, 0, 0, NONE,
	  NONE, NONE, NONE },
	{ SYS_bpf, ABI32(357, 386), TX_H_GENERIC, TX_S_BPF, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_memfd_create, ABI32(356, 385), TX_H_GENERIC, TX_S_MEMFD_CREATE, 1, 0, NONE, NONE,
	  NONE, NONE },
	{ SYS_kill, 37, TX_H_GENERIC, TX_S_KILL, 0, TX_SF_SIGNAL, NONE, NONE, NONE, NONE },
	{ SYS_tgkill, ABI32(270, 268), TX_H_GENERIC, TX_S_TGKILL, 0, TX_SF_SIGNAL2, NONE, NONE,
	  NONE, NONE },
	{ SYS_prctl, 172, TX_H_GENERIC, TX_S_PRCTL, 2, TX_SF_PRCTL, NONE, NONE, NONE, NONE },
	{ SYS_capset, 185, TX_H_GENERIC, TX_S_CAPSET, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_init_module, 128, TX_H_GENERIC, TX_S_INIT_MODULE, 4, 0, NONE, NONE, NONE, NONE },
	{ SYS_finit_module, ABI32(350, 379), TX_H_GENERIC, TX_S_FINIT_MODULE, 2, 0, NONE, NONE,
	  NONE, NONE },
	{ SYS_delete_module, 129, TX_H_GENERIC, TX_S_DELETE_MODULE, 1, 0, NONE, NONE, NONE, NONE },
	{ SYS_mprotect, 125, TX_H_GENERIC, TX_S_MPROTECT, 0, TX_SF_WX, NONE, NONE, NONE, NONE },
	{ SYS_mmap, 192, TX_H_GENERIC, TX_S_MMAP, 0, TX_SF_WX, NONE, NONE, NONE, NONE },
	{ SYS_symlink, 83, TX_H_PATH, TX_S_SYMLINKAT, 0, 0, NONE, 1, NONE, 0 },
	{ SYS_symlinkat, ABI32(304, 331), TX_H_PATH, TX_S_SYMLINKAT, 0, 0, 1, 2, NONE, 0 },
	{ SYS_rename, 38, TX_H_PATH, TX_S_RENAMEAT2, 0, TX_SF_REMOVES, NONE, 0, NONE, 1 },
	{ SYS_renameat, ABI32(302, 329), TX_H_PATH, TX_S_RENAMEAT2, 0, TX_SF_REMOVES, 0, 1, 2, 3 },
	{ SYS_renameat2, ABI32(353, 382), TX_H_PATH, TX_S_RENAMEAT2, 0, TX_SF_REMOVES, 0, 1, 2, 3 },
	{ SYS_link, 9, TX_H_PATH, TX_S_LINKAT, 0, 0, NONE, 0, NONE, 1 },
	{ SYS_linkat, ABI32(303, 330), TX_H_PATH, TX_S_LINKAT, 0, 0, 0, 1, 2, 3 },
	{ SYS_chmod, 15, TX_H_PATH, TX_S_FCHMODAT, 0, 0, NONE, 0, NONE, NONE },
	{ SYS_fchmodat, ABI32(306, 333), TX_H_PATH, TX_S_FCHMODAT, 0, 0, 0, 1, NONE, NONE },
	{ 452, 452, TX_H_PATH, TX_S_FCHMODAT, 0, 0, 0, 1, NONE, NONE }, /* fchmodat2 */
	{ SYS_fchmod, 94, TX_H_FDPATH, TX_S_FCHMODAT, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_chown, 212, TX_H_PATH, TX_S_FCHOWNAT, 0, 0, NONE, 0, NONE, NONE },
	{ SYS_lchown, 198, TX_H_PATH, TX_S_FCHOWNAT, 0, 0, NONE, 0, NONE, NONE },
	{ SYS_fchownat, ABI32(298, 325), TX_H_PATH, TX_S_FCHOWNAT, 0, 0, 0, 1, NONE, NONE },
	{ SYS_fchown, 207, TX_H_FDPATH, TX_S_FCHOWNAT, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_unlink, 10, TX_H_PATH, TX_S_UNLINKAT, 0, TX_SF_REMOVES, NONE, 0, NONE, NONE },
	{ SYS_rmdir, 40, TX_H_PATH, TX_S_UNLINKAT, 0, TX_SF_REMOVES, NONE, 0, NONE, NONE },
	{ SYS_unlinkat, ABI32(301, 328), TX_H_PATH, TX_S_UNLINKAT, 0, TX_SF_REMOVES, 0, 1, NONE,
	  NONE },
	{ SYS_setxattr, 226, TX_H_PATH, TX_S_SETXATTR, 0, 0, NONE, 0, NONE, NONE },
	{ SYS_lsetxattr, 227, TX_H_PATH, TX_S_SETXATTR, 0, 0, NONE, 0, NONE, NONE },
	{ SYS_fsetxattr, 228, TX_H_FDPATH, TX_S_SETXATTR, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_truncate, 92, TX_H_PATH, TX_S_TRUNCATE, 0, TX_SF_REMOVES, NONE, 0, NONE, NONE },
	{ SYS_ftruncate, 93, TX_H_FDPATH, TX_S_TRUNCATE, 0, TX_SF_REMOVES, NONE, NONE, NONE, NONE },
	{ SYS_connect, ABI32(362, 283), TX_H_CONNECT, TX_S_CONNECT, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_accept, ABI32(NO_CALL, 285), TX_H_ACCEPT, TX_S_ACCEPT, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_accept4, ABI32(364, 366), TX_H_ACCEPT, TX_S_ACCEPT, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_listen, ABI32(363, 284), TX_H_LISTEN, TX_S_LISTEN, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_sendto, ABI32(369, 290), TX_H_SEND, TX_S_SENDTO, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_sendmsg, NO_CALL, TX_H_SEND, TX_S_SENDMSG, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_sendmmsg, NO_CALL, TX_H_SEND, TX_S_SENDMMSG, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_write, 4, TX_H_SEND, TX_S_WRITE, 0, TX_SF_UDP_FD, NONE, NONE, NONE, NONE },
	{ SYS_recvfrom, ABI32(371, 292), TX_H_RECV, TX_S_RECVFROM, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_recvmsg, NO_CALL, TX_H_RECV, TX_S_RECVMSG, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_recvmmsg, NO_CALL, TX_H_RECV, TX_S_RECVMMSG, 0, 0, NONE, NONE, NONE, NONE },
	{ SYS_read, 3, TX_H_RECV, TX_S_READ, 0, TX_SF_UDP_FD, NONE, NONE, NONE, NONE },
	/* socketcall, sendmsg, sendmmsg, recvmsg, recvmmsg, truncate64, ftruncate64, 16-bit chown
	 */
	{ NO_CALL, ABI32(102, NO_CALL), TX_H_COMPAT, TX_S_NONE, 0, 0, NONE, NONE, NONE, NONE },
	{ NO_CALL, ABI32(370, 296), TX_H_COMPAT, TX_S_NONE, 0, 0, NONE, NONE, NONE, NONE },
	{ NO_CALL, ABI32(345, 374), TX_H_COMPAT, TX_S_NONE, 0, 0, NONE, NONE, NONE, NONE },
	{ NO_CALL, ABI32(372, 297), TX_H_COMPAT, TX_S_NONE, 0, 0, NONE, NONE, NONE, NONE },
	{ NO_CALL, ABI32(337, 365), TX_H_COMPAT, TX_S_NONE, 0, 0, NONE, NONE, NONE, NONE },
	{ NO_CALL, 193, TX_H_PATH, TX_S_TRUNCATE, 0, TX_SF_REMOVES, NONE, 0, NONE, NONE },
	{ NO_CALL, 194, TX_H_FDPATH, TX_S_TRUNCATE, 0, TX_SF_REMOVES, NONE, NONE, NONE, NONE },
};

const struct sysinfo_row *syscall_row(uint32_t id)
{
	return id < TX_SYSIDS && rows[id].name ? &rows[id] : NULL;
}

static void set_number(uint64_t *table, int number, uint32_t base, const struct tx_sysdef *def)
{
	union tx_sysrow row = { .def = *def };

	if (number >= 0 && number < TX_SYSCALLS)
		table[base + number] = row.word;
}

/* So that one look at the native row says that nothing is to be done, whatever the ABI. */
static void flag_number(uint64_t *table, int number)
{
	const union tx_sysrow flag = { .def = { .flags = TX_SF_COMPAT } };

	if (number >= 0 && number < TX_SYSCALLS)
		table[number] |= flag.word;
}

void syscalls_fill(uint64_t *table)
{
	for (size_t i = 0; i < COUNT(numbers); i++) {
		const struct number *n = &numbers[i];
		struct tx_sysdef def = { .handler = n->handler,
					 .id = n->id,
					 .str_mask = n->str_mask,
					 .flags = n->flags,
					 .dirfd = { n->dirfd1, n->dirfd2 },
					 .path = { n->path1, n->path2 } };

		set_number(table, n->native, 0, &def);
		set_number(table, n->compat, TX_SYSCALLS, &def);
	}
	for (size_t i = 0; i < COUNT(numbers); i++)
		flag_number(table, numbers[i].compat);
}
