import { valueClass, type ArgType } from "../arg-types.ts";
import type { ArgRef, FileTypeFilter, StringFilter } from "../model-filter.ts";
import { quoted, suggest } from "../problems.ts";
import type { ArgSelector } from "../schema/selector.ts";
import { FILE_TYPES } from "../value/file-type.ts";
import { bytesOf, withoutNul } from "../value/text.ts";
import type { Context } from "./context.ts";
import { ENGINE_LIMITS } from "./engine-text.ts";
import { countValues } from "./filter-values.ts";
import { refuseType } from "./type-mismatch.ts";

/** Longest value of each operator, in bytes, and most values. */
const MAX_BYTES = {
  Equal: ENGINE_LIMITS.equal,
  Prefix: ENGINE_LIMITS.prefix,
  Postfix: ENGINE_LIMITS.postfix,
  SubString: ENGINE_LIMITS.substring,
} as const;
const MAX_SUBSTRINGS = 100;

/** Buffers may hold a NUL; texts end before theirs. */
const BUFFERS: ReadonlySet<ArgType> = new Set(["char_buf", "char_iovec", "iov_iter", "const_buf"]);
const PATHS: ReadonlySet<ArgType> = new Set(["file", "path", "linux_binprm"]);

export function buildTextEqual(spec: ArgSelector, arg: ArgRef, negate: boolean, ctx: Context): StringFilter {
  countValues(spec, false, ctx);
  return buildFilter(spec, arg, { op: "Equal", ignoreCase: false, negate }, ctx);
}

/** Prefix, Postfix, SubString and their kin. */
export function buildText(
  spec: ArgSelector,
  arg: ArgRef,
  operation: Pick<StringFilter, "op" | "ignoreCase" | "negate">,
  ctx: Context,
): StringFilter | undefined {
  const type = valueClass(arg.type);
  if (type !== "text" && type !== "auto") return refuseType(spec, arg, "texts", ctx);
  countValues(spec, false, ctx);
  const count = spec.values?.length ?? 0;
  if (operation.op === "SubString" && count > MAX_SUBSTRINGS)
    ctx.error(
      "filter.too-many-values",
      spec.values ?? spec,
      MAX_SUBSTRINGS,
      `${spec.operator} takes at most ${MAX_SUBSTRINGS} values; these are ${count}.`,
    );
  return buildFilter(spec, arg, operation, ctx);
}

function buildFilter(
  spec: ArgSelector,
  arg: ArgRef,
  operation: Pick<StringFilter, "op" | "ignoreCase" | "negate">,
  ctx: Context,
): StringFilter {
  const values = (spec.values ?? []).map((text, index) => readText(text, index, spec, arg, operation.op, ctx));
  return { kind: "string", at: ctx.at(spec), operator: spec.operator, arg, ...operation, values };
}

function readText(
  text: string,
  index: number,
  spec: ArgSelector,
  arg: ArgRef,
  op: StringFilter["op"],
  ctx: Context,
): Uint8Array {
  const bytes = bytesOf(BUFFERS.has(arg.type) ? text : withoutNul(text));
  checkLength(bytes, index, spec, op, ctx);
  if (arg.type !== "auto" && !BUFFERS.has(arg.type) && bytes.includes(0))
    ctx.warn(
      "filter.never",
      spec.values ?? spec,
      index,
      `A ${arg.type} ends before its first NUL, so ${quoted(text)} never matches.`,
      "Leave out the NUL and what is behind it.",
    );
  const isAbsolute = op === "Postfix" || op === "SubString" || /^\/|:|^$/.test(text);
  if (PATHS.has(arg.type) && !isAbsolute)
    ctx.warn(
      "filter.relative-path",
      spec.values ?? spec,
      index,
      `Paths begin with '/', so ${quoted(text)} never matches.`,
      "Use Postfix for the end of a path.",
    );
  return bytes;
}

/** Says when a text is one that the engine can't compare with. */
export function checkLength(
  bytes: Uint8Array,
  index: number,
  spec: ArgSelector,
  op: StringFilter["op"],
  ctx: Context,
): void {
  const most = MAX_BYTES[op];
  const at = spec.values ?? spec;
  if (bytes.length > most)
    ctx.error(
      "filter.value-too-long",
      at,
      index,
      `The value is ${bytes.length} bytes long, ${spec.operator} takes at most ${most}.`,
      op === "Equal" ? `Compare the text's beginning with Prefix, up to ${MAX_BYTES.Prefix} bytes.` : undefined,
    );
  if (bytes.length === 0 && op !== "Equal")
    ctx.error(
      "filter.value",
      at,
      index,
      `An empty text stands in every text, so ${spec.operator} says nothing.`,
      "Leave the filter out, or use Equal for a text that is empty.",
    );
}

/** FileType, NotFileType. */
export function buildFileType(
  spec: ArgSelector,
  arg: ArgRef,
  negate: boolean,
  ctx: Context,
): FileTypeFilter | undefined {
  if (arg.type !== "file" && arg.type !== "path" && arg.type !== "auto")
    return refuseType(spec, arg, "files and paths", ctx);
  countValues(spec, true, ctx);
  const types = (spec.values ?? []).flatMap((name, index) => {
    const type = FILE_TYPES.get(name);
    if (type !== undefined) return [type];
    const known = [...FILE_TYPES.keys()];
    ctx.error("filter.value", spec.values ?? spec, index, `${quoted(name)} is no type of file.`, suggest(name, known));
    return [];
  });
  return { kind: "fileType", at: ctx.at(spec), operator: spec.operator, arg, negate, types };
}
