/** Numbers, texts and addresses that no operator of the matrix has shown. */
import { DIR, type Case } from "../case.ts";
import { arg, kprobe, lsm, match, syscall, tracepoint, type HookBody } from "../spec.ts";
import { FUNCTION, typed } from "./typed.ts";

const lseekField = (type: string, index: number): HookBody => ({
  args: [arg(index, type)],
  selectors: [{ matchArgs: [match(index, "Equal", ["77"])] }],
});

const integers: Case[] = (
  [
    ["sint8", { int_arg: 77 }],
    ["int8", { int_arg: 77 }],
    ["uint8", { uint_arg: 77 }],
    ["sint16", { int_arg: 77 }],
    ["int16", { int_arg: 77 }],
    ["uint16", { uint_arg: 77 }],
    ["sint32", { int_arg: 77 }],
    ["ulong", { size_arg: "77" }],
    ["uint64", { size_arg: "77" }],
    ["size_t", { size_arg: "77" }],
    ["long", { long_arg: "77" }],
    ["int64", { long_arg: "77" }],
  ] as const
).map(([type, shown], i) =>
  // 0x1004d ends in 77 for types of one byte, in 0x004d for types of two: what is above is not looked at.
  typed(
    "syscall",
    type,
    syscall("sys_lseek", lseekField(type, 1)),
    [],
    [
      {
        act: ["lseek", "-1", type.endsWith("8") ? "0x14d" : type.endsWith("16") ? "0x1004d" : "77", "9990"],
        events: [{ args: [shown] }],
      },
      { act: ["lseek", "-1", "78", "9990"], events: [] },
    ],
    // All policies together may look at one place in eight ways.
    { group: i < 6 ? "types" : "further types" },
  ),
);

const texts: Case[] = [
  typed(
    "syscall",
    "char_iovec",
    syscall("sys_writev", {
      args: [arg(1, "char_iovec", { sizeArgIndex: 3 })],
      selectors: [{ matchArgs: [match(1, "Prefix", ["tx-vector"])] }],
    }),
    [],
    [
      {
        act: ["writev", "/dev/null", "tx-vec", "tor-whole"],
        events: [{ args: [{ bytes_arg: btoa("tx-vector-whole") }] }],
      },
      { act: ["writev", "/dev/null", "tx-vec", "-tor"], events: [] },
    ],
  ),
  // Some kernels say of such a text that nothing was read.
  typed(
    "syscall",
    "string empty",
    syscall("sys_symlinkat", {
      args: [arg(0, "string"), arg(1, "int")],
      selectors: [{ matchArgs: [match(0, "Equal", [""])] }],
    }),
    [],
    [
      { act: ["symlinkat", ""], events: [{ args: [{ string_arg: "" }, { int_arg: -1 }] }] },
      { act: ["symlinkat", "x"], events: [] },
    ],
    { short: true },
  ),
  typed(
    "tracepoint",
    "const_buf",
    tracepoint("task/task_newtask", {
      args: [arg(5, "auto")],
      selectors: [{ matchArgs: [match(0, "Equal", ["tx-const"])] }],
    }),
    ["tracepoint"],
    [
      { act: ["comm=tx-const", "thread", "nothing"], events: [{ subsys: "task", event: "process_tracepoint" }] },
      { act: ["comm=tx-consts", "thread", "nothing"], events: [] },
    ],
  ),
  typed(
    "kprobe",
    "kiocb",
    kprobe("urandom_read_iter", {
      args: [arg(0, "kiocb")],
      selectors: [{ matchArgs: [match(0, "Equal", ["/dev/urandom"])] }],
    }),
    FUNCTION,
    [{ act: ["read", "/dev/urandom"], events: [{ args: [{ file_arg: { path: "/dev/urandom" } }] }] }],
  ),
  typed(
    "kprobe",
    "net_device",
    kprobe("dev_get_flags", { args: [arg(0, "net_device")], selectors: [{ matchArgs: [match(0, "Equal", ["lo"])] }] }),
    FUNCTION,
    [{ act: ["ifflags", "lo"], events: [{ args: [{ net_dev_arg: { name: "lo" } }] }] }],
  ),
  typed(
    "kprobe",
    "net_device other",
    kprobe("dev_get_flags", {
      args: [arg(0, "net_device")],
      selectors: [{ matchArgs: [match(0, "Equal", ["l", "loo"])] }],
    }),
    FUNCTION,
    [{ act: ["ifflags", "lo"], events: [] }],
  ),
  typed(
    "lsm",
    "sockaddr_un",
    // An abstract name ends with its length, which is the third argument; the function below is asked without.
    lsm("socket_connect", {
      args: [arg(1, "sockaddr_un", { sizeArgIndex: 3 })],
      selectors: [{ matchArgs: [match(1, "Family", ["AF_UNIX"]), match(1, "Equal", [`${DIR}/sock`, "@tx-abstract"])] }],
    }),
    ["lsm"],
    [
      {
        act: ["unix", `${DIR}/sock`],
        events: [{ args: [{ sockaddrun_arg: { family: "AF_UNIX", path: `${DIR}/sock` } }] }],
      },
      { act: ["unix", "@tx-abstract"], events: [{ args: [{ sockaddrun_arg: { path: "@tx-abstract" } }] }] },
      { act: ["unix", "@tx-abstrac"], events: [] },
    ],
  ),
  typed(
    "kprobe",
    "sockaddr_un",
    kprobe("unix_stream_connect", {
      args: [arg(1, "sockaddr_un")],
      selectors: [{ matchArgs: [match(1, "Prefix", ["@tx-pre"])] }],
    }),
    FUNCTION,
    [
      { act: ["unix", "@tx-prefix"], events: [{ args: [{ sockaddrun_arg: { path: "@tx-prefix" } }] }] },
      { act: ["unix", "@tx-pr"], events: [] },
    ],
  ),
];

export const valueTypeCases: Case[] = [...integers, ...texts];
