import type { ArgType } from "../arg-types.ts";
import type { Hook, HookArg, ResolveStep } from "../model.ts";
import { quoted, suggest } from "../problems.ts";
import type { ArgSpec, ReturnArgSpec } from "../schema/hook.ts";
import { isRegister } from "../value/register.ts";
import { parseResolvePath } from "../value/resolve-path.ts";
import type { Context } from "./context.ts";
import { ENGINE_LIMITS, textFault } from "./engine-text.ts";

/** Values a hook may read. */
const MAX_VALUES = 5;
const MAX_RESOLVE_DEPTH = 10;
const MAX_SIZE_ARG = 15;
/** Arguments of a function or system call that are passed in registers. */
const CALL_ARGS = 6;
/** Types whose length something else may tell. */
const SIZED: ReadonlySet<ArgType> = new Set([
  "auto",
  "char_buf",
  "char_iovec",
  "iov_iter",
  "const_buf",
  "sockaddr",
  "sockaddr_un",
]);
/** Types of which a lot may be told. */
const LONG: ReadonlySet<ArgType> = new Set([
  "auto",
  "char_buf",
  "char_iovec",
  "iov_iter",
  "const_buf",
  "string",
  "filename",
  "data_loc",
]);
const SOURCES = ["current_task", "pt_regs"] as const;

type Role = "args" | "data" | "return";

/** Reads a hook's args and data. All stay in, faulty ones too, so that filters keep their slots. */
export function buildArgs(
  hook: { readonly args?: readonly ArgSpec[]; readonly data?: readonly ArgSpec[] },
  kind: Hook["kind"],
  ctx: Context,
): { args: readonly HookArg[]; data: readonly HookArg[] } {
  const { args = [], data = [] } = hook;
  const over = [...args, ...data][MAX_VALUES];
  if (over !== undefined)
    ctx.error(
      "args.too-many",
      over,
      undefined,
      `A hook reads at most ${MAX_VALUES} values, args and data together; this has ${args.length + data.length}.`,
    );
  return {
    args: args.map((spec) => buildArg(spec, "args", kind, ctx)),
    data: data.map((spec) => buildArg(spec, "data", kind, ctx)),
  };
}

/** Reads one value's description. */
export function buildArg(spec: ReturnArgSpec, role: Role, kind: Hook["kind"], ctx: Context): HookArg {
  checkType(spec, role, kind, ctx);
  checkIndex(spec, kind, ctx);
  checkNames(spec, ctx);
  const source = readSource(spec, role, ctx);
  const place = source === "pt_regs" ? readRegister(spec, ctx) : readResolve(spec, role, ctx);
  if (spec.btfTypeModule !== undefined && spec.btfType === undefined)
    ctx.warn("args.btf-module", spec, "btfTypeModule", "btfTypeModule does nothing without btfType.");
  const sizeArg = readSizeArg(spec, kind, ctx);
  warnMaxData(spec, ctx);
  return {
    at: ctx.at(spec),
    index: spec.index ?? 0,
    type: spec.type ?? "auto",
    ...(spec.label === undefined ? {} : { label: spec.label }),
    ...(sizeArg === undefined ? {} : { sizeArg }),
    returnCopy: spec.returnCopy ?? false,
    maxData: spec.maxData ?? false,
    ...place,
    ...(source === undefined ? {} : { source }),
    ...(spec.btfType === undefined ? {} : { btfType: spec.btfType }),
    ...(spec.btfTypeModule === undefined ? {} : { btfTypeModule: spec.btfTypeModule }),
  };
}

function checkType(spec: ReturnArgSpec, role: Role, kind: Hook["kind"], ctx: Context): void {
  const type = spec.type ?? "auto";
  const isFunction = kind === "kprobe" || kind === "fentry";
  const isTracepoint = kind === "tracepoint" || kind === "rawTracepoint";
  if (type === "auto" && !mayBeAuto(spec, role, kind))
    ctx.error(
      "args.type-auto",
      spec,
      spec.type === undefined ? undefined : "type",
      role === "return" ? "A return value needs a type." : "An argument of a function needs a type.",
      "Write its type; 'auto' works where the kernel describes the fields, as for tracepoints.",
    );
  if (type === "syscall64" && isFunction)
    ctx.error("args.type-syscall64", spec, "type", "The type 'syscall64' is for tracepoints of syscalls only.");
  if (type === "const_buf" && isTracepoint)
    ctx.error(
      "args.type-const-buf",
      spec,
      "type",
      "The type 'const_buf' can't be chosen: it comes from the tracepoint's format.",
      "Leave the type out.",
    );
}

function checkIndex(spec: ReturnArgSpec, kind: Hook["kind"], ctx: Context): void {
  const { index = 0 } = spec;
  if (kind === "rawTracepoint" && index > 4)
    ctx.error("args.index", spec, "index", "A raw tracepoint has at most 5 arguments, with the indexes 0 to 4.");
  else if (kind === "usdt" && index >= ENGINE_LIMITS.usdtArgs)
    ctx.error(
      "args.index",
      spec,
      "index",
      `A USDT has at most ${ENGINE_LIMITS.usdtArgs} arguments, with the indexes 0 to ${ENGINE_LIMITS.usdtArgs - 1}.`,
    );
  else if (index > ENGINE_LIMITS.argIndex)
    ctx.error(
      "args.index",
      spec,
      "index",
      `An index is at most ${ENGINE_LIMITS.argIndex}; nothing has so many arguments.`,
    );
}

