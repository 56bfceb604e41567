import type { ArgType } from "../arg-types.ts";
import type { PlanArg } from "./plan.ts";

type PlanArgType = PlanArg["type"];

/** Types the format has under several names. */
const ALIASES: Readonly<Partial<Record<ArgType, PlanArgType>>> = {
  sint8: "int8",
  sint16: "int16",
  sint32: "int32",
  sint64: "int64",
  long: "int64",
  ulong: "uint64",
  size_t: "size",
};

/** The plan's type of a declared one. */
export function planArgType(type: ArgType): PlanArgType {
  return ALIASES[type] ?? (type as PlanArgType);
}

const INTEGERS: Readonly<Partial<Record<PlanArgType, readonly [bits: number, signed: boolean]>>> = {
  int: [32, true],
  int8: [8, true],
  uint8: [8, false],
  int16: [16, true],
  uint16: [16, false],
  uint32: [32, false],
  int32: [32, true],
  uint64: [64, false],
  size: [64, false],
  int64: [64, true],
  // Of an argument whose type the engine finds out: the order in which every narrower type is right.
  auto: [64, true],
  fd: [32, true],
  capability: [32, true],
  bpf_cmd: [32, true],
  syscall64: [64, false],
};

/** Whether numbers of the type have a sign, and its least and greatest number. */
export function intBounds(type: PlanArgType): { signed: boolean; min: bigint; max: bigint } {
  const [bits, signed] = INTEGERS[type] ?? [64, false];
  const span = 1n << BigInt(bits);
  return signed ? { signed, min: -(span / 2n), max: span / 2n - 1n } : { signed, min: 0n, max: span - 1n };
}
