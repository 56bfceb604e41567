import { valueClass } from "../arg-types.ts";
import type { AddressFilter, ArgRef, PortFilter, SocketFieldFilter } from "../model-filter.ts";
import { nearestOf, quoted, type Hint } from "../problems.ts";
import type { ArgSelector } from "../schema/selector.ts";
import { parseNetwork } from "../value/address.ts";
import { parseRange } from "../value/integer.ts";
import { SOCKET_NAMES } from "../value/socket-names.ts";
import type { Context } from "./context.ts";
import { countValues, filledValues, type FilterValue } from "./filter-values.ts";
import { refuseType } from "./type-mismatch.ts";

interface SideOperation {
  readonly side: "source" | "destination";
  readonly negate: boolean;
}

interface NumberRange {
  readonly min: number;
  readonly max: number;
}

const MAX_PORT = 65_535;
const PRIVILEGED: NumberRange = { min: 0, max: 1023 };

/** SPort, DPort and their negations. */
export function buildPort(spec: ArgSelector, arg: ArgRef, side: SideOperation, ctx: Context): PortFilter | undefined {
  if (!hasSide(spec, arg, side.side, ctx)) return undefined;
  countValues(spec, false, ctx);
  const ranges = filledValues(spec, ctx).flatMap((value) => readNumbers(value, spec, MAX_PORT, "port", ctx));
  return { kind: "port", ...filterBase(spec, arg, ctx), ...side, ranges };
}

/** SPortPriv, DPortPriv and their negations: a range of ports. */
export function buildPrivilegedPort(
  spec: ArgSelector,
  arg: ArgRef,
  side: SideOperation,
  ctx: Context,
): PortFilter | undefined {
  if (!hasSide(spec, arg, side.side, ctx)) return undefined;
  if ((spec.values ?? []).length > 0)
    ctx.warn("filter.unused-values", spec, "values", `${spec.operator} needs no values; these do nothing.`);
  return { kind: "port", ...filterBase(spec, arg, ctx), ...side, ranges: [PRIVILEGED] };
}

/** SAddr, DAddr and their negations. */
export function buildAddress(
  spec: ArgSelector,
  arg: ArgRef,
  side: SideOperation,
  ctx: Context,
): AddressFilter | undefined {
  if (!hasSide(spec, arg, side.side, ctx)) return undefined;
  countValues(spec, false, ctx);
  const networks = filledValues(spec, ctx).flatMap((value) => {
    const network = parseNetwork(value.text);
    if (network !== undefined) return [network];
    ctx.error(
      "filter.address",
      spec.values ?? spec,
      value.index,
      `${quoted(value.text)} is no address or network.`,
      "Write 10.0.0.1, 10.0.0.0/8, 2001:db8::1 or 2001:db8::/32.",
    );
    return [];
  });
  return { kind: "address", ...filterBase(spec, arg, ctx), ...side, networks };
}

/** Protocol, Family, State. */
export function buildSocketField(
  spec: ArgSelector,
  arg: ArgRef,
  field: SocketFieldFilter["field"],
  ctx: Context,
): SocketFieldFilter | undefined {
  const isUnix = arg.type === "sockaddr_un";
  if (!isSocket(arg) && !(isUnix && field === "family")) return refuseType(spec, arg, "sockets and packets", ctx);
  if (arg.type === "sockaddr" && field !== "family") return refuseType(spec, arg, "whole sockets and packets", ctx);
  countValues(spec, false, ctx);
  const ranges = filledValues(spec, ctx).flatMap((value) => {
    const number = SOCKET_NAMES[field].get(value.text);
    return number === undefined ? readNumbers(value, spec, 65_535, field, ctx) : [{ min: number, max: number }];
  });
  return { kind: "socketField", ...filterBase(spec, arg, ctx), field, ranges: merged(ranges) };
}

/** Each number once: a plan has a value for every one. */
function merged(ranges: readonly NumberRange[]): readonly NumberRange[] {
  const out: NumberRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.min - b.min)) {
    const last = out.at(-1);
    if (last === undefined || range.min > last.max) out.push(range);
    else out[out.length - 1] = { min: last.min, max: Math.max(last.max, range.max) };
  }
  return out;
}

function filterBase(spec: ArgSelector, arg: ArgRef, ctx: Context) {
  return { at: ctx.at(spec), operator: spec.operator, arg };
}

function isSocket(arg: ArgRef): boolean {
  const type = valueClass(arg.type);
  return type === "socket" || type === "auto";
}

/** A socket address has one side, which the format calls its source. */
function hasSide(spec: ArgSelector, arg: ArgRef, side: SideOperation["side"], ctx: Context): boolean {
  if (!isSocket(arg)) refuseType(spec, arg, "sockets and packets", ctx);
  else if (arg.type === "sockaddr" && side === "destination")
    ctx.error(
      "filter.type-mismatch",
      spec,
      "operator",
      `${spec.operator} needs two ends, and a 'sockaddr' has one.`,
      `Use ${spec.operator.replace("D", "S")}.`,
    );
  else return true;
  return false;
}

function readNumbers(
  value: FilterValue,
  spec: ArgSelector,
  most: number,
  what: "port" | SocketFieldFilter["field"],
  ctx: Context,
): readonly NumberRange[] {
  const range = parseRange(value.text, "decimal");
  if (range !== undefined && range.min >= 0n && range.max <= BigInt(most))
    return [{ min: Number(range.min), max: Number(range.max) }];
  const isRange = /^\d+:\d+$/.test(value.text);
  const hint = isRange
    ? `A range is written smallest:largest, up to ${most}.`
    : what === "port"
      ? "Write a port like 443 or a range like 8000:8080."
      : suggestName(value.text, what);
  ctx.error("filter.value", spec.values ?? spec, value.index, `${quoted(value.text)} is no ${what}.`, hint);
  return [];
}

const PREFIXES = { protocol: "IPPROTO_", family: "AF_", state: "TCP_" } as const;

/** What all names begin with makes none of them likely, and is often left out. */
function suggestName(text: string, what: SocketFieldFilter["field"]): Hint {
  const prefix = PREFIXES[what];
  const word = text.toUpperCase().startsWith(prefix) ? text.slice(prefix.length) : text;
  const near = nearestOf(
    word,
    [...SOCKET_NAMES[what].keys()].map((name) => name.slice(prefix.length)),
  );
  return near === undefined ? `Write a name like ${EXAMPLES[what]}, or a number.` : `Did you mean '${prefix}${near}'?`;
}

const EXAMPLES = { protocol: "IPPROTO_TCP", family: "AF_INET", state: "TCP_LISTEN" } as const;
