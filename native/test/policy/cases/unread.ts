/** Arguments in memory that is not in when the call begins: they are told and acted on when the kernel has fetched them. */
import { DIR, type Case, type JsonObject, type Run } from "../case.ts";
import { arg, match, syscall, tracepoint, uprobe } from "../spec.ts";
import { done } from "./told.ts";

const EPERM = 1;
const REFUSED = 111;
const READ = "0";
const WRITE = "1";
/** Where the page is not in for certain: what MADV_PAGEOUT does is the file system's business. */
const AWAY = ["fork", "drop", "across"];
const LATE: JsonObject = { telovix: { late: true } };

const opened = (path: string, ...actions: readonly string[]): JsonObject =>
  syscall("sys_openat", {
    args: [arg(1, "string"), arg(2, "int")],
    selectors: [
      {
        matchArgs: [match(1, "Equal", [path])],
        ...(actions.length > 0 ? { matchActions: actions.map((action) => ({ action })) } : {}),
      },
    ],
  });

const opens = (path: string, flags: string, more: JsonObject = LATE, effect: Run["effect"] = { ret: 0 }): Run[] =>
  AWAY.map((how) => ({
    act: ["open-away", how, path, flags],
    events: [{ args: [{ string_arg: path }, { int_arg: 0o2000000 + Number(flags) }], ...more }],
    effect,
  }));

