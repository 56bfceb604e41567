/** One action, at every kind of hook. */
import { groupOf, type Case, type HookKind, type JsonObject, type Run } from "../case.ts";
import type { Plain } from "../matrix/plain.ts";
import { MONITOR } from "./told.ts";

export interface ActionCase {
  readonly name: string;
  readonly actions: readonly JsonObject[];
  readonly runs: (site: Plain, value: number) => readonly Run[];
  /** Nothing is enforced, only told. */
  readonly monitor?: boolean;
  /** What else stands in the policy. */
  readonly policy?: JsonObject;
  /** Kinds of hooks the format does not give it to, and a part of what the compiler says of that. */
  readonly refused?: { readonly [K in HookKind]?: string };
  /** Kinds of hooks with cases of their own for it. */
  readonly elsewhere?: readonly HookKind[];
  /** What a kernel must have beside the hook. */
  readonly needs?: readonly string[];
  /** And at some kinds of hooks only. */
  readonly needsAt?: { readonly [K in HookKind]?: string };
  readonly short?: boolean;
}

/** `value`: by which the case's events are known from those of others. */
export function actionCase(site: Plain, a: ActionCase, value: number): Case {
  const refusal = a.refused?.[site.hook];
  const needed = a.needsAt?.[site.hook];
  const actions = site.atReturn === true ? "matchReturnActions" : "matchActions";
  return {
    name: `${site.hook}-${a.name}`.toLowerCase().replaceAll(" ", "-"),
    group: refusal === undefined ? groupOf(site.hook) : "refused",
    hook: site.hook,
    shows: { action: a.name },
    spec: {
      ...a.policy,
      ...site.spec({ args: site.args, selectors: [{ ...site.only(value), [actions]: a.actions }] }),
      ...(a.monitor === true ? MONITOR : {}),
    },
    needs: [...site.needs, ...(a.needs ?? []), ...(needed === undefined ? [] : [needed])],
    ...(refusal === undefined ? {} : { compile: { rejected: refusal } }),
    runs: refusal === undefined ? a.runs(site, value) : [],
    ...(a.short === true && site.atReturn !== true && refusal === undefined ? { short: true } : {}),
  };
}

/** The compiler's words for a kind of hook that has no such action. */
export const notIn = (...hooks: readonly HookKind[]): { readonly [K in HookKind]?: string } =>
  Object.fromEntries(hooks.map((hook) => [hook, "doesn't work in"]));
