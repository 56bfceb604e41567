import type { Selector } from "../model.ts";
import type { Action } from "../model-action.ts";
import type { Filter } from "../model-filter.ts";
import type { SelectorSpec } from "../schema/selector.ts";
import { buildAction } from "./actions.ts";
import { buildArgFilter } from "./arg-filter.ts";
import type { Context } from "./context.ts";
import type { HookView } from "./hook-view.ts";
import { expandSelector, type ExpandedSelector } from "./macros.ts";
import { buildProcessFilters } from "./process-filter.ts";

const MAX_SELECTORS = 5;
const MAX_ARG_FILTERS = 5;
const MAX_ACTIONS = 3;
const MAX_EXPRESSIONS = 8;

/** Reads a hook's selectors. */
export function buildSelectors(
  specs: readonly SelectorSpec[] | undefined,
  view: HookView,
  ctx: Context,
): readonly Selector[] {
  if (specs === undefined) return [];
  if (specs.length > MAX_SELECTORS)
    ctx.error(
      "selectors.too-many",
      specs,
      MAX_SELECTORS,
      `A hook has at most ${MAX_SELECTORS} selectors; this has ${specs.length}.`,
      "Values of one filter are alternatives too: selectors that differ in one value can be joined.",
    );
  const selectors = specs.map((spec) => buildSelector(spec, view, ctx));
  const expressions = selectors.flatMap((s) => [...s.filters, ...s.returnFilters]).filter((f) => f.kind === "cel");
  if (expressions.length > MAX_EXPRESSIONS)
    ctx.error(
      "cel.too-many",
      specs,
      undefined,
      `A hook has at most ${MAX_EXPRESSIONS} expressions; this has ${expressions.length}.`,
    );
  return selectors;
}

function buildSelector(spec: SelectorSpec, view: HookView, ctx: Context): Selector {
  const selector = expandSelector(spec, ctx);
  const { lists, label } = selector;
  checkCounts(selector, ctx);
  checkReturn(selector, view, ctx);
  const filters: Filter[] = [
    ...lists.matchArgs.flatMap((s) => buildArgFilter(s, "args", view, ctx) ?? []),
    ...lists.matchData.flatMap((s) => buildArgFilter(s, "data", view, ctx) ?? []),
    ...buildProcessFilters(selector, ctx),
  ];
  const hasReturn = view.canReturn && view.returnArg !== undefined;
  const returnFilters = hasReturn
    ? lists.matchReturnArgs.flatMap((s) => buildArgFilter(s, "return", view, ctx) ?? [])
    : [];
  const actions = lists.matchActions.flatMap((s) => buildAction(s, "entry", view, ctx) ?? []);
  return {
    at: ctx.at(spec),
    ...(label === undefined ? {} : { label }),
    filters,
    returnFilters,
    actions: actions.length > 0 ? actions : [plainPost(spec, ctx)],
    returnActions: lists.matchReturnActions.flatMap((s) => buildAction(s, "return", view, ctx) ?? []),
  };
}

function plainPost(spec: SelectorSpec, ctx: Context): Action {
  return { kind: "post", at: ctx.at(spec), kernelStackTrace: false, userStackTrace: false, imaHash: false };
}

function checkCounts({ lists, spec }: ExpandedSelector, ctx: Context): void {
  const argFilters = lists.matchArgs.length + lists.matchData.length;
  tooMany("selectors.filters", argFilters, MAX_ARG_FILTERS, "filters in matchArgs and matchData", [
    ...lists.matchArgs,
    ...lists.matchData,
  ]);
  tooMany(
    "selectors.filters",
    lists.matchReturnArgs.length,
    MAX_ARG_FILTERS,
    "filters in matchReturnArgs",
    lists.matchReturnArgs,
  );
  tooMany("selectors.actions", lists.matchActions.length, MAX_ACTIONS, "actions", lists.matchActions);
  tooMany(
    "selectors.actions",
    lists.matchReturnActions.length,
    MAX_ACTIONS,
    "return actions",
    lists.matchReturnActions,
  );

  function tooMany(rule: string, count: number, most: number, what: string, items: readonly object[]): void {
    if (count <= most) return;
    const at = items[most] ?? spec;
    ctx.error(rule, at, undefined, `A selector has at most ${most} ${what}; this has ${count}.`);
  }
}

/** Filters and actions on a return value need one, and one that is described. */
function checkReturn({ lists, spec }: ExpandedSelector, view: HookView, ctx: Context): void {
  for (const field of ["matchReturnArgs", "matchReturnActions"] as const) {
    const [first] = lists[field];
    if (first === undefined) continue;
    const owner = spec[field] === undefined ? first : spec;
    const member = spec[field] === undefined ? undefined : field;
    if (!view.canReturn)
      ctx.error("selectors.no-return", owner, member, `${field} doesn't work here: the hook sees no return value.`);
    else if (view.returnArg === undefined)
      ctx.error(
        "selectors.no-return-arg",
        owner,
        member,
        `${field} needs the return value, and returnArg doesn't say what it is.`,
        "Add 'return: true' and returnArg with a type.",
      );
  }
}
