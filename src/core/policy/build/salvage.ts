import type { Problem } from "../report.ts";
import type { Source } from "../read/source.ts";

/** What refers to an argument, by the end of its path. */
const OF_ARGS = /\/match(?:Args|Data|ReturnArgs)(?:\/|$)|\/(?:argSock|argIndex|sizeArgIndex)$/;
const OF_RETURN = /\/(?:matchReturn(?:Args|Actions)|returnArg|returnArgAction)(?:\/|$)/;

/** What a hook with misfits inside is left with. */
export interface Salvage {
  /** Whether a problem of the rest is one of its own, and not due to what was taken out. */
  readonly isOwn: (problem: Problem) => boolean;
}

/**
 * Takes out of a hook, in place, each argument, filter, action or selector that does not fit the schema, so that the rest can be looked at:
 * one misspelt word would hide every other fault of the hook. Undefined where the misfit is the hook's own.
 */
export function salvage(hook: object, source: Source): Salvage | undefined {
  if (source.isDamaged(hook)) return undefined;
  const members = hook as Record<string, unknown>;
  const taken = new Set<string>();
  for (const [name, value] of Object.entries(members)) {
    const left = fitting(value, source, name === "selectors");
    if (left === "all") continue;
    taken.add(name);
    if (left === "nothing") delete members[name];
  }
  const meant = source.oddFields(hook);
  const lacks = (name: string): boolean => taken.has(name) || meant?.has(name) === true;
  const ofArgs = ["args", "data", "returnArg"].some(lacks);
  const ofReturn = lacks("returnArg");
  return {
    isOwn: ({ path, rule }) =>
      !(ofArgs && OF_ARGS.test(path)) && !(ofReturn && (OF_RETURN.test(path) || rule.startsWith("return."))),
  };
}

/** The same of a selector that stands by itself, as macros do; false where the misfit is its own. */
export function salvageSelector(selector: object, source: Source): boolean {
  if (source.isDamaged(selector)) return false;
  fitSelector(selector, source);
  return true;
}

/** The same of what has nothing inside but texts; undefined where the misfit is its own. */
export function salvageTexts(item: object, source: Source): Salvage | undefined {
  if (source.isDamaged(item)) return undefined;
  const members = item as Record<string, unknown>;
  const taken = new Set(source.oddFields(item));
  for (const [name, value] of Object.entries(members))
    if (typeof value === "object" && value !== null && source.isDamaged(value)) {
      taken.add(name);
      delete members[name];
    }
  const under = source.at(item).path.length + 1;
  return { isOwn: ({ path }) => !taken.has(path.slice(under).split("/")[0] ?? "") };
}

/** Takes out what does not fit of a member; what is left of it. */
function fitting(value: unknown, source: Source, areSelectors: boolean): "all" | "some" | "nothing" {
  if (typeof value !== "object" || value === null) return "all";
  if (!Array.isArray(value)) return isUsable(value, source) ? "all" : "nothing";
  // A member that is no mapping, or too many of them: nobody knows which were meant.
  if (source.isDamaged(value)) return "nothing";
  const list = value as unknown[];
  let isWhole = true;
  for (let i = list.length - 1; i >= 0; i--) {
    const item = list[i];
    if (typeof item !== "object" || item === null) continue;
    if (areSelectors && !source.isDamaged(item)) {
      if (!fitSelector(item, source)) isWhole = false;
    } else if (areSelectors || !isUsable(item, source)) {
      isWhole = false;
      list.splice(i, 1);
    }
  }
  return isWhole ? "all" : "some";
}

/** A selector goes on without those of its filters and actions that do not fit; true when all do. */
function fitSelector(selector: object, source: Source): boolean {
  const left = Object.entries(selector).map(([name, member]) => [name, fitting(member, source, false)] as const);
  for (const [name, what] of left) if (what === "nothing") delete (selector as Record<string, unknown>)[name];
  return left.every(([, what]) => what === "all");
}

/** An object that has all it needs and no word too many, which may be a needed one misspelt. */
function isUsable(value: object, source: Source): boolean {
  if (source.isDamaged(value) || source.oddFields(value)) return false;
  return Object.values(value).every(
    (member) => typeof member !== "object" || member === null || isUsable(member as object, source),
  );
}
