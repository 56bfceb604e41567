/** One plain place for each kind of hook: reached by `act(value)` with an integer, for filters and actions. */
import { FILE, type HookKind, type JsonObject } from "../case.ts";
import {
  arg,
  fentry,
  kprobe,
  lsm,
  match,
  syscall,
  tracepoint,
  uprobe,
  usdt,
  type Arg,
  type HookBody,
} from "../spec.ts";

export interface Plain {
  readonly hook: HookKind;
  readonly spec: (body: HookBody) => JsonObject;
  readonly args: readonly Arg[];
  readonly act: (value: number) => readonly string[];
  /** What an event has for the value. */
  readonly event: (value: number) => JsonObject;
  /** A filter that only this value passes. */
  readonly only: (value: number) => JsonObject;
  readonly needs: readonly string[];
  /** Filters and actions are about the return value. */
  readonly atReturn?: boolean;
}

const FUNCTION = ["kprobe|fentry"];
const ints = (value: number): JsonObject => ({ args: [{ int_arg: value }] });
const uints = (value: number): JsonObject => ({ args: [{ uint_arg: value }] });
const onArg =
  (index: number) =>
  (value: number): JsonObject => ({ matchArgs: [match(index, "Equal", [String(value)])] });

export const plainSites: readonly Plain[] = [
  {
    hook: "syscall",
    spec: (b) => syscall("sys_lseek", b),
    args: [arg(2, "int")],
    act: (v) => ["lseek", "-1", "0", String(v)],
    event: ints,
    only: onArg(2),
    needs: [],
  },
  {
    hook: "kprobe",
    spec: (b) => kprobe("vfs_fallocate", b),
    args: [arg(1, "int")],
    act: (v) => ["fallocate", FILE, String(v), "0", "1"],
    event: ints,
    only: onArg(1),
    needs: FUNCTION,
  },
  {
    hook: "fentry",
    spec: (b) => fentry("vfs_fallocate", b),
    args: [arg(1, "int")],
    act: (v) => ["fallocate", FILE, String(v), "0", "1"],
    event: ints,
    only: onArg(1),
    needs: ["fentry"],
  },
  {
    hook: "lsm",
    spec: (b) => lsm("file_fcntl", b),
    args: [arg(1, "uint32")],
    act: (v) => ["fcntl", FILE, String(v), "0"],
    event: uints,
    only: onArg(1),
    needs: ["lsm"],
  },
  {
    hook: "tracepoint",
    spec: (b) => tracepoint("syscalls/sys_enter_lseek", b),
    args: [arg(7, "uint32")],
    act: (v) => ["lseek", "-1", "0", String(v)],
    event: uints,
    only: onArg(0),
    needs: ["tracepoint"],
  },
  // A name instead of a number: no raw tracepoint carries a number of the caller's choice.
  {
    hook: "raw tracepoint",
    spec: (b) => tracepoint("task/task_rename", { raw: true, ...b }),
    args: [arg(1, "string")],
    act: (v) => ["name", `tx-${v}`],
    event: (v) => ({ args: [{ string_arg: `tx-${v}` }] }),
    only: (v) => ({ matchArgs: [match(1, "Equal", [`tx-${v}`])] }),
    needs: [],
  },
  {
    hook: "uprobe",
    spec: (b) => uprobe("tx_user_ints", b),
    args: [arg(0, "int")],
    act: (v) => ["user-ints", String(v), "1", "1"],
    event: ints,
    only: onArg(0),
    needs: ["uprobe"],
  },
  {
    hook: "usdt",
    spec: (b) => usdt("ints", b),
    args: [arg(0, "int32")],
    act: (v) => ["usdt-ints", String(v), "1", "1"],
    event: ints,
    only: onArg(0),
    needs: ["uprobe"],
  },
];

const offset = (value: number): readonly string[] => ["seek", FILE, String(value)];
const returned = (value: number): JsonObject => ({ return: { long_arg: String(value) } });
const place = { args: [], event: returned, atReturn: true };
const onReturn = (value: number): JsonObject => ({ matchReturnArgs: [match(0, "Equal", [String(value)])] });
const valued = (b: HookBody): HookBody => ({ return: true, returnArg: arg(0, "sint64"), ...b });

/** The same for what hooks return. */
export const plainReturnSites: readonly Plain[] = [
  {
    ...place,
    hook: "syscall return",
    spec: (b) => syscall("sys_lseek", valued(b)),
    act: offset,
    only: onReturn,
    needs: [],
  },
  {
    ...place,
    hook: "kretprobe",
    spec: (b) => kprobe("generic_file_llseek_size", valued(b)),
    act: offset,
    only: onReturn,
    needs: FUNCTION,
  },
  {
    ...place,
    hook: "fexit",
    spec: (b) => fentry("generic_file_llseek_size", valued(b)),
    act: offset,
    only: onReturn,
    needs: ["fentry"],
  },
  {
    ...place,
    hook: "uretprobe",
    spec: (b) => uprobe("tx_user_return", valued(b)),
    act: (v) => ["user-return", String(v)],
    only: onReturn,
    needs: ["uprobe"],
  },
];
