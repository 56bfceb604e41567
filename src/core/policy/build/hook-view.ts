import type { Hook, HookArg } from "../model.ts";

/** What filters and actions need to know of the hook they stand in. */
export interface HookView {
  readonly kind: Hook["kind"];
  readonly args: readonly HookArg[];
  readonly data: readonly HookArg[];
  readonly returnArg?: HookArg;
  /** Functions and symbols return; tracepoints, USDTs and LSM hooks are seen only once. */
  readonly canReturn: boolean;
  /** Why the call can't be made to return something else; absent when it can. */
  readonly noOverride?: string;
  /** True for the tracepoint whose field 4 is the number of a syscall. */
  readonly isSyscallEntry: boolean;
}
