/**
 * Outcomes of a kernel as they are kept between runs, in native/test/policy/outcomes/<kernel>.json: a run on all kernels takes hours, so
 * the page is made of the last run on each.
 */
import { readFileSync } from "node:fs";
import type { Case } from "./case.ts";
import { CASES } from "./cases.ts";
import type { Outcome, Result } from "./outcome.ts";

/** What run.ts writes. */
export interface Played {
  readonly kernel: string;
  readonly has: readonly string[];
  readonly results: readonly Result[];
}

/** Cases with the same outcome, by name. */
interface Group {
  readonly outcome: Outcome;
  readonly backend?: string;
  readonly reason?: string;
  readonly cases: readonly string[];
}

export interface Kept {
  readonly kernel: string;
  /** The day it ran, in UTC. */
  readonly on: string;
  readonly has: readonly string[];
  readonly groups: readonly Group[];
  /** What is none of the cases: scenarios and mutants. */
  readonly others: readonly Result[];
}

export function keep({ kernel, has, results }: Played, cases: readonly Case[], on: string): Kept {
  const known = new Set(cases.map((c) => c.name));
  const isCase = ({ name }: Result): boolean => known.has(name);
  const alike = Map.groupBy(results.filter(isCase), ({ outcome, backend, reason }) =>
    JSON.stringify([outcome, backend, reason]),
  );
  const groups = [...alike.values()].map((same): Group => {
    const { outcome, backend, reason } = same[0]!;
    const rest = { ...(backend ? { backend } : {}), ...(reason ? { reason } : {}) };
    return { outcome, ...rest, cases: same.map(({ name }) => name) };
  });
  return { kernel, on, has, groups, others: results.filter((result) => !isCase(result)) };
}

/** The results kept in a file. */
export const playedBefore = (path: string): readonly Result[] =>
  played(JSON.parse(readFileSync(path, "utf8")) as Kept, CASES).results;

/** What need not be tried again. */
export const settled = (before: readonly Result[]): readonly Result[] =>
  before.filter(({ outcome }) => outcome !== "FAILED");

/** The same as run.ts wrote it, in the rows and the order of the cases of today; what is no case any more is left out. */
export function played({ kernel, has, groups, others }: Kept, cases: readonly Case[]): Played {
  const outcomes = new Map(groups.flatMap(({ cases: names, ...same }) => names.map((name) => [name, same] as const)));
  const results = cases.flatMap((c): Result[] => {
    const outcome = outcomes.get(c.name);
    return outcome ? [{ name: c.name, hook: c.hook, shows: c.shows, ...outcome }] : [];
  });
  return { kernel, has, results: [...results, ...others] };
}
