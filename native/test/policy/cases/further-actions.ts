/** Actions that only some hooks have: enforcers, sockets, static probes. */
import type { Case, JsonObject } from "../case.ts";
import { arg, match, syscall, usdt } from "../spec.ts";
import { done } from "./told.ts";

const EPERM = 1;
/** An enforcer of one syscall, and the hook that asks it. */
const enforcer = (list: string, call: string, hook: JsonObject): JsonObject => ({
  lists: [{ name: list, type: "syscalls", values: [`sys_${call}`] }],
  enforcers: [{ calls: [`list:${list}`] }],
  ...hook,
});
const atSeek = (v: number, action: JsonObject): JsonObject =>
  syscall("sys_lseek", {
    args: [arg(2, "int")],
    selectors: [{ matchArgs: [match(2, "Equal", [String(v)])], matchActions: [action] }],
  });
const atConnect = (ports: readonly string[], action: JsonObject): JsonObject =>
  syscall("sys_connect", {
    args: [arg(1, "sockaddr")],
    selectors: [{ matchArgs: [match(1, "SPort", ports)], matchActions: [action] }],
  });

export const furtherActionCases: Case[] = [
  {
    name: "notify-enforcer-kill",
    group: "syscall enforcer",
    hook: "syscall",
    shows: { action: "NotifyEnforcer" },
    spec: enforcer("lseeks", "lseek", atSeek(6911, { action: "NotifyEnforcer", argSig: 9 })),
    needs: [],
    runs: [
      { act: ["lseek", "-1", "0", "6911"], events: [done("NOTIFYENFORCER")], effect: { signal: 9 } },
      { act: ["lseek", "-1", "0", "6912"], events: [], effect: { signal: 0 } },
    ],
  },
  {
    name: "notify-enforcer-error",
    group: "syscall enforcer",
    hook: "syscall",
    shows: { other: "NotifyEnforcer with argError, of a call that passes no LSM hook" },
    spec: enforcer("lseeks2", "lseek", atSeek(6913, { action: "NotifyEnforcer", argError: -1 })),
    needs: ["override_return"],
    runs: [
      {
        act: ["lseek", "-1", "0", "6913"],
        events: [done("NOTIFYENFORCER")],
        effect: { ret: -1, errno: EPERM },
        weaker: { ret: -1 },
      },
    ],
  },
  {
    name: "cleanup-enforcer",
    group: "syscall enforcer",
    hook: "syscall",
    shows: { action: "CleanupEnforcerNotification" },
    // What was asked for before is taken back before the call that would have been stopped.
    spec: enforcer("dups", "dup", atSeek(6914, { action: "CleanupEnforcerNotification" })),
    needs: [],
    runs: [{ act: ["lseek", "-1", "0", "6914"], events: [done("CLEANUPENFORCERNOTIFICATION")], effect: { signal: 0 } }],
  },
  // Two policies at one call, in the order of their names: what the first asks for the second cannot take back.
  {
    name: "cleanup-enforcer-asked",
    group: "syscall enforcer",
    hook: "syscall",
    shows: { action: "NotifyEnforcer" },
    spec: enforcer("connects", "connect", atConnect(["17821", "17822"], { action: "NotifyEnforcer", argError: -1 })),
    needs: ["lsm|cgroup_connect"],
    runs: [
      {
        act: ["connect", "127.0.1.2", "17821", "127.0.2.2", "0"],
        events: [{ ...done("NOTIFYENFORCER"), telovix: { enforced: { stopped: true, error: -1 } } }],
        effect: { ret: -1, errno: EPERM },
      },
    ],
    short: true,
  },
  {
    name: "cleanup-enforcer-marked",
    group: "syscall enforcer",
    hook: "syscall",
    shows: { action: "CleanupEnforcerNotification" },
    spec: enforcer("connects", "connect", atConnect(["17822"], { action: "CleanupEnforcerNotification" })),
    needs: ["lsm|cgroup_connect"],
    runs: [
      {
        act: ["connect", "127.0.1.2", "17822", "127.0.2.2", "0"],
        events: [done("CLEANUPENFORCERNOTIFICATION")],
        effect: { ret: -1, errno: EPERM },
      },
    ],
    short: true,
  },
  {
    name: "usdt-set",
    group: "usdt",
    hook: "usdt",
    shows: { action: "Set" },
    spec: usdt("place", {
      args: [arg(0, "int32")],
      selectors: [
        { matchArgs: [match(0, "Equal", ["6915"])], matchActions: [{ action: "Set", argIndex: 0, argValue: 32 }] },
      ],
    }),
    // No kernel is enough: the engine does not write to the memory of processes, and says so.
    needs: ["uprobe", "writing to processes"],
    runs: [
      {
        act: ["usdt-place", "6915"],
        events: [{ args: [{ int_arg: 6915 }], ...done("SET") }],
        effect: { ret: 32, extra: { place: 32 } },
      },
      { act: ["usdt-place", "6916"], events: [], effect: { ret: 6916 } },
    ],
  },
  {
    name: "usdt-semaphore",
    group: "usdt",
    hook: "usdt",
    shows: { other: "probes behind a semaphore" },
    spec: usdt("guarded", { args: [arg(0, "int32")], selectors: [{ matchArgs: [match(0, "Equal", ["6917"])] }] }),
    needs: ["uprobe"],
    runs: [{ act: ["usdt-guarded", "6917"], events: [{ args: [{ int_arg: 6917 }] }], effect: { ret: 1 } }],
  },
  ...["GetUrl", "DnsLookup"].map((action): Case => ({
    name: `action-${action.toLowerCase()}`,
    group: "syscall",
    hook: "syscall",
    shows: { action },
    spec: syscall("sys_lseek", {
      args: [arg(2, "int")],
      selectors: [
        {
          matchArgs: [match(2, "Equal", ["6918"])],
          matchActions: [
            action === "GetUrl" ? { action, argUrl: "http://127.0.0.1:9/" } : { action, argFqdn: "tx.invalid" },
          ],
        },
      ],
    }),
    needs: [],
    runs: [{ act: ["lseek", "-1", "0", "6918"], events: [done(action.toUpperCase())] }],
  })),
  {
    name: "track-sock",
    group: "kprobe",
    hook: "kprobe",
    shows: { action: "TrackSock", other: "sockets tracked from their birth to their end" },
    spec: {
      kprobes: [
        {
          call: "sk_alloc",
          syscall: false,
          return: true,
          args: [arg(1, "int", { label: "family" })],
          returnArg: arg(0, "sock"),
          returnArgAction: "TrackSock",
          selectors: [{ matchArgs: [match(1, "Equal", ["2"])], matchActions: [{ action: "NoPost" }] }],
        },
        {
          call: "__sk_free",
          syscall: false,
          args: [arg(0, "sock")],
          selectors: [{ matchActions: [{ action: "UntrackSock", argSock: 0 }, { action: "NoPost" }] }],
        },
        {
          call: "tcp_connect",
          syscall: false,
          args: [arg(0, "sock")],
          selectors: [{ matchArgs: [match(0, "DPort", ["17801"])] }],
        },
      ],
    },
    needs: ["kprobe|fentry"],
    runs: [{ act: ["connect", "127.0.1.2", "17801", "127.0.2.2", "0"], events: [{ function_name: "tcp_connect" }] }],
  },
];
