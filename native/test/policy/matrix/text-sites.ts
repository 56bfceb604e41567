/** Places for texts, paths and bytes. */
import { FILE, type JsonObject } from "../case.ts";
import { arg } from "../spec.ts";
import {
  FUNCTION,
  SECURITY,
  TRAMPOLINE,
  fe,
  feAny,
  file,
  inDir,
  inPrograms,
  kp,
  kpAny,
  ls,
  on,
  path,
  raw,
  sys,
  text,
  tp,
  up,
  us,
  type Site,
} from "./site.ts";

export interface TextSite extends Site<string> {
  readonly limit: number;
  /** What a policy's value looks like for a text the trigger passes. */
  readonly full?: (text: string) => string;
  /** The trigger opens files of these names. */
  readonly files?: boolean;
  /** The trigger executes files of these names. */
  readonly programs?: boolean;
}

const xattr = (v: string): string[] => ["getxattr", FILE, `user.${v}`];
const symlinkat = (v: string): string[] => ["symlinkat", v];
const open = (v: string): (string | number)[] => ["open", inDir(v), 0];
const comm = (v: string): string[] => [`comm=${v}`, "nothing"];
const asXattr = { limit: 200, full: (v: string) => `user.${v}` };
/** A dentry knows no mount: its path begins at its file system's root. */
const inFileSystem = (name: string): string => `/f/${name}`;
const asDentry = { limit: 200, full: inFileSystem, files: true };
const dentry = (name: string): JsonObject => ({ path_arg: { path: inFileSystem(name) } });
const asPath = { limit: 200, full: inDir };
const named = (v: string): JsonObject => ({ string_arg: `user.${v}` });

