import { hookName } from "../choose.ts";
import type { PlanHook } from "../plan.ts";
import { argWords } from "./arg-words.ts";
import { count, listed } from "./prose.ts";

/** What has to happen for the hook to be looked at. */
export function triggerWords(hook: PlanHook, calls: number): string {
  const returns = hook.flags.includes("return");
  if (hook.flags.includes("loader"))
    return returns ? "When a process has mapped a file to be run." : "When a process starts a program.";
  switch (hook.kind) {
    case "kprobe":
    case "fentry": {
      if (hook.flags.includes("enforcer")) return "When a marked thread makes this call.";
      if (hook.flags.includes("generated_syscalls")) return "When a process makes any system call.";
      if (hook.flags.includes("generated_ftrace")) return "When the kernel enters any of these functions.";
      const one = calls === 1 ? "this" : "one of these";
      if (hook.flags.includes("syscall"))
        return `When a process makes ${one} system call${calls === 1 ? "" : "s"}${returns ? "; told when it returns" : ""}.`;
      return `When the kernel ${returns ? "returns from" : "enters"} ${one} function${calls === 1 ? "" : "s"}.`;
    }
    case "lsm":
      return `When the kernel asks its security modules about ${hook.call}.`;
    case "tracepoint":
    case "raw_tracepoint":
      return `When the kernel passes the tracepoint ${hookName(hook)}.`;
    case "uprobe":
      return `When a process ${returns ? "returns from" : "reaches"} this place of ${hook.path}.`;
    case "usdt":
      return `When a process passes the probe ${hook.group}:${hook.call} of ${hook.path}.`;
  }
}

/** The names of hooks that differ in nothing else. */
export function groupName(hooks: readonly PlanHook[]): string {
  if (hooks.length > 8) return `${count(hooks.length, "call")}: ${listed(hooks.map(hookName), "and")}`;
  return listed(hooks.map(hookName), "and");
}

/** What is read and reported of each hit. */
export function recordedWords(hook: PlanHook): string {
  if (hook.flags.includes("loader")) return "Who did it, the path of the file and its build id.";
  const all = [...hook.args, ...(hook.return_arg ? [hook.return_arg] : [])].filter((a) => a.type !== "nop");
  if (all.length === 0) return "Who did it, and nothing more.";
  const late = all.some((a) => a.flags.includes("return_copy"))
    ? " What the call itself fills in is read when it returns."
    : "";
  return `Who did it, and ${listed(
    all.map((a) => argWords(a, hook)),
    "and",
  )}.${late}`;
}

/** Hooks of one entry of the policy: all but their names is the same. */
export function groupHooks(hooks: readonly PlanHook[]): readonly (readonly number[])[] {
  const groups: number[][] = [];
  for (const [i, hook] of hooks.entries()) {
    const last = groups.at(-1);
    const before = last === undefined ? undefined : hooks[last[0]!];
    const same =
      before !== undefined &&
      before.line === hook.line &&
      before.column === hook.column &&
      before.kind === hook.kind &&
      before.selectors === hook.selectors &&
      before.args === hook.args;
    // Enforcers have empty lists, which need not be one object.
    const bothEnforce = before?.flags.includes("enforcer") === true && hook.flags.includes("enforcer");
    if (last && (same || bothEnforce)) last.push(i);
    else groups.push([i]);
  }
  return groups;
}