/** Texts that go to the engine as they stand. */
function checkNames(spec: ReturnArgSpec, ctx: Context): void {
  for (const [field, rule, most, use] of [
    ["label", "args.label", ENGINE_LIMITS.label, "line"],
    ["btfType", "args.btf-type", ENGINE_LIMITS.btfName, "line"],
    ["btfTypeModule", "args.btf-type", ENGINE_LIMITS.btfName, "symbol"],
  ] as const) {
    const text = spec[field] ?? "";
    const isPath = field === "btfTypeModule" && /^\.|\//.test(text);
    const fault = isPath ? "is a path, not a name" : textFault(text, most, use);
    if (fault !== undefined) ctx.error(rule, spec, field, `${quoted(text)} ${fault}.`);
  }
}

/** True where something else tells the type: the kernel's description, or the field that is resolved. */
function mayBeAuto(spec: ReturnArgSpec, role: Role, kind: Hook["kind"]): boolean {
  if (role === "return") return false;
  if (role === "data") return spec.source !== "pt_regs";
  if (kind === "kprobe" || kind === "fentry") return false;
  return kind !== "uprobe" || spec.resolve !== undefined;
}

function readSource(spec: ReturnArgSpec, role: Role, ctx: Context): (typeof SOURCES)[number] | undefined {
  const { source = "" } = spec;
  if (role !== "data") {
    if (source !== "")
      ctx.error("args.source", spec, "source", "Only entries of 'data' have a source.", "Move it to 'data'.");
    return undefined;
  }
  const known = SOURCES.find((name) => name === source);
  if (known === undefined)
    ctx.error(
      "data.source",
      spec,
      "source",
      source === "" ? "An entry of 'data' needs a source." : `There is no source ${quoted(source)}.`,
      suggest(source, SOURCES),
    );
  return known;
}

function readResolve(spec: ReturnArgSpec, role: Role, ctx: Context): { resolve?: readonly ResolveStep[] } {
  const { resolve = "" } = spec;
  if (resolve === "") {
    if (role === "data")
      ctx.error("data.no-resolve", spec, "resolve", "An entry of 'data' needs 'resolve' to say what is read.");
    return {};
  }
  const steps = parseResolvePath(resolve);
  if (steps === undefined)
    ctx.error(
      "args.resolve",
      spec,
      "resolve",
      `${quoted(resolve)} is no path.`,
      "Write it like 'mm.owner.comm' or 'a[0].b'.",
    );
  else if (steps.length > MAX_RESOLVE_DEPTH)
    ctx.error(
      "args.resolve-depth",
      spec,
      "resolve",
      `The path has ${steps.length} steps, ${MAX_RESOLVE_DEPTH} are allowed.`,
    );
  return steps === undefined ? {} : { resolve: steps };
}

function readRegister(spec: ReturnArgSpec, ctx: Context): { register?: string } {
  const { resolve = "" } = spec;
  if (resolve === "") {
    ctx.error("data.no-resolve", spec, "resolve", "An entry of 'data' needs 'resolve': here the name of a register.");
    return {};
  }
  if (!isRegister(resolve)) ctx.error("data.register", spec, "resolve", `There is no register ${quoted(resolve)}.`);
  return { register: resolve };
}

function warnMaxData(spec: ReturnArgSpec, ctx: Context): void {
  if (spec.maxData !== true) return;
  if (!LONG.has(spec.type ?? "auto"))
    ctx.warn(
      "args.max-data",
      spec,
      "maxData",
      `maxData does nothing for a value of the type '${spec.type ?? "auto"}'.`,
    );
  else if (spec.returnCopy === true)
    ctx.warn("args.max-data", spec, "maxData", "maxData does nothing for a value read when the function returns.");
  else
    ctx.warn(
      "args.max-data",
      spec,
      "maxData",
      "With maxData at most 8,192 bytes are told; 3,584 where a kprobe waits for the return.",
    );
}

function readSizeArg(spec: ReturnArgSpec, kind: Hook["kind"], ctx: Context): number | undefined {
  const { sizeArgIndex = 0 } = spec;
  if (sizeArgIndex > MAX_SIZE_ARG)
    ctx.error("args.size-arg", spec, "sizeArgIndex", `sizeArgIndex is at most ${MAX_SIZE_ARG}; it counts from 1.`);
  else if (sizeArgIndex > CALL_ARGS && (kind === "kprobe" || kind === "fentry"))
    ctx.warn(
      "args.size-arg",
      spec,
      "sizeArgIndex",
      `Only the first ${CALL_ARGS} arguments can be read, so this size is never known.`,
    );
  if (sizeArgIndex > 0 && !SIZED.has(spec.type ?? "auto"))
    ctx.warn("args.size-arg", spec, "sizeArgIndex", "sizeArgIndex does something only for buffers of a given length.");
  return sizeArgIndex === 0 ? undefined : sizeArgIndex - 1;
}
