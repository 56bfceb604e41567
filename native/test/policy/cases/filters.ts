/** Filters on the process, for every kind of hook. */
import { groupOf, type Case, type JsonObject, type Run } from "../case.ts";
import { plainReturnSites, plainSites, type Plain } from "../matrix/plain.ts";
import type { FilterCase } from "../matrix/filter-case.ts";
import { PROCESS_FILTERS } from "../matrix/process-filters.ts";
import { STANDING_FILTERS } from "../matrix/standing-filters.ts";
import { WORKLOAD_FILTERS } from "../matrix/workload-filters.ts";

let value = 6100;

function filterCase(site: Plain, f: FilterCase): Case {
  const v = value++;
  const only = site.only(v);
  const run = (modifiers: readonly string[], events: readonly JsonObject[]): Run => ({
    act: [...modifiers, ...site.act(v)],
    events,
  });
  return {
    name: `${site.hook}-${f.name}`.replaceAll(" ", "-"),
    group: groupOf(site.hook),
    hook: site.hook,
    shows: { filter: f.filter },
    spec: site.spec({ args: site.args, selectors: [{ ...f.selector, ...only }] }),
    needs: [...site.needs, ...(f.needs ?? [])],
    runs: [
      ...f.hits.map((modifiers) => run(modifiers, [site.event(v)])),
      ...f.misses.map((modifiers) => run(modifiers, [])),
    ],
    ...(f.short === true && site.atReturn !== true ? { short: true } : {}),
  };
}

const ALL = [...PROCESS_FILTERS, ...STANDING_FILTERS, ...WORKLOAD_FILTERS];
/** Each filter once: at the return the process is what it was at the entry. */
const FIRST = ALL.filter((f, i) => ALL.findIndex((other) => other.filter === f.filter) === i);

export const filterCases: Case[] = [
  ...plainSites.flatMap((site) =>
    ALL.filter((f) => f.once !== true || site.hook === "syscall").map((f) => filterCase(site, f)),
  ),
  ...plainReturnSites.flatMap((site) => FIRST.map((f) => filterCase(site, f))),
];
