/** Filters on the process, for every kind of hook. */
import type { Case, JsonObject, Run } from "../case.ts";
import { plainSites, type Plain } from "../matrix/plain.ts";
import type { FilterCase } from "../matrix/filter-case.ts";
import { PROCESS_FILTERS } from "../matrix/process-filters.ts";
import { STANDING_FILTERS } from "../matrix/standing-filters.ts";

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
    group: site.hook,
    hook: site.hook,
    shows: { filter: f.filter },
    spec: site.spec({ args: site.args, selectors: [{ ...f.selector, ...only }] }),
    needs: [...site.needs, ...(f.needs ?? [])],
    runs: [
      ...f.hits.map((modifiers) => run(modifiers, [site.event(v)])),
      ...f.misses.map((modifiers) => run(modifiers, [])),
    ],
    ...(f.short === true ? { short: true } : {}),
  };
}

export const filterCases: Case[] = plainSites.flatMap((site) =>
  [...PROCESS_FILTERS, ...STANDING_FILTERS]
    .filter((f) => f.once !== true || site.hook === "syscall")
    .map((f) => filterCase(site, f)),
);
