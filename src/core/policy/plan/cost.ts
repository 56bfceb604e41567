import type { Backend } from "./choice.ts";
import {
  functionRate,
  MANY_FUNCTIONS_RATE,
  QUIET_RATE,
  SYSCALL_RATE,
  syscallRate,
  tracepointRate,
} from "./hot-hooks.ts";
import { functionOfLsmHook } from "./lsm-name.ts";
import type { PlanArg, PlanFilter, PlanHook } from "./plan.ts";

/*
 * What a policy costs, in nanoseconds of one core. The figures were measured on a virtual machine of two cores with
 * Linux 6.18 and rounded; they rank policies and tell a quiet one from one that hurts, they do not replace a measurement.
 */

/*
 * Above these the engine switches a policy off by itself (native/policy/policies.c; cost.test.ts compares): the time of one
 * hook's runs, of all CPUs; what a policy tells, and what it matches, a second.
 */
export const BUDGET = { timePercent: 10, told: 20_000, matched: 200_000 } as const;
/** CPUs of the server the rates are typical of. */
const CPUS = 4;

/** Reaching a program of ours and coming back, with an index that finds nothing. */
const HIT_NS: Readonly<Record<Backend, number>> = {
  fentry: 350,
  fexit: 400,
  lsm: 350,
  fmod_ret: 350,
  raw_tp: 400,
  sys_enter: 400,
  sys_exit: 400,
  tracepoint: 450,
  kprobe: 500,
  kretprobe: 500,
  // A trap from user space into the kernel and back.
  uprobe: 2_000,
  uretprobe: 2_000,
  usdt: 2_000,
};
/** What every system call of the host pays more, named by a policy or not. At sys_exit a program of the engine is always. */
const EVERY_SYSCALL_NS: Readonly<Partial<Record<Backend, number>>> = { sys_enter: 65, sys_exit: 10 };
const RETURN_NS = 300;
const INDEX_NS = 40;
const INTEGER_OP_NS = 17;
const TEXT_OP_NS = 80;
/** A record in the ring, and its line in a file: 155 in the kernel, 790 in the engine. */
const EVENT_NS = 950;
const EVENT_ENGINE_NS = 790;
const STACK_NS = 2_000;
/** Of hits that any filter looks at, this share is taken to pass. */
const PASSING_SHARE = 0.01;

const READ_NS: Readonly<Partial<Record<PlanArg["type"], number>>> = {
  string: 60,
  filename: 60,
  char_buf: 60,
  char_iovec: 100,
  file: 200,
  path: 200,
  dentry: 200,
  kiocb: 200,
  linux_binprm: 200,
  fd: 200,
  sock: 60,
  skb: 80,
  socket: 60,
  sockaddr: 40,
};
const PLAIN_READ_NS = 10;

const INDEXED: ReadonlySet<PlanFilter["kind"]> = new Set([
  "int_equal",
  "str_equal",
  "str_prefix",
  "str_postfix",
  "saddr",
  "daddr",
  "pid",
  "binary_equal",
  "binary_prefix",
  "binary_postfix",
  "namespace",
  "protocol",
  "family",
  "state",
]);
const TEXTUAL: ReadonlySet<PlanFilter["kind"]> = new Set(["str_substring", "str_substring_nocase"]);

export interface HookCost {
  /** Of one hit that matches nothing. */
  readonly missNs: number;
  /** Of one hit that is reported. */
  readonly eventNs: number;
  /** Typical hits a second of the hook on a busy server. */
  readonly hitsPerSecond: number;
  /** Of one core, at that rate. */
  readonly share: number;
  /** What is above the engine's budget at that rate; absent: nothing. */
  readonly over?: keyof typeof BUDGET;
}

/** Typical hits a second of a hook. */
function typicalRate(hook: PlanHook): number {
  switch (hook.kind) {
    case "kprobe":
    case "fentry":
      if (hook.flags.includes("generated_syscalls")) return SYSCALL_RATE;
      if (hook.flags.includes("generated_ftrace")) return MANY_FUNCTIONS_RATE;
      return hook.flags.includes("syscall") ? syscallRate(hook.call) : functionRate(hook.call);
    case "lsm":
      return functionRate(functionOfLsmHook(hook.call));
    case "tracepoint":
    case "raw_tracepoint":
      return tracepointRate(hook.group, hook.call);
    case "uprobe":
    case "usdt":
      return QUIET_RATE;
  }
}

function filtersNs(filters: readonly PlanFilter[], indexed: Set<string>): number {
  let ns = 0;
  for (const filter of filters) {
    if (INDEXED.has(filter.kind) && !filter.flags.includes("follow")) {
      // One lookup serves every selector that asks the same kind of thing.
      const key = `${filter.kind} ${filter.arg} ${filter.sub}`;
      if (!indexed.has(key)) ns += INDEX_NS;
      indexed.add(key);
    } else if (TEXTUAL.has(filter.kind)) ns += TEXT_OP_NS * filter.values.length;
    else ns += INTEGER_OP_NS * Math.max(1, filter.values.length + filter.code.length);
  }
  return ns;
}

/** Estimated cost of a hook through a backend. */
export function hookCost(hook: PlanHook, backend: Backend): HookCost {
  const indexed = new Set<string>();
  const args = hook.args.reduce((sum, { type }) => sum + (READ_NS[type] ?? PLAIN_READ_NS), 0);
  const filters = hook.selectors.reduce(
    (sum, s) => sum + filtersNs(s.filters, indexed) + filtersNs(s.return_filters, new Set()),
    0,
  );
  const missNs = HIT_NS[backend] + (hook.flags.includes("return") ? RETURN_NS : 0) + args + filters;
  const stacks = hook.selectors.some((s) => s.actions.some((a) => a.flags.some((f) => f.endsWith("_stack"))));
  const eventNs = missNs + EVENT_NS + (stacks ? STACK_NS : 0);
  const hitsPerSecond = typicalRate(hook);
  const open = hook.selectors.length === 0 || hook.selectors.some((s) => posts(s.actions) && isOpen(s));
  const passing = open ? 1 : PASSING_SHARE;
  const perHit = missNs * (1 - passing) + eventNs * passing;
  const share = (perHit * hitsPerSecond) / 1e9;
  const inKernel = ((perHit - EVENT_ENGINE_NS * passing) * hitsPerSecond) / 1e9;
  const over = overBudget(inKernel / CPUS, open ? hitsPerSecond : 0, matchesAll(hook) ? hitsPerSecond : 0);
  return { missNs, eventNs, hitsPerSecond, share, ...(over === undefined ? {} : { over }) };
}

function overBudget(timeShare: number, told: number, matched: number): HookCost["over"] {
  if (told > BUDGET.told) return "told";
  if (matched > BUDGET.matched) return "matched";
  return timeShare * 100 > BUDGET.timePercent ? "timePercent" : undefined;
}

function matchesAll(hook: PlanHook): boolean {
  return hook.selectors.length === 0 || hook.selectors.some(isOpen);
}

function isOpen(selector: PlanHook["selectors"][number]): boolean {
  return selector.filters.length === 0 && selector.return_filters.length === 0;
}

function posts(actions: PlanHook["selectors"][number]["actions"]): boolean {
  return !actions.some((a) => a.kind === "no_post" || a.interval_ns > 0n);
}

/** Share of a core that all system calls together pay for the programs at their entry or exit; each is there once. */
export function everySyscallShare(backends: ReadonlySet<Backend>): number {
  let ns = 0;
  for (const backend of backends) ns += EVERY_SYSCALL_NS[backend] ?? 0;
  return (ns * SYSCALL_RATE) / 1e9;
}
