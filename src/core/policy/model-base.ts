/** A place in the policy's text: line and column, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Which workloads are meant. An absent part restricts nothing. */
export interface WorkloadScope {
  readonly pod?: LabelSelector;
  readonly container?: LabelSelector;
  readonly node?: LabelSelector;
  /** True: processes of the host itself are meant too. */
  readonly host?: boolean;
}

/** All requirements must hold. No requirement: everything matches. */
export interface LabelSelector {
  readonly requirements: readonly LabelRequirement[];
}

export interface LabelRequirement {
  readonly key: string;
  readonly op: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values: readonly string[];
}

export interface SyscallName {
  /** With `sys_`, without architecture prefix: `sys_dup`. */
  readonly name: string;
  /** "native": the host's own. */
  readonly abi: "native" | "x64" | "i386" | "arm64" | "arm32";
}

/** What a `call` means once its list is looked up. */
export type CallTarget =
  | { readonly kind: "functions"; readonly names: readonly string[] }
  | { readonly kind: "syscalls"; readonly names: readonly SyscallName[] }
  /** Every syscall of the host. */
  | { readonly kind: "generatedSyscalls" }
  /** Every traceable function whose name matches the pattern. */
  | { readonly kind: "generatedFtrace"; readonly pattern: string };

export type UprobeTarget =
  /** `offset` bytes past the symbol (`sym+0x10`), 0 for the symbol itself. */
  | { readonly kind: "symbol"; readonly symbol: string; readonly offset: bigint }
  | { readonly kind: "offset"; readonly offset: bigint }
  | { readonly kind: "address"; readonly address: bigint };
