import type { BinaryDigest, UprobeHook, UsdtHook } from "../model.ts";
import type { UprobeTarget } from "../model-base.ts";
import { quoted, suggest } from "../problems.ts";
import type { UprobeSpec, UsdtSpec } from "../schema/hook.ts";
import { parseInteger } from "../value/integer.ts";
import { buildArg, buildArgs } from "./args.ts";
import type { Context } from "./context.ts";
import { ENGINE_LIMITS, textFault } from "./engine-text.ts";
import type { HookView } from "./hook-view.ts";
import { buildSelectors } from "./selectors.ts";
import { buildTexts } from "./text-fields.ts";

/** Digest algorithms, and how many hex digits each has; 0: any even number. */
const DIGESTS: Readonly<Record<BinaryDigest["algorithm"], number>> = {
  sha1: 40,
  sha256: 64,
  sha384: 96,
  sha512: 128,
  "build-id": 0,
};

/** One entry of uprobes. */
export function buildUprobe(spec: UprobeSpec, ctx: Context): UprobeHook {
  checkPaths(spec, ctx);
  const { args, data } = buildArgs(spec, "uprobe", ctx);
  const returnArg = spec.returnArg && buildArg(spec.returnArg, "return", "uprobe", ctx);
  const view: HookView = {
    kind: "uprobe",
    args,
    data,
    ...(returnArg === undefined ? {} : { returnArg }),
    canReturn: true,
    isSyscallEntry: false,
  };
  const selectors = buildSelectors(spec.selectors, view, ctx);
  const usesReturn = selectors.some((s) => s.returnFilters.length > 0 || s.returnActions.length > 0);
  const hasReturn = spec.return === true || usesReturn;
  if (!hasReturn && returnArg !== undefined)
    ctx.warn("return.unused", spec, "returnArg", "returnArg does nothing without 'return: true'.");
  return {
    kind: "uprobe",
    at: ctx.at(spec),
    ...buildTexts(spec, ctx),
    args,
    data,
    selectors,
    path: spec.path,
    targets: buildTargets(spec, ctx),
    ...(spec.btfPath === undefined ? {} : { btfPath: spec.btfPath }),
    hasReturn,
    ...(hasReturn && returnArg !== undefined ? { returnArg } : {}),
    binaryDigests: buildDigests(spec, ctx),
    ignoreDigestFailure: spec.ignore?.digestVerificationFailure ?? false,
  };
}

/** One entry of usdts. */
export function buildUsdt(spec: UsdtSpec, ctx: Context): UsdtHook {
  checkPaths(spec, ctx);
  for (const field of ["provider", "name"] as const) {
    if (spec[field] === "") ctx.error("usdt.empty", spec, field, `The ${field} of the USDT is empty.`);
    const fault = textFault(spec[field], ENGINE_LIMITS.name, "line");
    if (fault !== undefined)
      ctx.error("usdt.name", spec, field, `${quoted(spec[field])} is no ${field} of a USDT: it ${fault}.`);
  }
  const { args, data } = buildArgs(spec, "usdt", ctx);
  const view: HookView = {
    kind: "usdt",
    args,
    data,
    canReturn: false,
    noOverride: "A USDT can't make the function return something else.",
    isSyscallEntry: false,
  };
  const { path, provider, name, btfPath } = spec;
  return {
    kind: "usdt",
    at: ctx.at(spec),
    ...buildTexts(spec, ctx),
    args,
    data,
    selectors: buildSelectors(spec.selectors, view, ctx),
    path,
    provider,
    name,
    ...(btfPath === undefined ? {} : { btfPath }),
  };
}

/** Paths of the program and of its types: whole, so that they mean the same wherever the engine was started. */
function checkPaths(spec: { readonly path: string; readonly btfPath?: string }, ctx: Context): void {
  for (const [field, rule] of [
    ["path", "uprobe.path"],
    ["btfPath", "uprobe.btf-path"],
  ] as const) {
    const path = spec[field];
    if (path === undefined || (path === "" && field === "btfPath")) continue;
    const fault = textFault(path, ENGINE_LIMITS.path, "line");
    if (path === "") ctx.error(rule, spec, field, "The path of the binary is empty.");
    else if (fault !== undefined) ctx.error(rule, spec, field, `${quoted(path)} is no path: it ${fault}.`);
    else if (!path.startsWith("/"))
      ctx.error(rule, spec, field, `${quoted(path)} is no whole path.`, "Write it from '/' on.");
  }
}

