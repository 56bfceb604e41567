/** Operators that nothing at a kind of hook has the type for: the compiler has to say so. */
import type { Case, HookKind, JsonObject } from "../case.ts";
import { arg, kprobe, fentry, lsm, match, syscall, tracepoint, uprobe, usdt, type HookBody } from "../spec.ts";

const VALUES: { readonly [operator: string]: readonly string[] } = {
  DPort: ["443"],
  NotDPort: ["443"],
  SPort: ["443"],
  NotSPort: ["443"],
  SAddr: ["127.0.0.1"],
  NotSAddr: ["127.0.0.1"],
  DAddr: ["127.0.0.1"],
  NotDAddr: ["127.0.0.1"],
  Protocol: ["IPPROTO_TCP"],
  Family: ["AF_INET"],
  State: ["TCP_LISTEN"],
  FileType: ["reg"],
  NotFileType: ["reg"],
  CapabilitiesGained: ["CAP_SYS_CHROOT"],
};
const SOURCE = ["SPort", "NotSPort", "SPortPriv", "NotSportPriv", "NotSPortPriv", "SAddr", "NotSAddr", "Family"];
const DESTINATION = ["DPort", "NotDPort", "DPortPriv", "NotDPortPriv", "DAddr", "NotDAddr"];
const WHOLE = ["Protocol", "State"];
const FILES = ["FileType", "NotFileType"];
const GAINED = ["CapabilitiesGained"];

interface Refusal {
  readonly hook: HookKind;
  readonly operators: readonly string[];
  /** A part of what the compiler says. */
  readonly says: string;
  readonly spec: (body: HookBody) => JsonObject;
  readonly type: string;
  readonly index?: number;
}

const connect = {
  hook: "syscall",
  spec: (b: HookBody) => syscall("sys_connect", b),
  type: "sockaddr",
  index: 1,
} as const;
const address = (hook: "uprobe" | "uretprobe" | "usdt") => ({
  hook,
  spec: (b: HookBody) => (hook === "usdt" ? usdt("address", b) : uprobe("tx_user_address", b)),
  type: "sockaddr",
});
const opened = { hook: "syscall return", spec: (b: HookBody) => syscall("sys_openat", b), type: "fd" } as const;
const text = (hook: "uretprobe" | "usdt") => ({
  hook,
  spec: (b: HookBody) => (hook === "usdt" ? usdt("text", b) : uprobe("tx_user_echo", b)),
  type: "string",
});
const field = {
  hook: "tracepoint",
  spec: (b: HookBody) => tracepoint("syscalls/sys_enter_symlinkat", b),
  type: "string",
  index: 5,
} as const;
const file = (hook: "kretprobe" | "fexit") => ({
  hook,
  spec: (b: HookBody) => (hook === "fexit" ? fentry("do_filp_open", b) : kprobe("do_filp_open", b)),
  type: "file",
});

const ENDS = "needs two ends";
const SOCKETS = "whole sockets and packets";
const REFUSALS: readonly Refusal[] = [
  ...[connect, address("uprobe"), address("uretprobe"), address("usdt")].flatMap((place): Refusal[] => [
    { ...place, operators: DESTINATION, says: ENDS },
    { ...place, operators: WHOLE, says: SOCKETS },
  ]),
  { ...opened, operators: [...SOURCE, ...DESTINATION, ...WHOLE], says: "sockets and packets" },
  { ...opened, operators: FILES, says: "files and paths" },
  ...[text("uretprobe"), text("usdt"), field].map((place) => ({ ...place, operators: FILES, says: "files and paths" })),
  ...[text("usdt"), field].map((place) => ({ ...place, operators: GAINED, says: "sets of capabilities" })),
  // Of the returned value there is one.
  ...[opened, text("uretprobe"), file("kretprobe"), file("fexit")].map((place) => ({
    ...place,
    operators: GAINED,
    says: "compares two values",
  })),
];

function refusedCase({ hook, says, spec, type, index = 0 }: Refusal, operator: string): Case {
  const late = /return|ret|exit/.test(hook);
  const values = VALUES[operator] ?? [];
  const both = operator === "CapabilitiesGained" && !late;
  const filter = both ? { args: [0, 0], operator, values } : match(hook === "tracepoint" ? 0 : index, operator, values);
  const value = arg(late ? 0 : index, type);
  return {
    name: ["refused", ...hook.split(" "), ...operator.split(/(?=[A-Z])/)].join("-").toLowerCase(),
    group: "refused",
    hook,
    shows: { operator },
    spec: spec(
      late
        ? { return: true, returnArg: value, selectors: [{ matchReturnArgs: [filter] }] }
        : { args: [value], selectors: [{ matchArgs: [filter] }] },
    ),
    needs: [],
    compile: { rejected: says },
    runs: [],
  };
}

const DATA: HookBody = {
  data: [arg(0, "string", { source: "current_task", resolve: "comm" })],
  selectors: [{ matchData: [match(0, "Equal", ["tx-data"])] }],
};
/** The format gives these no data. */
const NO_DATA: readonly (readonly [HookKind, JsonObject])[] = [
  ["lsm", lsm("file_fcntl", DATA)],
  ["tracepoint", tracepoint("syscalls/sys_enter_lseek", DATA)],
  ["raw tracepoint", tracepoint("task/task_rename", { raw: true, ...DATA })],
  ["usdt", usdt("ints", DATA)],
];

export const refusedCases: Case[] = [
  ...REFUSALS.flatMap((row) => row.operators.map((operator) => refusedCase(row, operator))),
  ...NO_DATA.map(([hook, spec]): Case => ({
    name: `refused-${hook}-matchdata`.replaceAll(" ", "-"),
    group: "refused",
    hook,
    shows: { filter: "matchData" },
    spec,
    needs: [],
    compile: { rejected: "No field is called 'data' here" },
    runs: [],
  })),
];
