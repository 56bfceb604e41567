/** Places for numbers: arguments and return values. */
import { FILE } from "../case.ts";
import { arg } from "../spec.ts";
import {
  FUNCTION,
  SECURITY,
  TRAMPOLINE,
  fe,
  int,
  kp,
  long,
  ls,
  on,
  raw,
  sys,
  tp,
  uint,
  up,
  us,
  type Site,
} from "./site.ts";

const fallocate = (v: number): (string | number)[] => ["fallocate", FILE, v, 0, 1];
const fcntl = (v: number): (string | number)[] => ["fcntl", FILE, v, 0];
const whence = (v: number): (string | number)[] => ["lseek", -1, 0, v];
const offset = (v: number): (string | number)[] => ["lseek", -1, v, 9999];

/** The signed ones come with `signed`. */
export const integerSites: (Site<number> & { signed?: boolean; base?: number })[] = [
  { ...on("syscall", sys("sys_lseek"), "whence", arg(2, "int"), "", whence, int), signed: true },
  { ...on("syscall", sys("sys_lseek"), "offset", arg(1, "sint64"), "", offset, long), signed: true },
  on("syscall", sys("sys_lseek"), "unsigned", arg(2, "uint32"), "", whence, uint),
  { ...on("kprobe", kp("vfs_fallocate"), "mode", arg(1, "int"), FUNCTION, fallocate, int), signed: true },
  {
    ...on(
      "kprobe",
      kp("vfs_fallocate"),
      "offset",
      arg(2, "int64"),
      FUNCTION,
      (v) => ["fallocate", FILE, 0x7000, v, 1],
      long,
    ),
    signed: true,
  },
  { ...on("fentry", fe("vfs_fallocate"), "mode", arg(1, "int"), TRAMPOLINE, fallocate, int), signed: true },
  on("lsm", ls("file_fcntl"), "command", arg(1, "uint32"), SECURITY, fcntl, uint),
  on(
    "lsm",
    ls("file_fcntl"),
    "argument",
    arg(2, "ulong"),
    SECURITY,
    (v) => ["fcntl", FILE, 0x7000, v],
    (v) => ({ size_arg: String(v) }),
  ),
  on("tracepoint", tp("syscalls/sys_enter_lseek"), "whence", arg(7, "uint32"), "tracepoint", whence, uint, {
    filterIndex: 0,
  }),
  {
    ...on("tracepoint", tp("syscalls/sys_enter_lseek"), "offset", arg(6, "sint64"), "tracepoint", offset, long, {
      filterIndex: 0,
    }),
    signed: true,
  },
  {
    ...on("raw tracepoint", raw("signal/signal_generate"), "signal", arg(0, "int"), "", (v) => ["kill", v], int, {
      among: true,
    }),
    base: 37,
  },
  {
    ...on("uprobe", up("tx_user_ints"), "first", arg(0, "int"), "uprobe", (v) => ["user-ints", v, 1, 1], int),
    signed: true,
  },
  {
    ...on("uprobe", up("tx_user_ints"), "second", arg(1, "int64"), "uprobe", (v) => ["user-ints", 1, v, 1], long),
    signed: true,
  },
  on("uprobe", up("tx_user_ints"), "third", arg(2, "uint32"), "uprobe", (v) => ["user-ints", 1, 1, v], uint),
  { ...on("usdt", us("ints"), "first", arg(0, "int32"), "uprobe", (v) => ["usdt-ints", v, 1, 1], int), signed: true },
  { ...on("usdt", us("ints"), "second", arg(1, "int64"), "uprobe", (v) => ["usdt-ints", 1, v, 1], long), signed: true },
  on("usdt", us("ints"), "third", arg(2, "uint32"), "uprobe", (v) => ["usdt-ints", 1, 1, v], uint),
];

/** Where the value is what the hook returns; `arg` is the return value's. */
export const returnSites: (Site<number> & { signed?: boolean })[] = [
  on("syscall return", sys("sys_lseek"), "return", arg(0, "sint64"), "", (v) => ["seek", FILE, v], long),
  on(
    "kretprobe",
    kp("generic_file_llseek_size"),
    "return",
    arg(0, "sint64"),
    "kprobe|fentry",
    (v) => ["seek", FILE, v],
    long,
  ),
  on("fexit", fe("generic_file_llseek_size"), "return", arg(0, "sint64"), TRAMPOLINE, (v) => ["seek", FILE, v], long),
  {
    ...on("uretprobe", up("tx_user_return"), "return", arg(0, "sint64"), "uprobe", (v) => ["user-return", v], long),
    signed: true,
  },
];
