/** Sites × operators: one case each, with everything that must fire and everything that must not. */
import { DIR, type Case, type JsonObject, type Run } from "../case.ts";
import { match } from "../spec.ts";
import { fileTypeCases, integerCases, signedCases, socketCases, textCases, type OperatorCase } from "./operators.ts";
import { integerSites, returnSites } from "./integer-sites.ts";
import type { Site } from "./site.ts";
import { socketSites } from "./socket-sites.ts";
import { fileTypeSites, textSites, type TextSite } from "./text-sites.ts";

/** Kinds of hooks that are loaded together with another. */
const GROUPS: { readonly [hook: string]: string } = {
  "syscall return": "returns",
  kretprobe: "returns",
  fexit: "returns",
  uretprobe: "returns",
};

function caseOf<T>(
  site: Site<T>,
  op: OperatorCase<T>,
  filter: JsonObject,
  body: JsonObject,
  shown: (value: T) => JsonObject,
): Case {
  const words = [site.hook, site.name, site.type, op.operator, op.note ?? ""].filter((word) => word !== "");
  const hit = (value: T): Run => ({
    act: site.act(value),
    events: [shown(value)],
    ...(site.among === true ? { among: true } : {}),
  });
  const miss = (value: T): Run => ({
    act: site.act(value),
    events: [],
    ...(site.among === true ? { among: true, never: [shown(value)] } : {}),
  });
  return {
    name: words
      .join("-")
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-"),
    group: GROUPS[site.hook] ?? site.hook,
    hook: site.hook,
    shows: { operator: op.operator, type: site.type },
    spec: site.spec({ ...body, selectors: [filter] }),
    needs: [...site.needs, ...(op.needs ?? [])],
    runs: [...op.hits.map(hit), ...op.misses.map(miss)],
    ...(op.short === true ? { short: true } : {}),
  };
}

/** Operators that hold for what other programs do, too: on a busy host they would drown everything. */
const BROAD = new Set(["LT", "LessThan", "GT", "Mask", "Family", "Protocol", "State", "FileType"]);
const OURS: JsonObject = { matchBinaries: [{ operator: "Prefix", values: [`${DIR}/`] }] };

function limited(operator: string): JsonObject {
  return operator.startsWith("Not") || BROAD.has(operator) ? OURS : {};
}

function argCase<T>(site: Site<T>, op: OperatorCase<T>): Case {
  const filter = {
    ...limited(op.operator),
    matchArgs: [match(site.filterIndex ?? site.arg.index, op.operator, op.values)],
  };
  return caseOf(site, op, filter, { args: [site.arg] }, (value) => ({ args: [site.shown(value)] }));
}

function returnCase(site: Site<number>, op: OperatorCase<number>): Case {
  const filter = { ...limited(op.operator), matchReturnArgs: [match(0, op.operator, op.values)] };
  return caseOf(site, op, filter, { return: true, returnArg: site.arg }, (value) => ({ return: site.shown(value) }));
}

/** Numbers that no other program passes by chance. */
const BASE = 7008;

export const matrixCases: Case[] = [
  ...integerSites.flatMap((site) =>
    [...integerCases(site.base ?? BASE), ...(site.signed === true ? signedCases : [])].map((op) => argCase(site, op)),
  ),
  ...textSites.flatMap((site) => textCases(site.limit, site.full ?? ((text) => text)).map((op) => argCase(site, op))),
  ...socketSites.flatMap((site) => socketCases(site.can).map((op) => argCase(site, op))),
  ...fileTypeSites.flatMap((site) => fileTypeCases.map((op) => argCase(site, op))),
  ...returnSites.flatMap((site) =>
    [...integerCases(BASE), ...(site.signed === true ? signedCases : [])].map((op) => returnCase(site, op)),
  ),
];

const names = (sites: readonly TextSite[]): string[] => [
  ...new Set(sites.flatMap((site) => textCases(site.limit, String).flatMap((op) => [...op.hits, ...op.misses]))),
];

/** Names of the files that the triggers open, and of those they execute. */
export const matrixFiles: string[] = names(textSites.filter((site) => site.files === true));
export const matrixPrograms: string[] = names(textSites.filter((site) => site.programs === true));
