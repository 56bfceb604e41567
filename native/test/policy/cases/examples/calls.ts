/** System calls by name, by list and by tracepoint. */
import { ALPHA, BETA, DIR, type Case } from "../../case.ts";
import { arg, match, syscall, tracepoint } from "../../spec.ts";
import { example, inAlpha } from "./example.ts";

export const callsExamples: Case[] = [
  example({
    name: "example-setuid",
    hook: "syscall",
    spec: syscall("sys_setuid", { args: [arg(0, "int")], selectors: [{ matchArgs: [match(0, "Equal", ["61001"])] }] }),
    needs: [],
    runs: [
      { act: ["setuid", "61001"], events: [{ args: [{ int_arg: 61001 }] }] },
      { act: ["setuid", "61002"], events: [] },
    ],
  }),
  example({
    name: "example-ptrace",
    hook: "syscall",
    // PTRACE_SEIZE of a process that is not there.
    spec: syscall("sys_ptrace", {
      args: [arg(0, "int"), arg(1, "int")],
      selectors: [{ matchArgs: [match(0, "Equal", ["0x4206"])] }],
    }),
    needs: [],
    runs: [
      { act: ["ptrace", "0x4206", "31999"], events: [{ args: [{ int_arg: 16902 }, { int_arg: 31999 }] }] },
      { act: ["ptrace", "0x4207", "31999"], events: [] },
    ],
  }),
  example({
    name: "example-mount",
    hook: "syscall",
    spec: syscall("sys_mount", {
      args: [arg(0, "string"), arg(1, "string"), arg(2, "string")],
      selectors: [{ matchArgs: [match(0, "Equal", ["tx-source"])] }],
    }),
    needs: [],
    runs: [
      {
        act: ["unshare=mnt", "mount", "tx-source", `${DIR}/f/folder`, "tmpfs", "0"],
        events: [{ args: [{ string_arg: "tx-source" }, { string_arg: `${DIR}/f/folder` }, { string_arg: "tmpfs" }] }],
      },
      { act: ["mount", "tx-other", `${DIR}/f/none`, "tmpfs", "0"], events: [] },
    ],
  }),
  example({
    name: "example-list-syscalls",
    hook: "syscall",
    spec: {
      lists: [{ name: "dups", type: "syscalls", values: ["sys_dup", "sys_dup2"] }],
      kprobes: [{ call: "list:dups", selectors: [inAlpha] }],
    },
    needs: [],
    runs: [
      { act: [`exec=${ALPHA}`, "dup", "0"], events: [{ function_name: "~sys_dup" }] },
      { act: [`exec=${BETA}`, "dup", "0"], events: [] },
    ],
  }),
  example({
    name: "example-list-tracepoint",
    hook: "tracepoint",
    spec: {
      lists: [{ name: "dups", type: "syscalls", values: ["sys_dup", "sys_dup2"] }],
      ...tracepoint("raw_syscalls/sys_enter", {
        args: [arg(4, "uint64")],
        selectors: [{ ...inAlpha, matchArgs: [match(0, "InMap", ["list:dups"])] }],
      }),
    },
    needs: ["tracepoint"],
    runs: [
      { act: [`exec=${ALPHA}`, "dup", "0"], events: [{ event: "process_tracepoint", args: [{ size_arg: "32" }] }] },
      { act: [`exec=${ALPHA}`, "lseek", "-1", "0", "1"], events: [] },
    ],
  }),
  example({
    name: "example-raw-syscalls",
    hook: "tracepoint",
    spec: tracepoint("raw_syscalls/sys_enter", {
      args: [arg(4, "syscall64")],
      selectors: [{ matchPIDs: [{ operator: "In", followForks: true, values: [31021] }] }],
    }),
    needs: ["tracepoint"],
    runs: [
      {
        act: ["pid=31021", "fork", "lseek", "-1", "0", "1"],
        among: true,
        events: [
          { event: "process_tracepoint", subsys: "raw_syscalls", args: [{ syscall_id: { id: 8, abi: "x64" } }] },
        ],
      },
      { act: ["pid=31022", "fork", "lseek", "-1", "0", "1"], events: [] },
    ],
  }),
];
