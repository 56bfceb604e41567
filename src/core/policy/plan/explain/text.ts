import type { HookOnHost, ExplainedGroup, ExplainedSelector, Explanation } from "./explain.ts";
import { QUIET_RATE } from "../hot-hooks.ts";
import { overBudgetWords } from "./budget-words.ts";
import { allOf, count, listed, sentence, wrap } from "./prose.ts";

const WIDTH = 100;
const LABEL = 12;

/** A paragraph with its label in the margin. */
function paragraph(label: string, text: string, indent = 3): string {
  const margin = " ".repeat(indent) + label.padEnd(LABEL);
  const lines = wrap(text, WIDTH - margin.length);
  return lines.map((line, i) => (i === 0 ? margin : " ".repeat(margin.length)) + line).join("\n");
}

/** "0.3 %", "less than 0.1 %". */
function percent(share: number): string {
  if (share < 0.0005) return "less than 0.1 %";
  const value = share * 100;
  return value < 10 ? `${value.toFixed(1)} %` : `${Math.round(value)} %`;
}

function micros(ns: number): string {
  return `${(ns / 1000).toFixed(1)} µs`;
}

function rate(hits: number): string {
  return hits.toLocaleString("en");
}

function selectorText(selector: ExplainedSelector, index: number, of: number): string {
  const { label, conditions, acts, returnConditions, outcome } = selector;
  const sign = of > 1 ? `${String.fromCharCode(97 + (index % 26))}) ` : "";
  const name = label === undefined ? "" : `[${label}] `;
  const when = (list: readonly string[]): string => (list.length > 0 ? sentence(allOf(list)) : "Always");
  if (returnConditions.length === 0 || acts.length === 0)
    return `${sign}${name}${when([...conditions, ...returnConditions])}: ${listed([...acts, ...outcome], "and")}.`;
  return `${sign}${name}${when(conditions)}: ${listed(acts, "and")}; if then ${allOf(returnConditions)}, ${listed(outcome, "and")}.`;
}

function rulesText(group: ExplainedGroup): string {
  if (group.isEnforcer) return paragraph("Then", "What the mark says is done to it.");
  if (group.selectors.length === 0) return paragraph("Then", "It is reported, always.");
  return group.selectors
    .map((s, i) => paragraph(i === 0 ? "When" : "", selectorText(s, i, group.selectors.length)))
    .join("\n");
}

/** Hooks of which the host does the same, together; where each is denied may differ. */
function alike(hooks: readonly HookOnHost[]): readonly (readonly HookOnHost[])[] {
  const groups = new Map<string, HookOnHost[]>();
  for (const hook of hooks) {
    const { backend, beside, status, reason, enforcement, cost } = hook;
    const key = JSON.stringify([backend, beside, status, reason, enforcement.method, cost?.over]);
    groups.set(key, [...(groups.get(key) ?? []), hook]);
  }
  return [...groups.values()];
}

const BACKENDS = {
  kprobe: "a kprobe",
  kretprobe: "a kprobe and its return probe",
  fentry: "an fentry program",
  fexit: "an fexit program",
  lsm: "a BPF security module program",
  fmod_ret: "an fmod_ret program",
  tracepoint: "a tracepoint program",
  raw_tp: "a raw tracepoint program",
  uprobe: "a uprobe",
  uretprobe: "a uprobe at the return",
  usdt: "a USDT probe",
  sys_enter: "a program at the entry of every system call",
  sys_exit: "a program at the exit of every system call",
} as const;

const METHODS = {
  lsm: "the security module program denies it",
  fmod_ret: "fmod_ret replaces its return value",
  override_return: "the kprobe replaces its return value",
  "lsm after sys_enter mark": "the thread is marked when it enters the call",
  cgroup: "a cgroup program denies it",
  signal: "by a signal",
  none: "",
} as const;

