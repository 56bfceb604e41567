import { Type, type Static } from "typebox";
import { compile } from "../../check.ts";
import type { Backend, HookChoice } from "./choice.ts";
import type { Plan, PlanAction, PlanHook } from "./plan.ts";

/** What the engine says of a plan on the host it runs on: `telovix-engine resolve --plan FILE --json`. */
const Resolution = Type.Object({
  /** False: not as root, so kinds of programs were taken to work. */
  tried: Type.Boolean(),
  hooks: Type.Array(
    Type.Object({
      /** Of the hook in the plan. */
      index: Type.Integer({ minimum: 0 }),
      /** In the policy's text; 0: the hook is not in it (those of `loader: true`). */
      line: Type.Integer({ minimum: 0 }),
      column: Type.Integer({ minimum: 0 }),
      state: Type.Enum(["ok", "degraded", "rejected"]),
      /** "kprobe", or several with a plus between them. */
      mechanism: Type.String({ maxLength: 512 }),
      reason: Type.String({ maxLength: 512 }),
      /** The state is for want of a feature of this host, not of a name or a type. */
      feature: Type.Optional(Type.Boolean()),
      /** What the state is due to: its place in the hook's args, then data. */
      argument: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
      /** The name on this kernel that is most alike. */
      nearest: Type.Optional(Type.String({ maxLength: 128 })),
    }),
    { maxItems: 4096 },
  ),
});
export type Resolution = Static<typeof Resolution>;

const check = compile(Resolution);

/** The engine's answer out of parsed JSON. AppError `invalid_request` with the pointer of what does not fit. */
export function parseResolution(value: unknown): Resolution {
  return check.parse(value);
}

const BACKENDS: ReadonlySet<string> = new Set<Backend>([
  "kprobe",
  "kretprobe",
  "fentry",
  "fexit",
  "lsm",
  "fmod_ret",
  "tracepoint",
  "raw_tp",
  "uprobe",
  "uretprobe",
  "usdt",
  "sys_enter",
  "sys_exit",
]);

export function isBackend(name: string): name is Backend {
  return BACKENDS.has(name);
}

/**
 * A choice made by rules, put right by what the engine found. `whenEnforcing`: the choice where the hook enforces; what is
 * rejected only there is watched in monitor mode, and the engine does not know that mode.
 */
export function withResolution(
  choice: HookChoice,
  whenEnforcing: HookChoice,
  found: Resolution["hooks"][number] | undefined,
): HookChoice {
  if (found === undefined) return choice;
  const { hook, kind, enforcement } = choice;
  if (found.state === "rejected") {
    if (choice.status !== "rejected" && whenEnforcing.status === "rejected") return choice;
    const reason = found.reason === "" ? "the engine takes it for impossible" : found.reason;
    return { hook, kind, status: "rejected", reason, enforcement: { method: "none", stopsCall: false } };
  }
  const mechanisms = found.mechanism.split("+").filter(isBackend);
  // A loss and no mechanism: it is left out, as the policy allows.
  const backend = mechanisms.at(-1) ?? (found.state === "degraded" ? undefined : choice.backend);
  return {
    hook,
    kind,
    status: found.state,
    ...(backend === undefined ? {} : { backend }),
    ...(mechanisms.length > 1 ? { beside: mechanisms.slice(0, -1) } : {}),
    ...(found.reason === "" || found.state === "ok" ? {} : { reason: found.reason }),
    enforcement,
  };
}

/** Kinds of actions that only happen where a policy enforces. */
const ENFORCING: ReadonlySet<string> = new Set(["override", "sigkill", "signal", "notify_enforcer"]);

/** A plan as monitor mode has it: what the engine says of it is nothing about what it would stop. */
export function watchedPlan(plan: Plan): Plan {
  const watched = (actions: readonly PlanAction[], hook: PlanHook): readonly PlanAction[] =>
    // Of a function of a program no mode makes an Override possible.
    actions.filter(({ kind }) => !ENFORCING.has(kind) || (kind === "override" && hook.kind === "uprobe"));
  const hooks = plan.hooks.map((hook) => ({
    ...hook,
    selectors: hook.selectors.map((s) => ({
      ...s,
      actions: watched(s.actions, hook),
      return_actions: watched(s.return_actions, hook),
    })),
  }));
  return { ...plan, hooks };
}

/** What was found of a plan, for monitor mode: the mechanisms are those it would enforce through, the losses those of watching. */
export function inMonitorMode(found: Resolution, watched: Resolution): Resolution {
  const real = new Map(found.hooks.map((hook) => [hook.index, hook]));
  const hooks = watched.hooks.map((hook) => {
    const of = real.get(hook.index);
    const keeps = of !== undefined && of.state !== "rejected" && hook.state !== "rejected";
    return keeps ? { ...hook, mechanism: of.mechanism } : hook;
  });
  return { ...found, hooks };
}
