import { AppError } from "../../error.ts";
import type { CallTarget } from "../model-base.ts";
import type { ArgRef, Filter, IntCompareFilter, IntSetFilter } from "../model-filter.ts";
import { intBounds, planArgType } from "./arg-type.ts";
import { RETURN_POSITION } from "./layout.ts";
import { lowerExpression } from "./lower-code.ts";
import { CAP_SETS, NAMESPACES } from "./names.ts";
import type { PlanFilter, PlanValue } from "./plan.ts";
import { workloadText } from "./workload.ts";

const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();
const ALL_BITS = (1n << 64n) - 1n;
/** Bits of the kernel's fields that hold them. */
const FIELD_MAX = { protocol: 0xffff, family: 0xffff, state: 0xff } as const;
const STRING_KINDS = {
  Equal: "str_equal",
  Prefix: "str_prefix",
  Postfix: "str_postfix",
  SubString: "str_substring",
} as const;
const BINARY_KINDS = { In: "binary_equal", Prefix: "binary_prefix", Postfix: "binary_postfix" } as const;

/** How many of a hook's positions are args; its data come behind them. */
export interface Slots {
  readonly args: number;
}

/** Place of a value in the hook's list of arguments. */
export function positionOf(ref: Pick<ArgRef, "from" | "slot">, slots: Slots): number {
  if (ref.from === "return") return RETURN_POSITION;
  return ref.from === "data" ? slots.args + ref.slot : ref.slot;
}

const int = (a: bigint, b = 0n): PlanValue => ({ a: BigInt.asUintN(64, a), b: BigInt.asUintN(64, b), text: EMPTY });
const bytes = (value: Uint8Array): PlanValue => ({ a: 0n, b: 0n, text: value });
const text = (value: string): PlanValue => bytes(encoder.encode(value));

function filter(kind: PlanFilter["kind"], values: readonly PlanValue[], more: Partial<PlanFilter> = {}): PlanFilter {
  return { kind, flags: [], arg: 0, sub: 0, values, code: [], ...more };
}

const when = <F extends PlanFilter["flags"][number]>(flags: Readonly<Record<F, boolean>>): F[] =>
  (Object.keys(flags) as F[]).filter((name) => flags[name]);

const ascii = (value: Uint8Array): Uint8Array => value.map((c) => (c >= 0x41 && c <= 0x5a ? c + 0x20 : c));

/** System calls by name: the engine puts the numbers of its host in. "*" stands for all. */
function callNames(target: CallTarget): PlanValue[] {
  if (target.kind === "generatedSyscalls") return [text("*")];
  if (target.kind === "syscalls")
    return target.names.map(({ name, abi }) => text(abi === "native" ? name : `${abi}/${name}`));
  throw new AppError("invalid_request", "Only lists of system calls can be compared with an argument.", {
    hint: "Give the list the type syscalls.",
  });
}

function lowerIntSet(from: IntSetFilter, slots: Slots): PlanFilter {
  const single = from.ranges.every(({ min, max }) => min === max);
  const numbers = from.ranges.map(({ min, max }) => int(min, single ? 0n : max));
  const more = { flags: when({ not: from.negate }), arg: positionOf(from.arg, slots) };
  return filter(single ? "int_equal" : "int_range", [...numbers, ...from.calls.flatMap(callNames)], more);
}

/** Open ends become those of the argument's type; what lies beyond it can't hold and is left out. */
function lowerIntCompare(from: IntCompareFilter, slots: Slots): PlanFilter {
  const arg = positionOf(from.arg, slots);
  if (from.op === "Mask")
    return filter(
      "int_mask",
      from.values.map((v) => int(v)),
      { arg },
    );
  const { min, max } = intBounds(planArgType(from.arg.type));
  const ranges = from.values
    .map((v) =>
      from.op === "GT" ? { low: v < min ? min : v + 1n, high: max } : { low: min, high: v > max ? max : v - 1n },
    )
    .filter(({ low, high }) => low <= high);
  return filter(
    "int_range",
    ranges.map(({ low, high }) => int(low, high)),
    { arg },
  );
}

