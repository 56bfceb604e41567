/** What becomes of a case on a kernel. */
import type { Case, Truth } from "./case.ts";
import type { PolicyState } from "./engine.ts";
import { missing, needsOf, type Facts } from "./facts.ts";
import { checkCase, type Line } from "./match.ts";
import type { Compiled } from "./prepare.ts";

/** "refused": by the compiler, as it should be, on whatever kernel. */
export type Outcome = "refused" | "works" | "degraded" | "not possible" | "FAILED";

export interface Result {
  readonly name: string;
  readonly hook: string;
  readonly shows: Case["shows"];
  readonly outcome: Outcome;
  /** The engine's mechanism, where it attached one. */
  readonly backend?: string;
  readonly reason?: string;
}

interface Seen {
  readonly compiled: Compiled | undefined;
  readonly state: PolicyState | undefined;
  readonly truths: readonly (Truth | undefined)[];
  readonly lines: readonly Line[];
  /** Records that the engine owns up to having lost while the group ran. */
  readonly lost: number;
  /** Why the whole group could not be tried. */
  readonly trouble?: string;
}

export function judge(c: Case, facts: Facts, seen: Seen): Result {
  const result = (outcome: Outcome, reason?: string, backend?: string): Result => ({
    name: c.name,
    hook: c.hook,
    shows: c.shows,
    outcome,
    ...(backend === undefined ? {} : { backend }),
    ...(reason === undefined ? {} : { reason: reason.slice(0, 1500) }),
  });
  const error = seen.compiled?.error;
  if (c.compile !== undefined) {
    if (error === undefined) return result("FAILED", "the compiler took a policy that it must refuse");
    return error.includes(c.compile.rejected)
      ? result("refused")
      : result("FAILED", `refused with other words: ${error}`);
  }
  if (seen.compiled === undefined) return result("FAILED", "no plan was made");
  if (error !== undefined) return result("FAILED", `the compiler refused it: ${error}`);
  if (seen.trouble !== undefined) return result("FAILED", seen.trouble);
  const { state } = seen;
  if (state === undefined) return result("FAILED", "the engine says nothing of this policy");
  const hooks = state.hooks ?? [];
  const backend = [...new Set(hooks.map((hook) => hook.backend).filter((name) => name !== "none" && name !== ""))].join(
    " ",
  );
  const ofHooks = new Set(
    hooks.flatMap((hook) => (hook.reason === undefined || hook.reason === "" ? [] : [hook.reason])),
  );
  // The policy's own reason sums up those of its hooks, but where it was switched off.
  const sumsUp = ofHooks.size > 0 && state.state !== "ok" && state.reason?.startsWith("Switched off") !== true;
  const reason = sumsUp ? [...ofHooks].join("; ") : (state.reason ?? [...ofHooks].join("; "));
  const lacks = missing(needsOf(c), facts);
  if (lacks?.startsWith("order:") === true)
    return result("not possible", "the function takes other arguments on this kernel", backend);
  if (state.state === "rejected") {
    if (lacks === undefined) return result("FAILED", `refused, though the kernel can: ${reason}`, backend);
    return reason === ""
      ? result("FAILED", `refused without a reason (the kernel lacks ${lacks})`)
      : result("not possible", reason);
  }
  const degraded = state.state === "degraded";
  const faults = checkCase(c, seen.truths, seen.lines, degraded);
  if (faults.length === 0) return degraded ? result("degraded", reason, backend) : result("works", undefined, backend);
  // A kernel that lacks what the case needs may do less, when the engine has said so.
  if (lacks !== undefined && degraded && reason !== "")
    return result("not possible", `${reason} (the kernel lacks ${lacks})`, backend);
  const lost = seen.lost === 0 ? "" : ` ${seen.lost} records were lost meanwhile.`;
  return result(
    "FAILED",
    `${faults.join("\n")}\n(${backend})${lost}${reason === "" ? "" : ` the engine says: ${reason}`}`,
    backend,
  );
}