function hostText(hook: HookOnHost): string {
  if (hook.status === "rejected") return `Not possible: ${hook.reason}.`;
  if (hook.backend === undefined) return sentence(`${hook.reason ?? "nothing is attached for it"}.`);
  const through = `Through ${[...(hook.beside ?? []), hook.backend].map((b) => BACKENDS[b]).join(" and ")}`;
  return hook.status === "ok" ? `${through}.` : `${through}, with a loss: ${hook.reason}.`;
}

/** The reasons of several hooks, each once; with the hooks they are of when they differ. */
function reasonsOf(hooks: readonly HookOnHost[]): string | undefined {
  const reasons = new Map<string, string[]>();
  for (const { hook, enforcement } of hooks)
    if (enforcement.reason !== undefined)
      reasons.set(enforcement.reason, [...(reasons.get(enforcement.reason) ?? []), hook]);
  if (reasons.size <= 1) return reasons.keys().next().value;
  return listed(
    [...reasons].map(([reason, names]) => `${reason} (${listed(names, "and")})`),
    "and",
  );
}

function enforcementText(hooks: readonly HookOnHost[]): string {
  const { method, stopsCall } = hooks[0]!.enforcement;
  const reason = reasonsOf(hooks);
  if (!stopsCall) return `No, not the call itself: ${reason ?? METHODS[method]}.`;
  if (reason === undefined) return `Yes, the call is refused: ${METHODS[method]}.`;
  return `Yes, the call is refused: ${METHODS[method]}${method === "lsm after sys_enter mark" ? " and" : ","} ${reason}.`;
}

function costText(hooks: readonly HookOnHost[]): string | undefined {
  const costs = hooks.flatMap((h) => h.cost ?? []);
  const first = costs[0];
  if (!first) return undefined;
  const hits = costs.reduce((sum, c) => sum + c.hitsPerSecond, 0);
  const share = costs.reduce((sum, c) => sum + c.share, 0);
  const each = `${micros(first.missNs)} a hit, ${micros(first.eventNs)} when it is reported`;
  const isGuess = costs.every((c) => c.hitsPerSecond === QUIET_RATE);
  const at = isGuess
    ? `taken as quiet, at ${rate(hits)} hits a second`
    : `at ${rate(hits)} hits a second, as on a busy server`;
  const sum = `${each}; ${at}, ${percent(share)} of a core.`;
  if (first.over === undefined) return sum;
  const over = costs.length === 1 ? "It" : "Each";
  return `${sum} ${over} is ${overBudgetWords(first.over)}.`;
}

function onHostText(group: ExplainedGroup, mode: Explanation["mode"]): string[] {
  const sets = alike(group.onHost ?? []);
  return sets.flatMap((hooks, i) => {
    const first = hooks[0]!;
    const names =
      sets.length > 1
        ? `${listed(
            hooks.map((h) => h.hook),
            "and",
          )}: `
        : "";
    const lines = [paragraph(i === 0 ? "Here" : "", names + hostText(first))];
    const said = first.enforcement.method !== "none" || first.enforcement.reason !== undefined;
    if (group.enforces && first.status !== "rejected") {
      if (mode === "monitor") lines.push(paragraph("Stops it?", "No: in monitor mode it is only reported."));
      else if (said) lines.push(paragraph("Stops it?", enforcementText(hooks)));
    }
    const cost = costText(hooks);
    if (cost !== undefined) lines.push(paragraph("Cost", cost));
    return lines;
  });
}

const NOT_SEEN =
  "Not when the same is done through io_uring, which makes no system call: security hooks see that, where they run.";

function groupText(group: ExplainedGroup, index: number, mode: Explanation["mode"]): string {
  const head = wrap(`${index + 1}. ${group.name}`, WIDTH).map((line, i) => (i === 0 ? line : `   ${line}`));
  return [
    ...head,
    paragraph("Seen", group.trigger + (group.missesIoUring ? ` ${NOT_SEEN}` : "")),
    ...(group.isEnforcer ? [] : [paragraph("Recorded", group.recorded)]),
    rulesText(group),
    ...(group.onReturn === undefined ? [] : [paragraph("Besides", `When such a call returns, ${group.onReturn}.`)]),
    ...(group.message === undefined ? [] : [paragraph("Message", `"${group.message}"`)]),
    ...onHostText(group, mode),
  ].join("\n");
}