export const textSites: TextSite[] = [
  { ...on("syscall", sys("sys_symlinkat"), "target", arg(0, "string"), "", symlinkat, text), limit: 230 },
  {
    ...on(
      "syscall",
      sys("sys_write"),
      "buffer",
      arg(1, "char_buf", { sizeArgIndex: 3 }),
      "",
      (v) => ["write", "/dev/null", v],
      (v) => ({ bytes_arg: btoa(v) }),
      // act's own report is written, too.
      { among: true },
    ),
    limit: 230,
  },
  {
    ...on("syscall", sys("sys_fchmod"), "descriptor", arg(0, "fd"), "", (v) => ["fchmod", inDir(v)], file),
    ...asPath,
    files: true,
  },
  { ...on("kprobe", kp("vfs_getxattr"), "name", arg(2, "string"), FUNCTION, xattr, named), ...asXattr },
  {
    ...on(
      "kprobe",
      kp("vfs_fallocate"),
      "file",
      arg(0, "file"),
      FUNCTION,
      (v) => ["fallocate", inDir(v), 0x7000, 0, 1],
      file,
    ),
    ...asPath,
    files: true,
  },
  {
    ...on("kprobe", kp("vfs_truncate"), "path", arg(0, "path"), FUNCTION, (v) => ["truncate", inDir(v), 0], path),
    ...asPath,
    files: true,
  },
  {
    ...on("kprobe", kpAny("do_filp_open", "do_file_open"), "filename", arg(1, "filename"), FUNCTION, open, (v) =>
      text(inDir(v)),
    ),
    ...asPath,
    files: true,
  },
  {
    ...on(
      "kprobe",
      kp("begin_new_exec"),
      "binary",
      arg(0, "linux_binprm"),
      FUNCTION,
      (v) => [`exec=${inPrograms(v)}`, "nothing"],
      (v) => ({ linux_binprm_arg: { path: inPrograms(v) } }),
    ),
    limit: 200,
    full: inPrograms,
    programs: true,
  },
  {
    ...on(
      "kprobe",
      kp("vfs_getxattr"),
      "dentry",
      arg(1, "dentry"),
      FUNCTION,
      (v) => ["getxattr", inDir(v), "user.x"],
      dentry,
    ),
    ...asDentry,
  },
  {
    ...on(
      "kprobe",
      kpAny("pipe_write", "anon_pipe_write"),
      "content",
      arg(1, "iov_iter"),
      FUNCTION,
      (v) => ["pipe", v],
      (v) => ({ bytes_arg: btoa(v) }),
      { among: true },
    ),
    limit: 230,
  },
  { ...on("fentry", fe("vfs_getxattr"), "name", arg(2, "string"), TRAMPOLINE, xattr, named), ...asXattr },
  {
    ...on(
      "fentry",
      fe("vfs_fallocate"),
      "file",
      arg(0, "file"),
      TRAMPOLINE,
      (v) => ["fallocate", inDir(v), 0x7000, 0, 1],
      file,
    ),
    ...asPath,
    files: true,
  },
  { ...on("lsm", ls("inode_getxattr"), "name", arg(1, "string"), SECURITY, xattr, named), ...asXattr },
  {
    ...on(
      "lsm",
      ls("inode_getxattr"),
      "dentry",
      arg(0, "dentry"),
      SECURITY,
      (v) => ["getxattr", inDir(v), "user.x"],
      dentry,
    ),
    ...asDentry,
  },
  {
    ...on("lsm", ls("file_fcntl"), "file", arg(0, "file"), SECURITY, (v) => ["fcntl", inDir(v), 0x7000, 0], file),
    ...asPath,
    files: true,
  },
  {
    ...on("lsm", ls("path_truncate"), "path", arg(0, "path"), SECURITY, (v) => ["truncate", inDir(v), 0], path),
    ...asPath,
    files: true,
  },
  {
    ...on(
      "lsm",
      ls("bprm_check_security"),
      "binary",
      arg(0, "linux_binprm"),
      SECURITY,
      (v) => [`exec=${inPrograms(v)}`, "nothing"],
      (v) => ({ linux_binprm_arg: { path: inPrograms(v) } }),
    ),
    limit: 200,
    full: inPrograms,
    programs: true,
  },
  {
    ...on(
      "tracepoint",
      tp("sched/sched_process_exec"),
      "data_loc",
      arg(4, "data_loc"),
      "tracepoint",
      (v) => [`exec=${inPrograms(v)}`, "nothing"],
      (v) => text(inPrograms(v)),
      { filterIndex: 0 },
    ),
    limit: 200,
    full: inPrograms,
    programs: true,
  },
  {
    ...on("tracepoint", tp("syscalls/sys_enter_symlinkat"), "target", arg(5, "string"), "tracepoint", symlinkat, text, {
      filterIndex: 0,
    }),
    limit: 230,
  },
  { ...on("raw tracepoint", raw("task/task_rename"), "name", arg(1, "string"), "", comm, text), limit: 15 },
  {
    ...on(
      "raw tracepoint",
      raw("sched/sched_process_exec"),
      "binary",
      arg(2, "linux_binprm"),
      "",
      (v) => [`exec=${inPrograms(v)}`, "nothing"],
      (v) => ({ linux_binprm_arg: { path: inPrograms(v) } }),
    ),
    limit: 200,
    full: inPrograms,
    programs: true,
  },
  {
    ...on("uprobe", up("tx_user_text"), "text", arg(0, "string"), "uprobe", (v) => ["user-text", v], text),
    limit: 230,
  },
  {
    ...on(
      "uprobe",
      up("tx_user_text"),
      "buffer",
      arg(0, "char_buf", { sizeArgIndex: 2 }),
      "uprobe",
      (v) => ["user-text", v],
      (v) => ({ bytes_arg: btoa(v) }),
    ),
    limit: 230,
  },
  { ...on("usdt", us("text"), "text", arg(0, "string"), "uprobe", (v) => ["usdt-text", v], text), limit: 230 },
];

/** The text is what the hook returns. */
export const textReturnSites: TextSite[] = [
  {
    ...on("syscall return", sys("sys_openat"), "descriptor", arg(0, "fd"), "", open, file),
    ...asPath,
    files: true,
  },
  {
    ...on("kretprobe", kpAny("do_filp_open", "do_file_open"), "file", arg(0, "file"), FUNCTION, open, file),
    ...asPath,
    files: true,
  },
  {
    ...on("fexit", feAny("do_filp_open", "do_file_open"), "file", arg(0, "file"), TRAMPOLINE, open, file),
    ...asPath,
    files: true,
  },
  {
    ...on("uretprobe", up("tx_user_echo"), "text", arg(0, "string"), "uprobe", (v) => ["user-echo", v], text),
    limit: 230,
  },
];

/** The trigger opens a file of the driver's by its name. */
export const fileTypeSites: Site<string>[] = [
  on("kprobe", kp("fd_install"), "file", arg(1, "file"), FUNCTION, open, file),
  on("fentry", fe("fd_install"), "file", arg(1, "file"), TRAMPOLINE, open, file),
  on("lsm", ls("file_fcntl"), "file", arg(0, "file"), SECURITY, (v) => ["fcntl", inDir(v), 0x7001, 0], file),
];

export const fileTypeReturnSites: Site<string>[] = [
  on("kretprobe", kpAny("do_filp_open", "do_file_open"), "file", arg(0, "file"), FUNCTION, open, file),
  on("fexit", feAny("do_filp_open", "do_file_open"), "file", arg(0, "file"), TRAMPOLINE, open, file),
];
