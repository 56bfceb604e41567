import type { BackendChoice, Enforcement, EnforcementMethod } from "./choice.ts";
import type { Known } from "./host-facts.ts";
import { canDeny, lsmHookOfFunction } from "./lsm-name.ts";
import { both, either, type Mechanisms } from "./mechanisms.ts";
import type { Needs } from "./needs.ts";
import type { PlanHook } from "./plan.ts";
import { lsmHookOfSyscall } from "./syscall-lsm.ts";

/** Calls that the network's own gate in the cgroup can refuse. */
const NETWORK = /^(sys_|security_socket_|socket_)(connect|sendto|sendmsg|sendmmsg)$/;

interface Way {
  readonly method: EnforcementMethod;
  readonly can: Known;
  readonly reason?: string;
}

/** Ways to refuse a system call: the engine's own programs deny the marked thread further on. */
function waysOfCall(hook: PlanHook, needs: Needs, m: Mechanisms): Way[] {
  const found: Way[] = [];
  const passed = lsmHookOfSyscall(hook.call);
  if (passed) {
    const eperm = passed.hook === "capable" && needs.otherError ? ", always with EPERM" : "";
    const only = passed.only === undefined ? "" : `, which it passes ${passed.only}`;
    found.push({
      method: "lsm after sys_enter mark",
      can: either(m.lsm(), m.fmodRet()),
      reason: `denied in the LSM hook ${passed.hook}${only}${eperm}`,
    });
  }
  // Needs a kernel that may inject errors (CONFIG_BPF_KPROBE_OVERRIDE).
  found.push({ method: "override_return", can: both(m.can("kprobe"), m.can("override_return")) });
  return found;
}

/** Ways to make a call fail, best first. */
function ways(hook: PlanHook, needs: Needs, m: Mechanisms): readonly Way[] {
  const isSyscall = hook.flags.includes("syscall");
  const ofFunction = isSyscall || hook.kind !== "kprobe" ? undefined : lsmHookOfFunction(hook.call);
  const lsmHook = hook.kind === "lsm" ? hook.call : ofFunction;
  const found: Way[] = isSyscall ? waysOfCall(hook, needs, m) : [];
  if (lsmHook !== undefined && canDeny(lsmHook)) {
    found.push({ method: "lsm", can: m.lsm() });
    found.push({ method: "fmod_ret", can: m.fmodRet() });
  } else if (lsmHook === undefined && !isSyscall && hook.kind === "kprobe")
    found.push({ method: "override_return", can: both(m.can("kprobe"), m.can("override_return")) });
  if (NETWORK.test(hook.call))
    found.push({
      method: "cgroup",
      can: m.can("cgroup_connect"),
      reason: "for connections by TCP, UDP and ping, and for UDP datagrams that bear an address",
    });
  // To whoever denies, 0 means yes; only a call that is not run at all can be made to return it.
  return needs.zeroError ? found.filter((w) => w.method === "override_return") : found;
}

export interface EnforcementChoice {
  readonly enforcement: Enforcement;
  /** Why the hook is of no use as it is: what was asked for cannot be done here. */
  readonly impossible?: string;
}

const NONE: Enforcement = { method: "none", stopsCall: false };

function bySignal(needs: Needs, m: Mechanisms): EnforcementChoice {
  const can = m.can("send_signal");
  if (can.answer === "no") {
    const impossible = `no program can send a signal here (${can.reason ?? "refused"})`;
    return { enforcement: { ...NONE, reason: impossible }, impossible };
  }
  const reason = needs.override
    ? "the process is killed, but the call itself is not denied"
    : "the process is signalled, but this call still runs";
  return { enforcement: { method: "signal", stopsCall: false, reason } };
}

function byDenial(hook: PlanHook, needs: Needs, m: Mechanisms): EnforcementChoice {
  const all = ways(hook, needs, m);
  const way = all.find((w) => w.can.answer === "yes") ?? all.find((w) => w.can.answer === "unknown");
  if (way) {
    const unsure = way.can.answer === "unknown" ? "it is not known whether this host can" : undefined;
    const reason = [way.reason, unsure].filter((r) => r !== undefined).join("; ");
    return { enforcement: { method: way.method, stopsCall: true, ...(reason === "" ? {} : { reason }) } };
  }
  if (needs.killsToo && needs.signal) return bySignal(needs, m);
  const why = all.map((w) => `${w.method}: ${w.can.reason ?? "refused"}`).join("; ");
  const what = needs.zeroError
    ? "an error of 0 stops nothing here, where calls cannot be skipped"
    : "nothing here can deny it";
  const impossible = `${what}${why === "" ? "" : ` (${why})`}`;
  return { enforcement: { ...NONE, reason: impossible }, impossible };
}

/** Why no host runs the hook, whatever its mode: it asks for what is not offered. */
export function notOffered(hook: PlanHook): string | undefined {
  const actions = hook.selectors.flatMap((s) => s.actions);
  if (actions.some((a) => a.kind === "set")) return "Set is not offered: the memory of processes is not written to";
  return hook.kind === "uprobe" && actions.some((a) => a.kind === "override")
    ? "a function of a program cannot be overridden"
    : undefined;
}

/** How a hook's enforcing actions work on a host. */
export function chooseEnforcement(
  hook: PlanHook,
  needs: Needs,
  backend: BackendChoice,
  m: Mechanisms,
): EnforcementChoice {
  if (backend.status === "rejected") return { enforcement: NONE };
  if (needs.registers) {
    const impossible = "registers of a process cannot be set";
    return { enforcement: { ...NONE, reason: impossible }, impossible };
  }
  if (needs.override) return byDenial(hook, needs, m);
  if (!needs.signal && needs.notify)
    return {
      enforcement: { ...NONE, reason: "it marks the thread; the calls of the policy's enforcer act on the mark" },
    };
  if (!needs.signal) return { enforcement: NONE };
  return backend.backend === "fentry" || backend.backend === "fexit"
    ? bySignalElsewhere(hook, needs, m)
    : bySignal(needs, m);
}

/** Nothing is enforced from fentry and fexit; an LSM program at the function's hook may send the signal. */
function bySignalElsewhere(hook: PlanHook, needs: Needs, m: Mechanisms): EnforcementChoice {
  const isSecurity = hook.kind === "lsm" || (hook.kind === "kprobe" && lsmHookOfFunction(hook.call) !== undefined);
  const works = isSecurity && [m.lsm(), m.fmodRet()].some((k) => k.answer !== "no");
  if (works) return bySignal(needs, m);
  return { enforcement: { ...NONE, reason: "nothing is enforced from fentry and fexit programs" } };
}
