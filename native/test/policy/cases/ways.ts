/** Ways to read more than an argument: whole buffers, fields, the task, the return value. */
import { DIR, FILE, type Case, type JsonObject } from "../case.ts";
import { ANY } from "../match.ts";
import { arg, fentry, kprobe, lsm, match, syscall, uprobe } from "../spec.ts";
import { FUNCTION } from "./typed.ts";

export const wayCases: Case[] = [
  {
    name: "max-data",
    group: "types",
    hook: "syscall",
    shows: { other: "maxData: more than 4096 bytes of a buffer" },
    spec: syscall("sys_write", {
      args: [arg(1, "char_buf", { sizeArgIndex: 3, maxData: true })],
      selectors: [{ matchArgs: [match(1, "Prefix", ["tx-long-"])] }],
    }),
    needs: [],
    runs: [{ act: ["write-long", "/dev/null", "tx-long-", "6000"], events: [{ args: [wholeBuffer(6008)] }] }],
  },
  ...[true, false].map((maxData): Case => ({
    name: maxData ? "substring-max-data" : "substring-plain",
    group: "types",
    hook: "syscall",
    shows: { other: "SubString in all that is read" },
    spec: syscall("sys_write", {
      args: [arg(1, "char_buf", { sizeArgIndex: 3, ...(maxData ? { maxData } : {}) })],
      selectors: [{ matchArgs: [match(1, "SubString", ["tx-at-the-tail"])] }],
    }),
    needs: [],
    runs: [
      { act: ["write-tail", "/dev/null", "4000", "tx-at-the-tail"], events: [{ function_name: "~sys_write" }] },
      {
        act: ["write-tail", "/dev/null", "7000", "tx-at-the-tail"],
        events: maxData ? [{ function_name: "~sys_write" }] : [],
      },
      { act: ["write-tail", "/dev/null", "7000", "tx-at-the-tai"], events: [] },
    ],
  })),
  {
    name: "return-copy",
    group: "types",
    hook: "syscall return",
    shows: { other: "returnCopy: a buffer once it has been filled" },
    spec: syscall("sys_read", {
      args: [arg(1, "char_buf", { returnCopy: true })],
      return: true,
      returnArg: arg(0, "int"),
      selectors: [{ matchBinaries: [{ operator: "In", values: [`${DIR}/bin/gamma`] }] }],
    }),
    needs: [],
    runs: [
      {
        act: [`exec=${DIR}/bin/gamma`, "read", `${DIR}/short`],
        among: true,
        events: [{ args: [{ bytes_arg: btoa("text of short") }] }],
      },
    ],
  },
  {
    name: "resolve-syscall",
    group: "types",
    hook: "syscall",
    shows: { other: "resolve in the caller's memory, by btfType" },
    spec: syscall("sys_sendmsg", {
      args: [arg(1, "sockaddr", { btfType: "user_msghdr", resolve: "msg_name" })],
      selectors: [{ matchArgs: [match(1, "SPort", ["17831"])] }],
    }),
    needs: [],
    runs: [
      {
        act: ["reconnect-send", "127.0.1.3", "17831"],
        events: [{ args: [{ sockaddr_arg: { family: "AF_INET", addr: "127.0.1.3", port: 17831 } }] }],
      },
      { act: ["reconnect-send", "127.0.1.3", "17832"], events: [] },
    ],
  },
  {
    name: "resolve-kprobe",
    group: "types",
    hook: "kprobe",
    shows: { other: "resolve" },
    spec: kprobe("vfs_fallocate", {
      args: [arg(0, "string", { resolve: "f_path.dentry.d_name.name" }), arg(1, "int")],
      selectors: [{ matchArgs: [match(1, "Equal", ["6921"])] }],
    }),
    needs: FUNCTION,
    runs: [
      { act: ["fallocate", FILE, "6921", "0", "1"], events: [{ args: [{ string_arg: "file" }, { int_arg: 6921 }] }] },
    ],
  },
  {
    name: "resolve-lsm",
    group: "types",
    hook: "lsm",
    shows: { other: "resolve" },
    spec: lsm("file_fcntl", {
      args: [arg(0, "string", { resolve: "f_path.dentry.d_parent.d_name.name" }), arg(1, "uint32")],
      selectors: [{ matchArgs: [match(1, "Equal", ["6922"])] }],
    }),
    needs: ["lsm"],
    runs: [
      { act: ["fcntl", `${DIR}/f/file`, "6922", "0"], events: [{ args: [{ string_arg: "f" }, { uint_arg: 6922 }] }] },
    ],
  },
  {
    name: "data-current-task",
    group: "types",
    hook: "syscall",
    shows: { filter: "matchData", other: "data: current_task" },
    spec: syscall("sys_lseek", {
      args: [arg(2, "int")],
      data: [arg(0, "string", { source: "current_task", resolve: "comm" })],
      selectors: [{ matchArgs: [match(2, "Equal", ["6923"])], matchData: [match(0, "Equal", ["tx-data"])] }],
    }),
    needs: [],
    runs: [
      { act: ["comm=tx-data", "lseek", "-1", "0", "6923"], events: [{ data: [{ string_arg: "tx-data" }] }] },
      { act: ["comm=tx-dat", "lseek", "-1", "0", "6923"], events: [] },
    ],
  },
  {
    name: "uprobe-offset",
    group: "types",
    hook: "uprobe",
    shows: { other: "symbol+offset" },
    spec: uprobe("tx_user_other+0", {}),
    needs: ["uprobe"],
    runs: [{ act: ["user-other"], events: [{ symbol: "~tx_user_other", path: ANY }] }],
  },
  {
    name: "exit-with-arguments",
    group: "types",
    hook: "kretprobe",
    shows: { other: "arguments and return value in one event" },
    spec: kprobe("generic_file_llseek_size", {
      args: [arg(0, "file"), arg(1, "int64")],
      return: true,
      returnArg: arg(0, "int64"),
      selectors: [{ matchArgs: [match(1, "Equal", ["6924"])] }],
    }),
    needs: FUNCTION,
    runs: [
      {
        act: ["seek", FILE, "6924"],
        events: [{ args: [{ file_arg: { path: FILE } }, { long_arg: "6924" }], return: { long_arg: "6924" } }],
      },
    ],
  },
  {
    name: "fexit-with-arguments",
    group: "types",
    hook: "fexit",
    shows: { other: "arguments and return value in one event" },
    spec: fentry("generic_file_llseek_size", {
      args: [arg(0, "file"), arg(1, "int64")],
      return: true,
      returnArg: arg(0, "int64"),
      selectors: [{ matchArgs: [match(1, "Equal", ["6925"])] }],
    }),
    needs: ["fentry"],
    runs: [
      {
        act: ["seek", FILE, "6925"],
        events: [{ args: [{ file_arg: { path: FILE } }, { long_arg: "6925" }], return: { long_arg: "6925" } }],
      },
    ],
  },
  {
    name: "return-error",
    group: "types",
    hook: "syscall return",
    shows: { filter: "matchReturnArgs" },
    spec: syscall("sys_lseek", {
      args: [arg(2, "int")],
      return: true,
      returnArg: arg(0, "int"),
      selectors: [{ matchArgs: [match(2, "Equal", ["6926"])], matchReturnArgs: [match(0, "LT", ["0"])] }],
    }),
    needs: [],
    runs: [{ act: ["lseek", "-1", "0", "6926"], events: [{ args: [{ int_arg: 6926 }], return: { int_arg: -9 } }] }],
  },
  {
    name: "return-action",
    group: "types",
    hook: "syscall return",
    shows: { action: "Signal" },
    spec: syscall("sys_lseek", {
      args: [arg(2, "int")],
      return: true,
      returnArg: arg(0, "int"),
      selectors: [
        {
          matchArgs: [match(2, "Equal", ["6927"])],
          matchReturnArgs: [match(0, "Equal", ["-9"])],
          matchReturnActions: [{ action: "Signal", argSig: 10 }],
        },
      ],
    }),
    needs: [],
    runs: [
      {
        act: ["catch", "10", "+", "lseek", "-1", "0", "6927", "+", "caught"],
        events: [{ args: [{ int_arg: 6927 }], return: { int_arg: -9 } }],
        effect: { extra: { caught: 10 } },
      },
    ],
  },
  {
    name: "return-action-function",
    group: "types",
    hook: "kretprobe",
    shows: { action: "Signal" },
    spec: kprobe("generic_file_llseek_size", {
      args: [arg(1, "int64")],
      return: true,
      returnArg: arg(0, "int64"),
      selectors: [
        { matchReturnArgs: [match(0, "Equal", ["6928"])], matchReturnActions: [{ action: "Signal", argSig: 10 }] },
      ],
    }),
    needs: FUNCTION,
    runs: [
      {
        act: ["catch", "10", "+", "seek", FILE, "6928", "+", "caught"],
        events: [{ return: { long_arg: "6928" } }],
        effect: { extra: { caught: 10 } },
      },
      { act: ["catch", "10", "+", "seek", FILE, "6929", "+", "caught"], events: [], effect: { extra: { caught: 0 } } },
    ],
  },
];

function wholeBuffer(size: number): JsonObject {
  return { bytes_arg: btoa(`tx-long-${"x".repeat(size - 8)}`) };
}
