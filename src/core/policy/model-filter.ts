import type { ArgType } from "./arg-types.ts";
import type { CelNode } from "./cel/ast.ts";
import type { CallTarget, Position, WorkloadScope } from "./model-base.ts";

/** The value a filter looks at: `slot` is a place in the hook's `args` or `data`; 0 for the return value. */
export interface ArgRef {
  readonly from: "args" | "data" | "return";
  readonly slot: number;
  readonly type: ArgType;
}

/** Both ends belong to it. */
export interface IntRange {
  readonly min: bigint;
  readonly max: bigint;
}

interface FilterBase {
  readonly at: Position;
  /** The operator as written, for messages. */
  readonly operator: string;
}

interface ArgFilterBase extends FilterBase {
  readonly arg: ArgRef;
}

/** Equal, InMap and InRange: the value is in a range, or is the number of one of the calls. */
export interface IntSetFilter extends ArgFilterBase {
  readonly kind: "intSet";
  readonly negate: boolean;
  readonly ranges: readonly IntRange[];
  /** Syscalls named by a list; the engine puts their numbers in. */
  readonly calls: readonly CallTarget[];
}

/** True when it holds for any of the values: GT `arg > v`, LT `arg < v`, Mask `(arg & v) != 0`. */
export interface IntCompareFilter extends ArgFilterBase {
  readonly kind: "intCompare";
  readonly op: "GT" | "LT" | "Mask";
  readonly values: readonly bigint[];
}

/** Any of the values; `negate`: none of them. Values are UTF-8 (or raw, where the text escapes bytes). */
export interface StringFilter extends ArgFilterBase {
  readonly kind: "string";
  readonly op: "Equal" | "Prefix" | "Postfix" | "SubString";
  readonly ignoreCase: boolean;
  readonly negate: boolean;
  readonly values: readonly Uint8Array[];
}

/** Equal or NotEqual on an "auto" argument: the engine learns the type, so both readings are here. */
export interface AutoFilter extends ArgFilterBase {
  readonly kind: "auto";
  readonly negate: boolean;
  readonly values: readonly Uint8Array[];
  /** The values as integers; absent when one of them isn't one. */
  readonly ranges?: readonly IntRange[];
}

export interface PortFilter extends ArgFilterBase {
  readonly kind: "port";
  readonly side: "source" | "destination";
  readonly negate: boolean;
  /** The privileged-port operators are the range 0 to 1023. */
  readonly ranges: readonly { readonly min: number; readonly max: number }[];
}

export interface Network {
  readonly family: 4 | 6;
  /** 4 or 16 bytes in network order, host bits cleared. */
  readonly bytes: Uint8Array;
  readonly prefixBits: number;
}

export interface AddressFilter extends ArgFilterBase {
  readonly kind: "address";
  readonly side: "source" | "destination";
  readonly negate: boolean;
  readonly networks: readonly Network[];
}

/** IP protocol, address family (AF_*) or TCP state, by number. */
export interface SocketFieldFilter extends ArgFilterBase {
  readonly kind: "socketField";
  readonly field: "protocol" | "family" | "state";
  readonly ranges: readonly { readonly min: number; readonly max: number }[];
}

export interface FileTypeFilter extends ArgFilterBase {
  readonly kind: "fileType";
  readonly negate: boolean;
  /** File type bits of a mode (`mode & 0xf000`): 0x8000 regular, 0x4000 directory, … */
  readonly types: readonly number[];
}

/** The new set has a bit the old one lacks. */
export interface CapabilitiesGainedFilter extends ArgFilterBase {
  readonly kind: "capabilitiesGained";
  readonly oldArg: ArgRef;
  /** Bits looked at; absent: all. */
  readonly mask?: bigint;
}

export interface CelFilter extends FilterBase {
  readonly kind: "cel";
  /** The values it uses, by slot, ascending: `argN` of the expression is slot N. */
  readonly args: readonly ArgRef[];
  /** Of type bool. */
  readonly expression: CelNode;
}

export interface PidFilter extends FilterBase {
  readonly kind: "pids";
  readonly negate: boolean;
  readonly values: readonly number[];
  readonly isNamespacePid: boolean;
  readonly followForks: boolean;
}

export interface BinaryFilter extends FilterBase {
  readonly kind: "binaries";
  /** True: the parent process's binary is looked at. */
  readonly parent: boolean;
  readonly op: "In" | "Prefix" | "Postfix";
  readonly negate: boolean;
  readonly values: readonly Uint8Array[];
  readonly followChildren: boolean;
}

export interface NamespaceFilter extends FilterBase {
  readonly kind: "namespace";
  readonly namespace: NamespaceKind;
  readonly negate: boolean;
  /** Inode numbers; "host": that of the host's own namespace. */
  readonly values: readonly (number | "host")[];
}

export interface NamespaceChangeFilter extends FilterBase {
  readonly kind: "namespaceChanges";
  readonly negate: boolean;
  readonly namespaces: readonly NamespaceKind[];
}

export interface CapabilityFilter extends FilterBase {
  /** "capabilityChanges" compares with what the process had at exec. */
  readonly kind: "capabilities" | "capabilityChanges";
  readonly set: "effective" | "inheritable" | "permitted";
  readonly negate: boolean;
  readonly isNamespaceCapability: boolean;
  /** Bit n is capability n. Any of them. */
  readonly mask: bigint;
}

export interface WorkloadFilter extends FilterBase {
  readonly kind: "workload";
  readonly scope: WorkloadScope;
}

export type ArgFilter =
  | IntSetFilter
  | IntCompareFilter
  | StringFilter
  | AutoFilter
  | PortFilter
  | AddressFilter
  | SocketFieldFilter
  | FileTypeFilter
  | CapabilitiesGainedFilter
  | CelFilter;

export type ProcessFilter =
  | PidFilter
  | BinaryFilter
  | NamespaceFilter
  | NamespaceChangeFilter
  | CapabilityFilter
  | WorkloadFilter;

export type Filter = ArgFilter | ProcessFilter;

/** As the kernel's /proc/PID/ns names them. */
export type NamespaceKind =
  | "uts"
  | "ipc"
  | "mnt"
  | "pid"
  | "pid_for_children"
  | "net"
  | "time"
  | "time_for_children"
  | "cgroup"
  | "user";
