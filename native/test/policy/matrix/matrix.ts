/** Sites × operators: one case each, with everything that must fire and everything that must not. */
import { DIR, groupOf, type Case, type JsonObject, type Run } from "../case.ts";
import { match } from "../spec.ts";
import { fileTypeCases, integerCases, signedCases, socketCases, textCases, type OperatorCase } from "./operators.ts";
import { integerSites, returnSites } from "./integer-sites.ts";
import type { Site } from "./site.ts";
import { socketReturnSites, socketSites } from "./socket-sites.ts";
import { fileTypeReturnSites, fileTypeSites, textReturnSites, textSites, type TextSite } from "./text-sites.ts";

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
    group: groupOf(site.hook),
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

/** An expression names its values itself. */
function filterOn<T>(index: number, op: OperatorCase<T>): JsonObject {
  return op.operator === "CelExpr"
    ? { operator: op.operator, values: op.values }
    : match(index, op.operator, op.values);
}

function argCase<T>(site: Site<T>, op: OperatorCase<T>): Case {
  const filter = {
    ...limited(op.operator),
    matchArgs: [filterOn(site.filterIndex ?? site.arg.index, op)],
  };
  return caseOf(site, op, filter, { args: [site.arg] }, (value) => ({ args: [site.shown(value)] }));
}

function returnCase<T>(site: Site<T>, op: OperatorCase<T>): Case {
  const filter = { ...limited(op.operator), matchReturnArgs: [filterOn(0, op)] };
  const c = caseOf(site, op, filter, { return: true, returnArg: site.arg }, (value) => ({ return: site.shown(value) }));
  return { ...c, shows: { ...c.shows, filter: "matchReturnArgs" } };
}

/** Numbers that no other program passes by chance. */
const BASE = 7008;

const textCasesOf = (site: TextSite): OperatorCase<string>[] => textCases(site.limit, site.full ?? ((text) => text));

export const matrixCases: Case[] = [
  ...integerSites.flatMap((site) =>
    [...integerCases(site.base ?? BASE), ...(site.signed === true ? signedCases : [])].map((op) => argCase(site, op)),
  ),
  ...textSites.flatMap((site) => textCasesOf(site).map((op) => argCase(site, op))),
  ...socketSites.flatMap((site) => socketCases(site.can).map((op) => argCase(site, op))),
  ...fileTypeSites.flatMap((site) => fileTypeCases.map((op) => argCase(site, op))),
  ...returnSites.flatMap((site) =>
    [...integerCases(BASE), ...(site.signed === true ? signedCases : [])].map((op) => returnCase(site, op)),
  ),
  ...textReturnSites.flatMap((site) => textCasesOf(site).map((op) => returnCase(site, op))),
  ...socketReturnSites.flatMap((site) => socketCases(site.can).map((op) => returnCase(site, op))),
  ...fileTypeReturnSites.flatMap((site) => fileTypeCases.map((op) => returnCase(site, op))),
];

const names = (sites: readonly TextSite[]): string[] => [
  ...new Set(sites.flatMap((site) => textCases(site.limit, String).flatMap((op) => [...op.hits, ...op.misses]))),
];

/** Names of the files that the triggers open, and of those they execute. */
export const matrixFiles: string[] = names([...textSites, ...textReturnSites].filter((site) => site.files === true));
export const matrixPrograms: string[] = names(textSites.filter((site) => site.programs === true));
