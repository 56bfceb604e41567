import type { Action } from "../model-action.ts";
import type { UprobeTarget } from "../model-base.ts";
import { RETURN_POSITION } from "./layout.ts";
import type { PlanAction } from "./plan.ts";

const NS_PER_MS = 1_000_000n;

function action(kind: PlanAction["kind"], more: Partial<PlanAction> = {}): PlanAction {
  return {
    kind,
    flags: [],
    scope: "thread",
    arg: 0,
    error: 0,
    signal: 0,
    value: 0,
    interval_ns: 0n,
    text: "",
    ...more,
  };
}

/** Where a program is to go on: `symbol+0x10`, `offset:0x10` of its file, `address:0x10` in it. */
function jumpText(to: UprobeTarget): string {
  switch (to.kind) {
    case "symbol":
      return `${to.symbol}+0x${to.offset.toString(16)}`;
    case "offset":
      return `offset:0x${to.offset.toString(16)}`;
    case "address":
      return `address:0x${to.address.toString(16)}`;
  }
}

/** One action of the model as one of the plan. `atReturn`: its slot 0 is the return value. */
export function lowerAction(from: Action, atReturn: boolean): PlanAction {
  const position = (slot: number): number => (atReturn ? RETURN_POSITION : slot);
  switch (from.kind) {
    case "post": {
      const { rateLimit, kernelStackTrace, userStackTrace, imaHash } = from;
      const flags: PlanAction["flags"] = [
        ...(kernelStackTrace ? (["kernel_stack"] as const) : []),
        ...(userStackTrace ? (["user_stack"] as const) : []),
        ...(imaHash ? (["ima_hash"] as const) : []),
      ];
      const limit = rateLimit && { interval_ns: BigInt(rateLimit.intervalMs) * NS_PER_MS, scope: rateLimit.scope };
      return action("post", { flags, ...limit });
    }
    case "override": {
      const lines = [...from.regs.map((r) => r.text), ...(from.jump ? [`ip=${jumpText(from.jump)}`] : [])];
      return action("override", {
        error: from.argError,
        flags: lines.length > 0 ? ["regs"] : [],
        text: lines.join("\n"),
      });
    }
    case "notifyEnforcer":
      return action("notify_enforcer", {
        error: from.argError,
        signal: from.signal,
        arg: from.syscallSlot ?? RETURN_POSITION,
      });
    case "signal":
      return action("signal", { signal: from.signal });
    case "sigkill":
      return action("sigkill", { signal: 9 });
    case "noPost":
      return action("no_post");
    case "cleanupEnforcerNotification":
      return action("cleanup_enforcer");
    case "getUrl":
      return action("get_url", { text: from.url });
    case "dnsLookup":
      return action("dns_lookup", { text: from.name });
    case "trackSock":
    case "untrackSock":
      return action(from.kind === "trackSock" ? "track_sock" : "untrack_sock", { arg: position(from.slot) });
    case "set":
      return action("set", { arg: from.slot, value: from.value >>> 0 });
  }
}