export const unreadCases: Case[] = [
  {
    name: "unread-open",
    group: "unread",
    hook: "syscall",
    shows: { other: "text in memory that is not in" },
    spec: opened(`${DIR}/file`),
    needs: [],
    short: true,
    runs: [
      ...opens(`${DIR}/file`, READ),
      { act: ["open-away", "pageout", `${DIR}/file`, READ], events: [{ args: [{ string_arg: `${DIR}/file` }, {}] }] },
      { act: ["open", `${DIR}/file`, READ], events: [{ telovix: { late: null } }] },
      // Another file, and an address where the kernel finds nothing either.
      { act: ["open-away", "drop", `${DIR}/lose`, READ], events: [], effect: { ret: 0 } },
      { act: ["open-nowhere"], events: [], effect: { ret: -1, errno: 14 } },
    ],
  },
  {
    name: "unread-write",
    group: "unread",
    hook: "syscall",
    shows: { other: "a mask beside a text that is not in" },
    spec: syscall("sys_openat", {
      args: [arg(1, "string"), arg(2, "int")],
      selectors: [{ matchArgs: [match(1, "Prefix", [`${DIR}/lo`]), match(2, "Mask", ["3"])] }],
    }),
    needs: [],
    short: true,
    runs: [...opens(`${DIR}/lose`, WRITE), { act: ["open-away", "drop", `${DIR}/lose`, READ], events: [] }],
  },
  {
    name: "unread-twice",
    group: "unread",
    hook: "syscall",
    shows: { other: "told at once without the text, and not again" },
    spec: syscall("sys_openat", {
      args: [arg(1, "string")],
      selectors: [
        {
          matchArgs: [match(1, "NotEqual", [`${DIR}/other`])],
          matchBinaries: [{ operator: "In", values: [`${DIR}/bin/beta`] }],
        },
      ],
    }),
    needs: [],
    short: true,
    runs: [
      {
        act: [`exec=${DIR}/bin/beta`, "open-away", "drop", `${DIR}/short`, READ],
        among: true,
        events: [{ args: [{ error_arg: { Message: "memory could not be read" } }], telovix: { late: null } }],
        never: [{ args: [{ string_arg: `${DIR}/short` }] }],
      },
    ],
  },
  {
    name: "unread-kill",
    group: "unread",
    hook: "syscall",
    shows: { action: "Sigkill" },
    spec: opened(`${DIR}/tx-kill`, "Sigkill"),
    needs: [],
    short: true,
    runs: opens(
      `${DIR}/tx-kill`,
      READ,
      { ...done("SIGKILL"), telovix: { late: true, enforced: { method: "signal" } } },
      { ret: -2, signal: 9 },
    ),
  },
  {
    name: "unread-override",
    group: "unread",
    hook: "syscall",
    shows: { action: "Override" },
    spec: syscall("sys_symlink", {
      args: [arg(0, "string")],
      selectors: [
        { matchArgs: [match(0, "Equal", [`${DIR}/tx-away`])], matchActions: [{ action: "Override", argError: -1 }] },
      ],
    }),
    needs: ["lsm"],
    short: true,
    runs: [
      ...AWAY.map((how): Run => ({
        act: ["symlink-away", how, `${DIR}/tx-away`, `${DIR}/tx-away-1`],
        events: [{ ...done("OVERRIDE"), telovix: { late: true, enforced: { stopped: true, error: -1 } } }],
        effect: { ret: -1, errno: EPERM },
      })),
      { act: ["symlink-away", "drop", `${DIR}/tx-here`, `${DIR}/tx-away-2`], events: [], effect: { ret: 0 } },
    ],
  },
  {
    name: "unread-connect",
    group: "unread",
    hook: "syscall",
    shows: { action: "Override" },
    spec: syscall("sys_connect", {
      args: [arg(1, "sockaddr")],
      selectors: [{ matchArgs: [match(1, "SPort", ["17861"])], matchActions: [{ action: "Override", argError: -1 }] }],
    }),
    needs: ["lsm|cgroup_connect"],
    short: true,
    runs: [
      {
        act: ["connect-away", "drop", "127.0.1.3", "17861"],
        events: [{ ...done("OVERRIDE"), telovix: { late: true, enforced: { stopped: true, error: -1 } } }],
        effect: { ret: -1, errno: EPERM },
      },
      { act: ["connect-away", "fork", "127.0.1.3", "17862"], events: [], effect: { ret: -1, errno: REFUSED } },
    ],
  },
  {
    name: "unread-gate",
    group: "unread",
    hook: "syscall",
    shows: { action: "Override" },
    spec: syscall("sys_connect", {
      args: [arg(2, "int")],
      selectors: [
        {
          matchBinaries: [{ operator: "In", values: [`${DIR}/bin/gamma`] }],
          matchActions: [{ action: "Override", argError: -1 }],
        },
      ],
    }),
    needs: ["lsm|cgroup_connect"],
    short: true,
    runs: [
      // Nothing of the policy depends on the address, but the gate does.
      {
        act: [`exec=${DIR}/bin/gamma`, "connect-away", "drop", "127.0.1.3", "17863"],
        among: true,
        events: [{ ...done("OVERRIDE"), telovix: { enforced: { stopped: true, error: -1 } } }],
        effect: { ret: -1, errno: EPERM },
      },
    ],
  },
  {
    name: "unread-uprobe",
    group: "unread",
    hook: "uprobe",
    shows: { other: "text in memory that is not in: missed, and counted" },
    spec: uprobe("tx_user_text", {
      args: [arg(0, "string")],
      selectors: [{ matchArgs: [match(0, "Equal", ["tx-away-text"])] }],
    }),
    needs: ["uprobe"],
    short: true,
    runs: [{ act: ["user-away", "drop", "tx-away-text"], events: [] }],
  },
  {
    name: "unread-tracepoint",
    group: "unread",
    hook: "tracepoint",
    shows: { other: "text in memory that is not in" },
    spec: tracepoint("syscalls/sys_enter_openat", {
      args: [arg(6, "string")],
      selectors: [{ matchArgs: [match(6, "Equal", [`${DIR}/short`])] }],
    }),
    needs: [],
    short: true,
    runs: [
      {
        act: ["open-away", "drop", `${DIR}/short`, READ],
        events: [{ args: [{ string_arg: `${DIR}/short` }], ...LATE }],
      },
    ],
  },
];
