import { AppError } from "../../error.ts";
import type { CallTarget, UprobeTarget } from "../model-base.ts";
import type { FentryHook, Hook, HookArg, KprobeHook, Policy, ResolveStep, Selector, UprobeHook } from "../model.ts";
import { planArgType } from "./arg-type.ts";
import { lowerAction } from "./lower-action.ts";
import { lowerFilter } from "./lower-filter.ts";
import { loaderHooks } from "./lower-loader.ts";
import type { Plan, PlanArg, PlanHook, PlanPolicy, PlanSelector } from "./plan.ts";
import { workloadText } from "./workload.ts";

/** What maxData allows, in bytes. */
const MAX_DATA_BYTES = 327_360;
type HookFlag = PlanHook["flags"][number];
/** A hook that asks for nothing. */
export const EMPTY_HOOK: PlanHook = {
  kind: "kprobe",
  flags: [],
  call: "",
  group: "",
  path: "",
  btf: "",
  digest: "",
  message: "",
  tags: "",
  offset: 0n,
  ref_ctr: 0n,
  args: [],
  selectors: [],
  return_arg: null,
  return_action: "none",
  line: 0,
  column: 0,
};

function resolveText(steps: readonly ResolveStep[]): string {
  return steps.map((s, i) => ("index" in s ? `[${s.index}]` : `${i === 0 ? "" : "."}${s.field}`)).join("");
}

function lowerArg(arg: HookArg, source: PlanArg["source"], flags: PlanArg["flags"]): PlanArg {
  return {
    type: planArgType(arg.type),
    source: arg.source ?? source,
    index: arg.index,
    flags: [
      ...(arg.returnCopy ? (["return_copy"] as const) : []),
      ...(arg.maxData ? (["max_data"] as const) : []),
      ...flags,
    ],
    size_index: arg.sizeArg ?? null,
    max_data: arg.maxData ? MAX_DATA_BYTES : 0,
    resolve: arg.register ?? resolveText(arg.resolve ?? []),
    btf_type: arg.btfType ?? "",
    btf_module: arg.btfTypeModule ?? "",
    label: arg.label ?? "",
  };
}

function lowerSelector(selector: Selector, args: number): PlanSelector {
  const slots = { args };
  return {
    filters: selector.filters.map((f) => lowerFilter(f, slots)),
    return_filters: selector.returnFilters.map((f) => lowerFilter(f, slots)),
    actions: selector.actions.map((a) => lowerAction(a, false)),
    return_actions: selector.returnActions.map((a) => lowerAction(a, true)),
    label: selector.label ?? "",
  };
}

/** What all hooks of one entry share; the lists are the same objects, so that they are written once. */
function shared(hook: Hook): PlanHook {
  return {
    ...EMPTY_HOOK,
    message: hook.message ?? "",
    tags: hook.tags.length > 0 ? JSON.stringify(hook.tags) : "",
    args: [
      ...hook.args.map((a) => lowerArg(a, "arg", [])),
      ...hook.data.map((a) => lowerArg(a, "current_task", ["data"])),
    ],
    selectors: hook.selectors.map((s) => lowerSelector(s, hook.args.length)),
    line: hook.at.line,
    column: hook.at.column,
  };
}

/** One hook per call that a target names. */
function eachCall(base: PlanHook, target: CallTarget): PlanHook[] {
  const one = (call: string, ...flags: HookFlag[]): PlanHook => ({ ...base, call, flags: [...flags, ...base.flags] });
  switch (target.kind) {
    case "functions":
      return target.names.map((name) => one(name));
    case "syscalls":
      return target.names.map(({ name, abi }) =>
        abi === "i386"
          ? one(name, "syscall", "i386")
          : // A name of another architecture is kept apart, so that the engine does not take it for its own.
            one(abi === "native" || abi === "x64" ? name : `${abi}/${name}`, "syscall"),
      );
    case "generatedSyscalls":
      return [one("", "syscall", "generated_syscalls")];
    case "generatedFtrace":
      return [one(target.pattern, "generated_ftrace")];
  }
}

function lowerFunction(hook: KprobeHook | FentryHook): PlanHook[] {
  const flags: HookFlag[] = [];
  if (hook.hasReturn) flags.push("return");
  if (hook.ignoreCallNotFound) flags.push("ignore_missing");
  const action = hook.returnArgAction;
  const base: PlanHook = {
    ...shared(hook),
    kind: hook.kind,
    flags,
    return_arg: hook.returnArg ? lowerArg(hook.returnArg, "return", []) : null,
    return_action: action === undefined ? "none" : action === "trackSock" ? "track_sock" : "untrack_sock",
  };
  return eachCall(base, hook.target);
}

