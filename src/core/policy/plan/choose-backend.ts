import type { BackendChoice } from "./choice.ts";
import { functionOfLsmHook, lsmHookOfFunction } from "./lsm-name.ts";
import { best, type Candidate, type Mechanisms } from "./mechanisms.ts";
import type { Needs } from "./needs.ts";
import type { PlanHook } from "./plan.ts";

/*
 * The mechanism by which a hook's events are seen: the engine's own rules (native/policy/resolve_choose*.c), as far as they
 * can be applied without the kernel itself.
 */

const NOT_ENFORCED = "only reported: nothing is enforced from fentry and fexit programs";
const SKIPPED = "on this preemptible kernel runs may be skipped (they are counted)";
const NEVER_RETURN: ReadonlySet<string> = new Set([
  "sys_execve",
  "sys_execveat",
  "sys_exit",
  "sys_exit_group",
  "sys_rt_sigreturn",
]);

/** Kprobe and trampoline on a function, the better one first. */
function onFunction(hook: PlanHook, functions: readonly string[], needs: Needs, m: Mechanisms): Candidate[] {
  const losses = [...(needs.enforce ? [NOT_ENFORCED] : []), ...(m.isPreemptible ? [SKIPPED] : [])];
  const backend = needs.returns ? "fexit" : "fentry";
  const trampoline: Candidate = { backend, can: m.trampoline(functions), words: `${backend} programs`, losses };
  const kprobe: Candidate = {
    backend: needs.returns ? "kretprobe" : "kprobe",
    can: m.kprobe(functions),
    words: "kprobes",
  };
  // Where another task may come in between, a kprobe sees every call and a trampoline does not.
  const isSafe = !needs.enforce && !m.isPreemptible;
  if (isSafe && (needs.returns || hook.kind === "fentry"))
    return [
      trampoline,
      hook.kind === "fentry" ? { ...kprobe, losses: ["by kprobe: no trampoline can be built here"] } : kprobe,
    ];
  return [kprobe, trampoline];
}

function onSyscall(hook: PlanHook, needs: Needs, m: Mechanisms): BackendChoice {
  const leaves = needs.returns && !NEVER_RETURN.has(hook.call);
  const every: Candidate = {
    backend: leaves ? "sys_exit" : "sys_enter",
    can: m.everySyscall(),
    words: `program at ${leaves ? "sys_exit" : "sys_enter"}`,
    losses:
      needs.returns && !leaves
        ? [`no return value of ${hook.call} is there to tell: it is reported where it begins`]
        : [],
  };
  if (leaves || needs.many) return best([every]);
  const prefixes = hook.flags.includes("i386") ? ["__ia32_compat_", "__ia32_"] : ["__x64_", "__arm64_"];
  const functions = prefixes.map((p) => p + hook.call);
  return best([{ ...every, backend: "kprobe", can: m.kprobe(functions), words: "kprobes" }, every]);
}

function lsmCandidates(m: Mechanisms): Candidate[] {
  const words = "BPF programs as a security module";
  return [
    { backend: "lsm", can: m.lsm(), words },
    { backend: "fmod_ret", can: m.fmodRet(), words: "fmod_ret programs" },
  ];
}

function onKernelFunction(hook: PlanHook, needs: Needs, m: Mechanisms): BackendChoice {
  const isPattern = hook.flags.includes("generated_ftrace");
  const functions = isPattern ? [] : [hook.call];
  const isSecurity = hook.kind === "kprobe" && !isPattern && lsmHookOfFunction(hook.call) !== undefined;
  if (!isSecurity) return best(onFunction(hook, isPattern ? [] : functions, needs, m));
  const lsm = lsmCandidates(m);
  // An LSM program does not see what the other modules say, so the return is told by the function.
  const stops = lsm.some((c) => c.can.answer === "yes");
  if (needs.returns) return best(onFunction(hook, functions, stops ? { ...needs, enforce: needs.late } : needs, m));
  return best([...lsm, ...onFunction(hook, functions, needs, m)]);
}

function onLsmHook(hook: PlanHook, needs: Needs, m: Mechanisms): BackendChoice {
  const fn = functionOfLsmHook(hook.call);
  const probes = onFunction(hook, [fn], { ...needs, returns: false }, m).map((c) => ({
    ...c,
    losses: [...(c.losses ?? []), `by a probe on ${fn}: no BPF LSM here`],
  }));
  return best([...lsmCandidates(m), ...probes]);
}

function onTracepoint(hook: PlanHook, m: Mechanisms): BackendChoice {
  const classic: Candidate = { backend: "tracepoint", can: m.can("tracepoint"), words: "tracepoint programs" };
  if (hook.kind === "raw_tracepoint" || hook.args.length === 0) {
    const raw: Candidate = { backend: "raw_tp", can: m.can("raw_tp"), words: "raw tracepoint programs" };
    return best(hook.kind === "raw_tracepoint" ? [raw] : [classic, raw]);
  }
  const of = hook.group === "syscalls" ? /^sys_(enter|exit)_/.exec(hook.call)?.[1] : undefined;
  if (of === undefined) return best([classic]);
  const backend = of === "exit" ? "sys_exit" : "sys_enter";
  return best([classic, { backend, can: m.everySyscall(), words: `program at ${backend}` }]);
}

/** The backend a hook's events are seen through. */
export function chooseBackend(hook: PlanHook, needs: Needs, m: Mechanisms): BackendChoice {
  switch (hook.kind) {
    case "kprobe":
    case "fentry":
      return hook.flags.includes("syscall") ? onSyscall(hook, needs, m) : onKernelFunction(hook, needs, m);
    case "lsm":
      return onLsmHook(hook, needs, m);
    case "tracepoint":
    case "raw_tracepoint":
      return onTracepoint(hook, m);
    case "uprobe": {
      const backend = needs.returns ? "uretprobe" : "uprobe";
      return best([{ backend, can: m.can("uprobe"), words: "uprobes" }]);
    }
    case "usdt":
      return best([{ backend: "usdt", can: m.can("uprobe"), words: "uprobes" }]);
  }
}
