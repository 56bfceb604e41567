import type { ArgType } from "./arg-types.ts";
import type { Action } from "./model-action.ts";
import type { CallTarget, Position, UprobeTarget, WorkloadScope } from "./model-base.ts";
import type { Filter } from "./model-filter.ts";

/**
 * The normalised policy: what is left when a text has passed every check that needs no host. Lists and macros are
 * expanded, operators reduced to a few with a `negate`, values parsed. Names only a host can resolve (functions, syscall
 * numbers, BTF fields, tracepoint formats) stay names.
 */
export interface Policy {
  readonly apiVersion: string;
  readonly kind: "TracingPolicy" | "TracingPolicyNamespaced";
  readonly name: string;
  /** Only of the namespaced kind; "default" when the text names none. */
  readonly namespace?: string;
  readonly at: Position;
  readonly hooks: readonly Hook[];
  /** Calls whose next run a NotifyEnforcer action may stop; at most one entry. */
  readonly enforcers: readonly Enforcer[];
  /** Also report executable mappings with their build id. */
  readonly loader: boolean;
  readonly options: PolicyOptions;
  readonly scope: WorkloadScope;
  /** Where the names in its lists stand: what a host says of one is told there. */
  readonly listed: ReadonlyMap<string, Position>;
  /** `${NAME}` values nobody has given yet. A policy that has any is well-formed, but can't be loaded. */
  readonly placeholders: readonly Placeholder[];
}

export interface Placeholder {
  readonly name: string;
  readonly at: Position;
}

export interface PolicyOptions {
  /** "monitor" leaves out every enforcement action. Unset: as the loader is told. */
  readonly policyMode?: "enforce" | "monitor";
  readonly overrideMethod?: "fmodRet" | "overrideReturn";
  readonly disableKprobeMulti: boolean;
  readonly disableUprobeMulti: boolean;
  readonly sleepablePreloadSize?: number;
}

export interface Enforcer {
  readonly at: Position;
  readonly calls: readonly CallTarget[];
}

/** One step of `a.b[2].c`. */
export type ResolveStep = { readonly field: string } | { readonly index: number };

/** One value a hook reads. Its place in `args` (or `data`) is the slot filters refer to. */
export interface HookArg {
  readonly at: Position;
  /** Index of the function argument or tracepoint field, from 0. */
  readonly index: number;
  /** "auto": the engine takes it from BTF or the tracepoint's format. */
  readonly type: ArgType;
  readonly label?: string;
  /** Index, from 0, of the function argument that holds this one's length (the text counts from 1). */
  readonly sizeArg?: number;
  /** Read when the function returns, not when it is entered. */
  readonly returnCopy: boolean;
  readonly maxData: boolean;
  readonly resolve?: readonly ResolveStep[];
  /** Only in `data`, and always there. */
  readonly source?: "current_task" | "pt_regs";
  /** Register read by the source pt_regs, e.g. `rdi`; then `resolve` is absent. */
  readonly register?: string;
  readonly btfType?: string;
  readonly btfTypeModule?: string;
}

interface HookBase {
  readonly at: Position;
  readonly message?: string;
  readonly tags: readonly string[];
  readonly args: readonly HookArg[];
  readonly data: readonly HookArg[];
  /** ORed, first match wins. Empty: everything matches and is posted. */
  readonly selectors: readonly Selector[];
}

interface FunctionHook extends HookBase {
  /** As written: `sys_write`, `list:dups`, `security_bprm_check`. */
  readonly call: string;
  readonly target: CallTarget;
  readonly isSyscall: boolean;
  /** The function's return value is wanted: `return: true`, or a filter or action that needs it. */
  readonly hasReturn: boolean;
  readonly returnArg?: HookArg;
  readonly returnArgAction?: "trackSock" | "untrackSock";
  readonly ignoreCallNotFound: boolean;
}

export interface KprobeHook extends FunctionHook {
  readonly kind: "kprobe";
}

export interface FentryHook extends FunctionHook {
  readonly kind: "fentry";
}

export interface TracepointHook extends HookBase {
  readonly kind: "tracepoint";
  readonly subsystem: string;
  readonly event: string;
}

export interface RawTracepointHook extends HookBase {
  readonly kind: "rawTracepoint";
  readonly subsystem: string;
  readonly event: string;
}

export interface BinaryDigest {
  readonly algorithm: "sha1" | "sha256" | "sha384" | "sha512" | "build-id";
  /** In lower case. */
  readonly hex: string;
}

export interface UprobeHook extends HookBase {
  readonly kind: "uprobe";
  readonly path: string;
  /** With the reference counter's offset of each, where given. */
  readonly targets: readonly (UprobeTarget & { readonly refCtrOffset?: bigint })[];
  readonly btfPath?: string;
  readonly hasReturn: boolean;
  readonly returnArg?: HookArg;
  /** One of them must fit the binary, when there is any. */
  readonly binaryDigests: readonly BinaryDigest[];
  readonly ignoreDigestFailure: boolean;
}

export interface UsdtHook extends HookBase {
  readonly kind: "usdt";
  readonly path: string;
  readonly provider: string;
  readonly name: string;
  readonly btfPath?: string;
}

export interface LsmHook extends HookBase {
  readonly kind: "lsm";
  /** Without prefix: `file_open`. */
  readonly hook: string;
}

export type Hook = KprobeHook | FentryHook | TracepointHook | RawTracepointHook | UprobeHook | UsdtHook | LsmHook;

/** Filters are ANDed; no filter matches everything. Macros are already in. */
export interface Selector {
  readonly at: Position;
  readonly label?: string;
  readonly filters: readonly Filter[];
  /** Run when the function returns. */
  readonly returnFilters: readonly Filter[];
  /** Never empty: a selector without actions posts. The event is posted with any actions, unless noPost is among them. */
  readonly actions: readonly Action[];
  /** Run after `returnFilters` match; empty: none was written. */
  readonly returnActions: readonly Action[];
}
