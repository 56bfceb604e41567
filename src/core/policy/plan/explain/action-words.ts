import type { PlanAction, PlanHook } from "../plan.ts";
import { positionWords } from "./arg-words.ts";
import { errorName, signalName } from "./kernel-names.ts";
import { listed, spanText } from "./prose.ts";

const SCOPES = { thread: " and thread", process: " and process", global: "" } as const;

function postWords(action: PlanAction): string {
  const withs = [
    ...(action.flags.includes("kernel_stack") ? ["the kernel's stack"] : []),
    ...(action.flags.includes("user_stack") ? ["the program's stack"] : []),
    ...(action.flags.includes("ima_hash") ? ["the file's IMA hash"] : []),
  ];
  const more = withs.length > 0 ? ` with ${listed(withs, "and")}` : "";
  if (action.interval_ns === 0n) return `it is reported${more}`;
  return `it is reported${more}, at most once in ${spanText(action.interval_ns)} for the same arguments${SCOPES[action.scope]}`;
}

function notifyWords({ error, signal }: PlanAction): string {
  const then = [
    ...(error === 0 ? [] : [`fails with ${errorName(error)}`]),
    ...(signal === 0 ? [] : [`ends the process with ${signalName(signal)}`]),
  ];
  return `the thread is marked, and the enforced call it makes next ${then.length > 0 ? listed(then, "and") : "is noticed"}`;
}

/** An action as what happens. */
export function actionWords(action: PlanAction, hook: PlanHook): string {
  switch (action.kind) {
    case "post":
      return postWords(action);
    case "no_post":
      return "it is not reported";
    case "sigkill":
      return "the process is killed";
    case "signal":
      return `the process gets ${signalName(action.signal)}`;
    case "override":
      if (action.flags.includes("regs")) return `registers would be set: ${action.text.split("\n").join(", ")}`;
      // Written with or without the sign, an error is one.
      return action.error === 0
        ? "the call returns 0 without being run"
        : `the call fails with ${errorName(-Math.abs(action.error))}`;
    case "notify_enforcer":
      return notifyWords(action);
    case "cleanup_enforcer":
      return "the thread's mark is taken away";
    case "get_url":
      return `the event says that a request to ${action.text} was asked for (none is made)`;
    case "dns_lookup":
      return `the event says that the name ${action.text} was asked for (it is not looked up)`;
    case "track_sock":
      return `${positionWords(hook, action.arg)} is remembered as this process's`;
    case "untrack_sock":
      return `${positionWords(hook, action.arg)} is forgotten`;
    case "set":
      return `the memory of ${positionWords(hook, action.arg)} would be set to ${action.value}`;
  }
}

/** What a returnArgAction does with the returned socket. */
export function returnActWords(action: PlanHook["return_action"]): string {
  return action === "track_sock"
    ? "the socket it returns is remembered as this process's"
    : "the socket it returns is forgotten";
}