function uprobePlace(target: UprobeTarget): Pick<PlanHook, "call" | "offset"> & { flags: HookFlag[] } {
  switch (target.kind) {
    case "symbol":
      return { call: target.symbol, offset: target.offset, flags: target.offset === 0n ? [] : ["offset"] };
    case "offset":
      return { call: "", offset: target.offset, flags: ["offset"] };
    case "address":
      return { call: "", offset: target.address, flags: ["address"] };
  }
}

function lowerUprobe(hook: UprobeHook): PlanHook[] {
  const base: PlanHook = {
    ...shared(hook),
    kind: "uprobe",
    path: hook.path,
    btf: hook.btfPath ?? "",
    digest: hook.binaryDigests.map((d) => `${d.algorithm}:${d.hex}`).join("\n"),
    return_arg: hook.returnArg ? lowerArg(hook.returnArg, "return", []) : null,
  };
  return hook.targets.map((target) => {
    const { call, offset, flags } = uprobePlace(target);
    return {
      ...base,
      call,
      offset,
      ref_ctr: target.refCtrOffset ?? 0n,
      flags: [
        ...(hook.hasReturn ? (["return"] as const) : []),
        ...flags,
        ...(hook.ignoreDigestFailure ? (["ignore_digest"] as const) : []),
        ...(hook.hasReturn ? (["uretprobe"] as const) : []),
      ],
    };
  });
}

function lowerHook(hook: Hook): PlanHook[] {
  switch (hook.kind) {
    case "kprobe":
    case "fentry":
      return lowerFunction(hook);
    case "lsm":
      return [{ ...shared(hook), kind: "lsm", call: hook.hook }];
    case "tracepoint":
      return [{ ...shared(hook), kind: "tracepoint", group: hook.subsystem, call: hook.event }];
    case "rawTracepoint":
      return [{ ...shared(hook), kind: "raw_tracepoint", group: hook.subsystem, call: hook.event }];
    case "uprobe":
      return lowerUprobe(hook);
    case "usdt":
      return [
        {
          ...shared(hook),
          kind: "usdt",
          path: hook.path,
          group: hook.provider,
          call: hook.name,
          btf: hook.btfPath ?? "",
        },
      ];
  }
}

function lowerPolicy(policy: Policy): PlanPolicy {
  const { scope, options } = policy;
  const hasWorkload = scope.pod !== undefined || scope.container !== undefined;
  return {
    name: policy.name,
    namespace: policy.namespace ?? "",
    workload: workloadText(scope),
    mode: options.policyMode ?? "default",
    override_method:
      options.overrideMethod === undefined ? "any" : options.overrideMethod === "fmodRet" ? "fmod_ret" : "return",
    flags: [
      ...(policy.kind === "TracingPolicyNamespaced" ? (["namespaced"] as const) : []),
      ...(options.disableKprobeMulti ? (["no_kprobe_multi"] as const) : []),
      ...(options.disableUprobeMulti ? (["no_uprobe_multi"] as const) : []),
      ...(policy.loader ? (["loader"] as const) : []),
      ...(scope.host === true && !hasWorkload ? (["host"] as const) : []),
      ...(hasWorkload ? (["workload"] as const) : []),
    ],
  };
}

/** A checked policy as a plan. AppError `invalid_request` when a placeholder is still open or the plan can't say something. */
export function lowerPlan(policy: Policy): Plan {
  const open = policy.placeholders[0];
  if (open)
    throw new AppError(
      "invalid_request",
      `The policy's value \${${open.name}} (line ${open.at.line}) is not given yet.`,
      {
        hint: "Put a value in its place first.",
      },
    );
  const enforcers = policy.enforcers.flatMap(({ at, calls }) =>
    calls.flatMap((target) =>
      eachCall({ ...EMPTY_HOOK, kind: "kprobe", flags: ["enforcer"], line: at.line, column: at.column }, target),
    ),
  );
  const loader = policy.loader ? loaderHooks(EMPTY_HOOK) : [];
  return { policy: lowerPolicy(policy), hooks: [...policy.hooks.flatMap(lowerHook), ...loader, ...enforcers] };
}
