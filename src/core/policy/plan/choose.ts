import type { BackendChoice, HookChoice } from "./choice.ts";
import { chooseBackend } from "./choose-backend.ts";
import { chooseEnforcement, notOffered } from "./choose-enforcement.ts";
import type { HostFacts } from "./host-facts.ts";
import { Mechanisms } from "./mechanisms.ts";
import { needsOf } from "./needs.ts";
import type { Plan, PlanHook } from "./plan.ts";

/** A hook's name for people: "sys_openat", "raw_syscalls/sys_enter", "/bin/bash:readline". */
export function hookName(hook: PlanHook): string {
  switch (hook.kind) {
    case "tracepoint":
    case "raw_tracepoint":
      return `${hook.group}/${hook.call}`;
    case "uprobe": {
      const at = hook.flags.includes("offset") || hook.flags.includes("address") ? `0x${hook.offset.toString(16)}` : "";
      return `${hook.path}:${hook.call}${hook.call !== "" && at !== "" ? "+" : ""}${at}`;
    }
    case "usdt":
      return `${hook.path}:${hook.group}:${hook.call}`;
    case "kprobe":
    case "fentry":
    case "lsm":
      if (hook.flags.includes("generated_syscalls")) return "every system call";
      if (hook.flags.includes("generated_ftrace")) return `functions that match ${hook.call}`;
      return hook.flags.includes("i386") ? `i386/${hook.call}` : hook.call;
  }
}

/**
 * What each hook of a plan would get on a host, in the plan's order. `mode`: as it is loaded; without one the plan's own
 * counts, and a policy in monitor mode enforces nothing.
 */
export function chooseBackends(plan: Plan, facts: HostFacts, mode?: "monitor" | "enforce"): readonly HookChoice[] {
  const mechanisms = new Mechanisms(facts);
  const isMonitor = (mode ?? plan.policy.mode) === "monitor";
  return plan.hooks.map((hook) => chooseHook(plan, hook, mechanisms, isMonitor));
}

const NONE = { method: "none", stopsCall: false } as const;

function chooseHook(plan: Plan, hook: PlanHook, m: Mechanisms, isMonitor: boolean): HookChoice {
  const said = { hook: hookName(hook), kind: hook.kind };
  const never = notOffered(hook);
  if (never !== undefined) return { ...said, status: "rejected", reason: never, enforcement: NONE };
  const needs = needsOf(plan, hook, isMonitor);
  // Nothing is attached for an enforcer itself: signals are sent where the mark is made, marks are denied in LSM hooks.
  const isEnforcer = hook.flags.includes("enforcer");
  const found: BackendChoice = isEnforcer ? { status: "ok" } : chooseBackend(hook, needs, m);
  if (found.status === "rejected") {
    const reason = found.reason ?? "no way to attach it";
    if (hook.flags.includes("ignore_missing"))
      return { ...said, status: "degraded", reason: `left out: ${reason}`, enforcement: NONE };
    return { ...said, status: "rejected", reason, enforcement: NONE };
  }
  const { enforcement, impossible } = chooseEnforcement(hook, needs, found, m);
  if (impossible === undefined) return { ...said, ...found, enforcement };
  const watched = found.backend === undefined ? "" : `; in monitor mode it would be watched through ${found.backend}`;
  return { ...said, status: "rejected", reason: `${impossible}${watched}`, enforcement };
}
