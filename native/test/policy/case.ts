/** What one behavioural case is: a policy of our own, the runs of `act` that try it, and what must and must not be told. */

/** Rows of docs/kernels.md. */
export const HOOK_KINDS = [
  "syscall",
  "syscall return",
  "kprobe",
  "kretprobe",
  "fentry",
  "fexit",
  "lsm",
  "tracepoint",
  "raw tracepoint",
  "uprobe",
  "uretprobe",
  "usdt",
  "loader",
] as const;
export type HookKind = (typeof HOOK_KINDS)[number];

const RETURNS: readonly HookKind[] = ["syscall return", "kretprobe", "fexit", "uretprobe"];

/** What is loaded together with other cases of this kind of hook. */
export function groupOf(hook: HookKind): string {
  return RETURNS.includes(hook) ? "returns" : hook;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** What act says of a run. `ret` is -2 when the action never came back. */
export interface Truth {
  readonly id: string;
  readonly pid: number;
  readonly ret: number;
  readonly errno: number;
  readonly signal: number;
  readonly extra: JsonObject;
  readonly hung?: boolean;
}

/** Part of the event object that a line must contain; see `contains` in match.ts. */
export type Wanted = JsonObject | ((truth: Truth) => JsonObject);

export interface Run {
  /** Tokens of act. */
  readonly act: readonly string[];
  /** The events of this case's policy from this run's process, in order; none: a near miss that must stay silent. */
  readonly events: readonly Wanted[];
  /** True: these must be among the events, others may be too (a hook that is reached more than once). */
  readonly among?: boolean;
  /** Parts that no event of this run may contain. */
  readonly never?: readonly Wanted[];
  /** Events count whichever process they are of: for hooks that run in the kernel's or another program's name. */
  readonly anyProcess?: boolean;
  readonly effect?: { readonly [K in "ret" | "errno" | "signal"]?: number } & { readonly extra?: JsonObject };
  /** What must have happened instead where the engine says that it could do no better (degraded, or `stopped` false). */
  readonly weaker?: Run["effect"];
}

export interface Case {
  /** Also the policy's name. */
  readonly name: string;
  /** Cases of one group are loaded together. */
  readonly group: string;
  readonly hook: HookKind;
  /** What of the format it shows: columns of docs/kernels.md. */
  readonly shows: {
    readonly operator?: string;
    readonly type?: string;
    readonly filter?: string;
    readonly action?: string;
    readonly example?: string;
    readonly other?: string;
  };
  readonly spec: JsonObject;
  /** Facts without which a kernel cannot do it: `a|b` means one of them. See facts.ts. */
  readonly needs: readonly string[];
  /** "rejected": the compiler must refuse the policy; `says` is in its message. */
  readonly compile?: { readonly rejected: string };
  readonly runs: readonly Run[];
  /** Belongs to the short form. */
  readonly short?: boolean;
}

/** Where everything happens; the same on the host and in a guest, since policies name paths. */
export const DIR = "/tmp/tx-policy";
export const ACT = `${DIR}/bin/act`;
/** Copies of act under other names, for filters on binaries. */
export const ALPHA = `${DIR}/bin/alpha`;
export const BETA = `${DIR}/bin/beta`;
export const FILE = `${DIR}/file`;
/** The control group that workloads.json says is the cases' pod. */
export const CGROUP = `${DIR}/cgroup`;