function buildTargets(spec: UprobeSpec, ctx: Context): UprobeHook["targets"] {
  const targets: readonly UprobeTarget[] = [
    ...(spec.symbols ?? []).map((text, index) => readSymbol(text, index, spec, ctx)),
    ...(spec.offsets ?? []).map((offset) => ({ kind: "offset", offset }) as const),
    ...(spec.addrs ?? []).map((address) => ({ kind: "address", address }) as const),
  ];
  if (targets.length === 0)
    ctx.error("uprobe.no-target", spec, undefined, "The uprobe names no place: it needs symbols, offsets or addrs.");
  const counters = spec.refCtrOffsets ?? [];
  if (counters.length > 0 && counters.length !== targets.length)
    ctx.error(
      "uprobe.ref-ctr-offsets",
      spec,
      "refCtrOffsets",
      `There are ${counters.length} refCtrOffsets for ${targets.length} places.`,
      "Write one for each.",
    );
  return targets.map((target, index) => {
    const refCtrOffset = counters[index];
    return refCtrOffset === undefined ? target : { ...target, refCtrOffset };
  });
}

/** `name` or `name+offset`. */
function readSymbol(text: string, index: number, spec: UprobeSpec, ctx: Context): UprobeTarget {
  const [symbol = "", written, more] = text.split("+", 3);
  const offset = written === undefined ? 0n : parseInteger(written);
  const fault = textFault(symbol, ENGINE_LIMITS.name, "line");
  const isRight = symbol !== "" && fault === undefined && more === undefined;
  if (isRight && offset !== undefined && offset >= 0n && offset < 1n << 64n) return { kind: "symbol", symbol, offset };
  ctx.error(
    "uprobe.symbol",
    spec.symbols ?? spec,
    index,
    `${quoted(text)} is no symbol.`,
    fault === undefined ? "Write NAME or NAME+0x10." : `It ${fault}.`,
  );
  return { kind: "symbol", symbol, offset: 0n };
}

/** The engine gets all of them as one text. */
function buildDigests(spec: UprobeSpec, ctx: Context): readonly BinaryDigest[] {
  const { binaryDigests: texts = [] } = spec;
  let bytes = -1;
  return texts.flatMap((text, index) => {
    const found = readDigest(text, index, spec, ctx);
    const before = bytes;
    for (const { algorithm, hex } of found) bytes += algorithm.length + hex.length + 2;
    if (before <= ENGINE_LIMITS.digests && bytes > ENGINE_LIMITS.digests)
      ctx.error(
        "uprobe.too-many-digests",
        texts,
        index,
        `The digests up to here are ${bytes} bytes long together, and ${ENGINE_LIMITS.digests} are allowed.`,
        "Write a uprobe for each part of them.",
      );
    return found;
  });
}

function readDigest(text: string, index: number, spec: UprobeSpec, ctx: Context): readonly BinaryDigest[] {
  const [algorithm = "", digits, more] = text.split(":", 3).map((part) => part.trim().toLowerCase());
  const known = Object.entries(DIGESTS).find(([name]) => name === algorithm);
  const isHex = digits !== undefined && digits.length % 2 === 0 && /^[0-9a-f]{2,128}$/.test(digits);
  if (
    isKnownDigest(algorithm) &&
    known &&
    isHex &&
    more === undefined &&
    (known[1] === 0 || known[1] === digits.length)
  )
    return [{ algorithm, hex: digits }];
  ctx.error(
    "uprobe.digest",
    spec.binaryDigests ?? spec,
    index,
    `${quoted(text)} is no digest.`,
    known === undefined
      ? suggest(algorithm, Object.keys(DIGESTS))
      : `Write ${algorithm}: and the hex digits behind it.`,
  );
  return [];
}

function isKnownDigest(text: string): text is BinaryDigest["algorithm"] {
  return Object.hasOwn(DIGESTS, text);
}
