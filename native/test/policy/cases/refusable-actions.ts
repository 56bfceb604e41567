/** Actions that only few kinds of hooks have; at the others the compiler has to say so. */
import { HOOK_KINDS, type HookKind, type JsonObject } from "../case.ts";
import { notIn, type ActionCase } from "./action-case.ts";
import { doneAt } from "./told.ts";

const LATE = "comes too late";
const RETURNS = "can't make the";
const NO_OVERRIDE: ActionCase["refused"] = {
  ...notIn("fentry", "fexit"),
  tracepoint: RETURNS,
  "raw tracepoint": RETURNS,
  usdt: RETURNS,
  "syscall return": LATE,
  kretprobe: "Override",
  uretprobe: LATE,
};
const override = (name: string, more: Partial<ActionCase>): ActionCase => ({
  name,
  actions: [{ action: "Override", argError: -1 }],
  // No kernel is enough for a uprobe: the engine does not write to the registers of processes, and says so.
  runs: (s, v) => [{ act: s.act(v), events: [{ ...s.event(v), ...doneAt(s, "OVERRIDE") }], effect: { ret: -1 } }],
  needs: ["writing to processes"],
  refused: NO_OVERRIDE,
  elsewhere: ["syscall", "kprobe", "lsm"],
  ...more,
});

const canary = (action: string, more: JsonObject): ActionCase => ({
  name: action,
  actions: [{ action, ...more }],
  runs: (s, v) => [{ act: s.act(v), events: [{ ...s.event(v), ...doneAt(s, action.toUpperCase()) }] }],
  refused: notIn("uprobe", "uretprobe", "usdt", "lsm"),
  elsewhere: ["syscall"],
});

/** Who is notified stops another call, which no case makes. */
const ENFORCER = { enforcers: [{ calls: ["sys_getpriority"] }] };
const NOTIFIES = { refused: notIn("fentry", "fexit", "lsm"), policy: ENFORCER } as const;

const everywhere = (says: string): { readonly [K in HookKind]?: string } =>
  Object.fromEntries(HOOK_KINDS.map((hook) => [hook, says]));

export const REFUSABLE_ACTIONS: readonly ActionCase[] = [
  override("Override", {}),
  override("Override monitor", { monitor: true }),
  canary("GetUrl", { argUrl: "http://127.0.0.1:9/" }),
  canary("DnsLookup", { argFqdn: "tx.invalid" }),
  {
    ...NOTIFIES,
    name: "NotifyEnforcer",
    actions: [{ action: "NotifyEnforcer", argSig: 9 }],
    runs: (s, v) => [
      { act: s.act(v), events: [{ ...s.event(v), ...doneAt(s, "NOTIFYENFORCER") }], effect: { signal: 9, ret: -2 } },
    ],
    elsewhere: ["syscall"],
  },
  {
    ...NOTIFIES,
    name: "CleanupEnforcerNotification",
    actions: [{ action: "CleanupEnforcerNotification" }],
    runs: (s, v) => [
      {
        act: s.act(v),
        events: [{ ...s.event(v), ...doneAt(s, "CLEANUPENFORCERNOTIFICATION") }],
        effect: { signal: 0 },
      },
    ],
    elsewhere: ["syscall"],
  },
  {
    name: "Set",
    actions: [{ action: "Set", argIndex: 0, argValue: 32 }],
    runs: () => [],
    refused: everywhere("Set doesn't work in"),
    elsewhere: ["usdt"],
  },
  ...["FollowFD", "UnfollowFD", "CopyFD"].map((action): ActionCase => ({
    name: action,
    actions: [{ action, argFd: 0, argName: 1 }],
    runs: () => [],
    refused: everywhere("file descriptors"),
  })),
];
