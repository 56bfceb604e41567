import type { Problems } from "../problems.ts";
import type { Source } from "../read/source.ts";
import type { LabelSelector } from "./labels.ts";
import type { PolicyDocument, PolicySpec } from "./policy.ts";
import type { SelectorSpec } from "./selector.ts";

/** Rules of the schema that tie several fields together. Hooks that break one are marked as broken. */
export function checkSchemaRules(document: Partial<PolicyDocument>, source: Source, problems: Problems): void {
  const { spec } = document;
  if (spec === undefined) return;
  if (document.kind === "TracingPolicyNamespaced" && spec.hostSelector !== undefined)
    problems.error(
      "S1",
      "host-selector.namespaced",
      source.at(spec, "hostSelector"),
      "A namespaced policy has no hostSelector: a host is in no namespace.",
    );
  checkHostSelector(spec.hostSelector, source, problems);
  for (const hook of [...(spec.kprobes ?? []), ...(spec.fentries ?? []), ...(spec.uprobes ?? [])])
    marking(source, problems, hook, () => checkReturn(hook, source, problems));
  for (const hook of spec.uprobes ?? []) marking(source, problems, hook, () => checkTargets(hook, source, problems));
  const hooks: readonly { readonly selectors?: readonly SelectorSpec[] }[] = [
    ...(spec.kprobes ?? []),
    ...(spec.fentries ?? []),
    ...(spec.tracepoints ?? []),
    ...(spec.uprobes ?? []),
    ...(spec.usdts ?? []),
    ...(spec.lsmhooks ?? []),
  ];
  for (const hook of hooks)
    marking(source, problems, hook, () => {
      for (const selector of hook.selectors ?? []) checkSelector(selector, source, problems);
    });
  for (const macro of Object.values(spec.selectorsMacros ?? {}))
    marking(source, problems, macro, () => checkSelector(macro, source, problems));
}

function marking(source: Source, problems: Problems, owner: object, check: () => void): void {
  const before = problems.errors;
  check();
  if (problems.errors > before) source.markBroken(owner);
}

function checkReturn(hook: { readonly return?: boolean }, source: Source, problems: Problems): void {
  if (hook.return !== true || source.has(hook, "returnArg")) return;
  problems.error(
    "S1",
    "return.no-return-arg",
    source.at(hook, "return"),
    "The return value is asked for, but returnArg doesn't say what it is.",
    "Add returnArg with a type.",
  );
  source.markOdd(hook, "returnArg");
}

function checkTargets(hook: NonNullable<PolicySpec["uprobes"]>[number], source: Source, problems: Problems): void {
  const given = (["symbols", "offsets", "addrs"] as const).filter((field) => source.has(hook, field));
  if (given.length < 2) return;
  problems.error(
    "S1",
    "uprobe.many-targets",
    source.at(hook, given[1]),
    `A uprobe has one of symbols, offsets and addrs; this has ${given.join(" and ")}.`,
    "Write one uprobe for each.",
  );
  source.markDamaged(hook);
}

function checkSelector(selector: SelectorSpec, source: Source, problems: Problems): void {
  checkHostSelector(selector.matchWorkloads?.hostSelector, source, problems);
  for (const action of [...(selector.matchActions ?? []), ...(selector.matchReturnActions ?? [])]) {
    const given = (["argNewSymbol", "argNewAddr", "argNewOffset"] as const).filter((f) => source.has(action, f));
    if (given.length < 2) continue;
    problems.error(
      "S1",
      "action.many-jumps",
      source.at(action, given[1]),
      `An action has at most one of argNewSymbol, argNewAddr and argNewOffset; this has ${given.join(" and ")}.`,
    );
    source.markDamaged(action);
  }
}

function checkHostSelector(selector: LabelSelector | undefined, source: Source, problems: Problems): void {
  if (selector === undefined) return;
  const field = (["matchLabels", "matchExpressions"] as const).find((f) => source.has(selector, f));
  if (field === undefined) return;
  problems.error(
    "S1",
    "host-selector.not-empty",
    source.at(selector, field),
    "A hostSelector chooses nothing within hosts.",
    "Write 'hostSelector: {}' for the host, or leave it out. Choose nodes with nodeSelector.",
  );
  source.markDamaged(selector);
}
