import type { Plan, PlanAction, PlanHook } from "./plan.ts";

/** System calls in one policy from which on a table lookup at every call beats a probe on each. */
const MANY_CALLS = 32;
const EPERM = -1;

/** What a hook's selectors ask for; what the choice of a backend rests on. */
export interface Needs {
  /** Anything that acts on the process or the call, before it runs or when it returns. */
  readonly enforce: boolean;
  /** Some of it when the call returns. */
  readonly late: boolean;
  readonly signal: boolean;
  /** An error is to be returned instead of the call. */
  readonly override: boolean;
  /** And not EPERM. */
  readonly otherError: boolean;
  /** And one of 0: the call is to be skipped, and to return it. */
  readonly zeroError: boolean;
  /** Each selector that overrides also sends a signal. */
  readonly killsToo: boolean;
  /** Registers of the process are to be set. */
  readonly registers: boolean;
  /** It marks threads for the policy's enforcers. */
  readonly notify: boolean;
  /** The return value, or something read when the call returns. */
  readonly returns: boolean;
  /** One of so many system calls that one program at all of them serves better. */
  readonly many: boolean;
}

const REPORTS: ReadonlySet<PlanAction["kind"]> = new Set(["post", "no_post", "get_url", "dns_lookup"]);
const isSignal = ({ kind }: PlanAction): boolean => kind === "sigkill" || kind === "signal";

const NOTHING: Omit<Needs, "returns" | "many"> = {
  enforce: false,
  late: false,
  signal: false,
  override: false,
  otherError: false,
  zeroError: false,
  killsToo: true,
  registers: false,
  notify: false,
};

function hasManyCalls(plan: Plan): boolean {
  const calls = plan.hooks.filter((h) => h.flags.includes("syscall") && !h.flags.includes("enforcer"));
  return calls.length > MANY_CALLS || calls.some((h) => h.flags.includes("generated_syscalls"));
}

/** Of an enforcer's call: what all NotifyEnforcer actions of the plan ask for. */
function needsOfEnforcer(plan: Plan): Needs {
  const notes = plan.hooks
    .flatMap((h) => h.selectors)
    .flatMap((s) => [...s.actions, ...s.return_actions])
    .filter((a) => a.kind === "notify_enforcer");
  return {
    enforce: true,
    late: false,
    signal: notes.some((a) => a.signal !== 0),
    override: notes.some((a) => a.error !== 0),
    otherError: notes.some((a) => a.error !== 0 && a.error !== EPERM),
    zeroError: false,
    killsToo: notes.every((a) => a.error === 0 || a.signal !== 0),
    registers: false,
    notify: false,
    returns: false,
    many: false,
  };
}

/** What a hook's selectors ask for. In monitor mode nothing is enforced. */
export function needsOf(plan: Plan, hook: PlanHook, isMonitor = false): Needs {
  const returns =
    hook.flags.includes("return") ||
    hook.args.some((a) => a.flags.includes("return_copy")) ||
    hook.selectors.some((s) => s.return_filters.length > 0 || s.return_actions.length > 0);
  const many = hasManyCalls(plan);
  if (isMonitor) return { ...NOTHING, returns, many };
  if (hook.flags.includes("enforcer")) return needsOfEnforcer(plan);
  const actions = hook.selectors.flatMap((s) => s.actions);
  const later = hook.selectors.flatMap((s) => s.return_actions);
  const acts = [...actions, ...later];
  const overrides = actions.filter((a) => a.kind === "override");
  const plain = overrides.filter((a) => !a.flags.includes("regs"));
  return {
    enforce: acts.some((a) => !REPORTS.has(a.kind)),
    late: later.some((a) => !REPORTS.has(a.kind)),
    signal: acts.some(isSignal),
    override: plain.length > 0,
    otherError: plain.some((a) => a.error !== EPERM),
    zeroError: plain.some((a) => a.error === 0),
    killsToo: hook.selectors.every((s) => !s.actions.some((a) => a.kind === "override") || s.actions.some(isSignal)),
    registers: overrides.length > plain.length,
    notify: acts.some((a) => a.kind === "notify_enforcer"),
    returns,
    many,
  };
}
