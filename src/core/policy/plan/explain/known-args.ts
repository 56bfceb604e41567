import type { PlanHook } from "../plan.ts";

/** Arguments of calls that policies often name, in their order; an empty one has no name here. */
const ARGS: Readonly<Record<string, string>> = {
  sys_openat: "directory fd, path, flags, mode",
  sys_open: "path, flags, mode",
  sys_openat2: "directory fd, path, open_how, size",
  sys_creat: "path, mode",
  sys_read: "file, buffer, count",
  sys_write: "file, buffer, count",
  sys_pread64: "file, buffer, count, offset",
  sys_pwrite64: "file, buffer, count, offset",
  sys_close: "file",
  sys_dup: "file",
  sys_dup2: "old file, new fd",
  sys_dup3: "old file, new fd, flags",
  sys_lseek: "file, offset, whence",
  sys_symlink: "target, link path",
  sys_symlinkat: "target, directory fd, link path",
  sys_link: "old path, new path",
  sys_linkat: "old directory fd, old path, new directory fd, new path, flags",
  sys_unlink: "path",
  sys_unlinkat: "directory fd, path, flags",
  sys_rename: "old path, new path",
  sys_renameat: "old directory fd, old path, new directory fd, new path",
  sys_renameat2: "old directory fd, old path, new directory fd, new path, flags",
  sys_mkdir: "path, mode",
  sys_mkdirat: "directory fd, path, mode",
  sys_rmdir: "path",
  sys_chmod: "path, mode",
  sys_fchmodat: "directory fd, path, mode",
  sys_chown: "path, user, group",
  sys_fchownat: "directory fd, path, user, group, flags",
  sys_truncate: "path, length",
  sys_mount: "source, target, file system, flags, data",
  sys_umount2: "target, flags",
  sys_pivot_root: "new root, place of the old",
  sys_chroot: "path",
  sys_execve: "path, arguments, environment",
  sys_execveat: "directory fd, path, arguments, environment, flags",
  sys_ptrace: "request, target pid, address, data",
  sys_process_vm_writev: "target pid",
  sys_kill: "target pid, signal",
  sys_tgkill: "target pid, target thread, signal",
  sys_setuid: "user",
  sys_setgid: "group",
  sys_setreuid: "real user, effective user",
  sys_setregid: "real group, effective group",
  sys_setresuid: "real user, effective user, saved user",
  sys_setresgid: "real group, effective group, saved group",
  sys_setfsuid: "file-system user",
  sys_setfsgid: "file-system group",
  sys_unshare: "flags",
  sys_setns: "namespace fd, type",
  sys_clone: "flags",
  sys_bpf: "command, attributes, size",
  sys_init_module: "image, length, parameters",
  sys_finit_module: "file, parameters, flags",
  sys_delete_module: "module name, flags",
  sys_memfd_create: "name, flags",
  sys_prctl: "option",
  sys_socket: "family, socket type, protocol",
  sys_connect: "socket fd, address, length",
  sys_bind: "socket fd, address, length",
  sys_listen: "socket fd, backlog",
  sys_accept4: "socket fd, address, length, flags",
  sys_sendto: "socket fd, buffer, count, flags, address, length",
  sys_mmap: "address, length, protection, flags, file, offset",
  sys_mprotect: "address, length, protection",
  sys_ioctl: "file, command, argument",
  sys_clock_settime: "clock, time",
  security_file_permission: "file, access",
  security_mmap_file: "file, protection, flags",
  security_path_truncate: "path",
  security_file_open: "file",
  security_inode_mkdir: "directory, new entry, mode",
  security_inode_follow_link: "link, inode",
  security_bprm_check: "program",
  security_socket_connect: "socket, address, length",
  security_socket_bind: "socket, address, length",
  security_kernel_read_file: "file, what for",
  security_bpf_map_alloc: "map",
  security_create_user_ns: "credentials",
  file_permission: "file, access",
  file_open: "file",
  mmap_file: "file, asked protection, protection, flags",
  bprm_check_security: "program",
  socket_connect: "socket, address, length",
  fd_install: "fd, file",
  tcp_connect: "socket",
  tcp_close: "socket",
  tcp_sendmsg: "socket, message, size",
  tcp_recvmsg: "socket, message, size",
  udp_sendmsg: "socket, message, size",
  commit_creds: "new credentials",
  cap_capable: "credentials, user namespace, capability",
  "raw_syscalls/sys_enter": ",,,, system call's number, its arguments",
  "raw_syscalls/sys_exit": ",,,, system call's number, result",
};

const BITS = {
  access: { 1: "MAY_EXEC", 2: "MAY_WRITE", 4: "MAY_READ", 8: "MAY_APPEND" },
  protection: { 1: "PROT_READ", 2: "PROT_WRITE", 4: "PROT_EXEC" },
} as const satisfies Record<string, Readonly<Record<number, string>>>;

function nameOf(key: string, index: number): string | undefined {
  const name = ARGS[key]?.split(",")[index]?.trim();
  return name === undefined || name === "" ? undefined : name;
}

/** What an argument of a well-known call is called. */
export function knownArg(hook: PlanHook, index: number): string | undefined {
  const isCall = hook.kind === "kprobe" || hook.kind === "fentry" || hook.kind === "lsm";
  if (isCall) return nameOf(hook.call, index);
  return hook.kind === "tracepoint" ? nameOf(`${hook.group}/${hook.call}`, index) : undefined;
}

/** Name of a bit of a well-known argument: MAY_READ for 4 of an access. */
export function knownBits(hook: PlanHook, index: number, value: bigint): string | undefined {
  const name = knownArg(hook, index)?.replace("asked ", "");
  const bits: Readonly<Record<number, string>> | undefined =
    name === "access" || name === "protection" ? BITS[name] : undefined;
  return bits?.[Number(value)];
}
