import type { Selector } from "../model.ts";
import type { Action } from "../model-action.ts";
import type { Position } from "../model-base.ts";
import type { Filter } from "../model-filter.ts";
import { quoted } from "../problems.ts";
import type { SelectorSpec } from "../schema/selector.ts";
import { buildAction } from "./actions.ts";
import { buildArgFilter } from "./arg-filter.ts";
import type { Context } from "./context.ts";
import { ENGINE_LIMITS, textFault } from "./engine-text.ts";
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
  checkLabel(selector, ctx);
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
  if (actions.some(actsAtOnce)) checkReturnCopies(filters, selector, view, ctx);
  return {
    at: ctx.at(spec),
    ...(label === undefined ? {} : { label }),
    filters,
    returnFilters,
    actions: actions.length > 0 ? actions : [plainPost(spec, ctx)],
    returnActions: lists.matchReturnActions.flatMap((s) => buildAction(s, "return", view, ctx) ?? []),
  };
}

/** What is done before the call runs can't wait for what the call fills in. */
function actsAtOnce({ kind }: Action): boolean {
  return kind === "sigkill" || kind === "signal" || kind === "override" || kind === "notifyEnforcer";
}

function checkReturnCopies(
  filters: readonly Filter[],
  { lists, spec }: ExpandedSelector,
  view: HookView,
  ctx: Context,
): void {
  for (const filter of filters) {
    const refs =
      "oldArg" in filter
        ? [filter.arg, filter.oldArg]
        : "arg" in filter
          ? [filter.arg]
          : "args" in filter
            ? filter.args
            : [];
    const late = refs.some(({ from, slot }) => (from === "data" ? view.data : view.args)[slot]?.returnCopy === true);
    if (!late) continue;
    const owner = [...lists.matchArgs, ...lists.matchData].find((s) => isAt(ctx.at(s), filter.at)) ?? spec;
    ctx.error(
      "filter.return-copy",
      owner,
      undefined,
      "The value is there when the call returns (returnCopy), and the selector's actions stop the call before.",
      "Use matchReturnActions, or filter on a value that is known when the call begins.",
    );
  }
}

function isAt(a: Position, b: Position): boolean {
  return a.line === b.line && a.column === b.column;
}

function checkLabel({ label, spec }: ExpandedSelector, ctx: Context): void {
  if (label === undefined) return;
  const fault = textFault(label, ENGINE_LIMITS.label, "line");
  if (fault !== undefined) ctx.error("selectors.label", spec, "label", `${quoted(label)} ${fault}.`);
  else ctx.warn("selectors.label", spec, "label", "A selector's label only names it for people: events don't tell it.");
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
