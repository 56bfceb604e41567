import type { Position, UprobeTarget } from "./model-base.ts";

interface ActionBase {
  readonly at: Position;
}

export interface PostAction extends ActionBase {
  readonly kind: "post";
  /** Repeats within `intervalMs` are dropped; at most 2^32-1. */
  readonly rateLimit?: { readonly intervalMs: number; readonly scope: "thread" | "process" | "global" };
  readonly kernelStackTrace: boolean;
  readonly userStackTrace: boolean;
  readonly imaHash: boolean;
}

export interface OverrideAction extends ActionBase {
  readonly kind: "override";
  /** Value the call returns instead. */
  readonly argError: number;
  /** Uprobes only: registers to set. */
  readonly regs: readonly RegisterAssignment[];
  /** Uprobes only: go on at this place instead. */
  readonly jump?: UprobeTarget;
}

export interface RegisterAssignment {
  readonly register: string;
  readonly value:
    | { readonly kind: "constant"; readonly value: bigint }
    /** The value of `register`, plus `offset`. */
    | { readonly kind: "register"; readonly register: string; readonly offset: bigint }
    /** Read from memory at `register + offset`. */
    | { readonly kind: "memory"; readonly register: string; readonly offset: bigint };
  /** As written. */
  readonly text: string;
}

export type Action =
  | PostAction
  | OverrideAction
  | (ActionBase & { readonly kind: "noPost" })
  | (ActionBase & { readonly kind: "sigkill" })
  | (ActionBase & { readonly kind: "signal"; readonly signal: number })
  | (ActionBase & {
      readonly kind: "notifyEnforcer";
      readonly argError: number;
      readonly signal: number;
      /** Slot of the argument that holds the syscall's number (raw_syscalls/sys_enter only). */
      readonly syscallSlot?: number;
    })
  | (ActionBase & { readonly kind: "cleanupEnforcerNotification" })
  | (ActionBase & { readonly kind: "getUrl"; readonly url: string })
  | (ActionBase & { readonly kind: "dnsLookup"; readonly name: string })
  /** `slot` of the socket; for a return action 0 is the return value. */
  | (ActionBase & { readonly kind: "trackSock" | "untrackSock"; readonly slot: number })
  /** Writes `value` (32 bits) into the memory operand of the USDT argument in `slot`. */
  | (ActionBase & { readonly kind: "set"; readonly slot: number; readonly value: number });