function modeText({ mode, groups }: Explanation): string {
  const stops = groups.some((g) => g.enforces);
  if (!stops) return "It watches only: nothing is stopped.";
  if (mode === "monitor") return "It is in monitor mode: what it would stop is only reported.";
  if (mode === "enforce") return "It enforces: what matches is stopped, as far as the host can.";
  return "It stops what matches, unless it is loaded in monitor mode.";
}

/** Facts of a host say what kinds of programs it takes, not what its kernel's parts are called. */
const NOT_CHECKED = " Names were not checked against that kernel's symbols.";

function verdictText({ groups, host }: Explanation): string | undefined {
  if (!host) return undefined;
  const hooks = groups.flatMap((g) => g.onHost ?? []);
  if (hooks.length === 0) return undefined;
  const rejected = hooks.filter((h) => h.status === "rejected").length;
  const degraded = hooks.filter((h) => h.status === "degraded").length;
  const where = `On Linux ${host.kernel ?? "of unknown version"}${host.isRealTime ? " (real-time)" : ""}`;
  const all = hooks.length;
  const its = (n: number): string => {
    if (all === 1) return "its hook";
    if (n < all) return `${n} of its ${all} hooks`;
    return all === 2 ? "both its hooks" : `all its ${n} hooks`;
  };
  const verb = (n: number, one: string, many: string): string => (n === 1 ? one : many);
  const none = all === 2 ? "neither of its hooks can" : `none of its ${all} hooks can`;
  const cannot = rejected === all && all > 1 ? none : `${its(rejected)} cannot`;
  const parts = [
    ...(rejected > 0 ? [`${cannot} do what is asked`] : []),
    ...(degraded > 0 ? [`${its(degraded)} ${verb(degraded, "works", "work")} with a loss`] : []),
  ];
  const unchecked = host.isResolved ? "" : NOT_CHECKED;
  if (parts.length > 0) return `${where} ${listed(parts, "and")}.${unchecked}`;
  if (!host.isResolved) return `${where} nothing known is in the way of ${its(all)}.${unchecked}`;
  return `${where} ${its(all)} ${verb(all, "works", "work")}.`;
}

function totalText({ share, shareInBudget, everySyscallShare: every = 0, groups }: Explanation): string | undefined {
  const costs = groups.flatMap((g) => g.onHost ?? []).flatMap((h) => h.cost ?? []);
  if (share === undefined || shareInBudget === undefined || costs.length === 0) return undefined;
  const over = costs.filter((c) => c.over !== undefined).length;
  const without = over > 0 ? `, ${percent(shareInBudget)} without the ${count(over, "hook")} over budget` : "";
  const part = every > 0 ? ` ${percent(every)} of it is paid by all system calls, whether they are named or not.` : "";
  return `Estimated cost on a busy server: ${percent(share)} of one core${without}.${part}`;
}

/** An explanation as text for a terminal, at most 100 columns wide where words allow it. */
export function explanationText(explanation: Explanation): string {
  const { name, namespace, groups } = explanation;
  const title = namespace === undefined ? name : `${namespace}/${name}`;
  const summary = [
    `${title} hooks ${count(groups.flatMap((g) => g.hooks).length, "place")}.`,
    modeText(explanation),
    `It is about ${explanation.scope}.`,
    ...(explanation.reportsExecutableMappings ? ["It reports every file that is mapped to be run."] : []),
    ...[verdictText(explanation)].filter((t) => t !== undefined),
  ];
  const total = totalText(explanation);
  return [
    wrap(summary.join(" "), WIDTH).join("\n"),
    ...groups.map((g, i) => groupText(g, i, explanation.mode)),
    ...(total === undefined ? [] : [wrap(total, WIDTH).join("\n")]),
  ].join("\n\n");
}