function expand(ranges: readonly { readonly min: number; readonly max: number }[], most: number): PlanValue[] {
  const values: PlanValue[] = [];
  for (const { min, max } of ranges) for (let v = min; v <= Math.min(max, most); v++) values.push(int(BigInt(v)));
  return values;
}

/** One filter of the model as one of the plan. */
export function lowerFilter(from: Filter, slots: Slots): PlanFilter {
  const not = (negate: boolean): PlanFilter["flags"] => when({ not: negate });
  switch (from.kind) {
    case "intSet":
      return lowerIntSet(from, slots);
    case "intCompare":
      return lowerIntCompare(from, slots);
    case "string":
      return filter(
        from.ignoreCase ? "str_substring_nocase" : STRING_KINDS[from.op],
        from.values.map((v) => bytes(from.ignoreCase ? ascii(v) : v)),
        { flags: not(from.negate), arg: positionOf(from.arg, slots) },
      );
    case "auto": {
      // Both readings in one value: the engine takes the one that the argument's type asks for.
      const { ranges } = from;
      const both = ranges?.length === from.values.length;
      return filter(
        "str_equal",
        from.values.map((v, i) => (both ? { ...int(ranges![i]!.min, ranges![i]!.max), text: v } : bytes(v))),
        { flags: not(from.negate), arg: positionOf(from.arg, slots), sub: both ? 1 : 0 },
      );
    }
    case "port":
      return filter(
        from.side === "source" ? "sport" : "dport",
        from.ranges.map(({ min, max }) => int(BigInt(min), BigInt(max))),
        { flags: not(from.negate), arg: positionOf(from.arg, slots) },
      );
    case "address":
      return filter(
        from.side === "source" ? "saddr" : "daddr",
        from.networks.map((n) => ({ a: BigInt(n.prefixBits), b: 0n, text: n.bytes })),
        { flags: not(from.negate), arg: positionOf(from.arg, slots) },
      );
    case "socketField":
      return filter(from.field, expand(from.ranges, FIELD_MAX[from.field]), { arg: positionOf(from.arg, slots) });
    case "fileType":
      return filter(
        "file_type",
        from.types.map((t) => int(BigInt(t))),
        { flags: not(from.negate), arg: positionOf(from.arg, slots) },
      );
    case "capabilitiesGained":
      return filter("caps_gained", [int(from.mask ?? ALL_BITS)], {
        arg: positionOf(from.arg, slots),
        sub: positionOf(from.oldArg, slots),
      });
    case "cel": {
      const positions = new Map(from.args.map((ref) => [ref.slot, positionOf(ref, slots)]));
      return filter("expression", [], {
        code: lowerExpression(from.expression, (slot) => positions.get(slot) ?? slot),
      });
    }
    case "pids":
      return filter(
        "pid",
        from.values.map((v) => int(BigInt(v))),
        { flags: when({ not: from.negate, follow: from.followForks, namespace_pid: from.isNamespacePid }) },
      );
    case "binaries":
      return filter(BINARY_KINDS[from.op], from.values.map(bytes), {
        flags: when({ not: from.negate, follow: from.followChildren, parent: from.parent }),
      });
    case "namespace":
      return filter(
        "namespace",
        from.values.map((v) => (v === "host" ? int(0n, 1n) : int(BigInt(v)))),
        { flags: not(from.negate), sub: NAMESPACES.indexOf(from.namespace) },
      );
    case "namespaceChanges":
      return filter(
        "namespace_change",
        from.namespaces.map((n) => int(BigInt(NAMESPACES.indexOf(n)))),
        { flags: not(from.negate) },
      );
    case "capabilities":
    case "capabilityChanges":
      return filter(from.kind === "capabilities" ? "capability" : "capability_change", [int(from.mask)], {
        flags: when({ not: from.negate, in_namespace: from.isNamespaceCapability }),
        sub: CAP_SETS.indexOf(from.set),
      });
    case "workload":
      return filter("workload", [text(workloadText(from.scope))]);
  }
}
