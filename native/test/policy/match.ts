/** Comparison of what was told with what had to be. */
import type { Case, Json, JsonObject, Run, Truth, Wanted } from "./case.ts";

/** A line of the engine: its event's name and object, and our own part. */
export interface Line {
  readonly kind: string;
  readonly event: JsonObject;
  readonly telovix: JsonObject;
}

/** Requirements on a value that has no fixed text. */
export const ANY = "«any»";
export const NOT_EMPTY = "«not empty»";

/**
 * True when `value` has all that `wanted` has: objects may have more members; lists must be as long; `ANY` stands for
 * whatever is there, `NOT_EMPTY` for a text or list that has something in it. Text that begins with `~` is a part of
 * the value's text.
 */
export function contains(value: Json | undefined, wanted: Json): boolean {
  if (wanted === ANY) return value !== undefined;
  if (wanted === NOT_EMPTY) return (typeof value === "string" || Array.isArray(value)) && value.length > 0;
  if (typeof wanted === "string" && wanted.startsWith("~"))
    return typeof value === "string" && value.includes(wanted.slice(1));
  if (wanted === null || typeof wanted !== "object") return value === wanted;
  if (value === null || value === undefined || typeof value !== "object") return false;
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(value) &&
      value.length === wanted.length &&
      wanted.every((w, i) => contains(value[i] as Json, w as Json))
    );
  }
  if (Array.isArray(value)) return false;
  const members = value as JsonObject;
  return Object.entries(wanted as JsonObject).every(([key, w]) =>
    w === null ? !(key in members) : contains(members[key], w),
  );
}

/** Everything a `Wanted` may ask for: the event with its kind as `event`, our own part as `telovix`. */
function whole(line: Line): JsonObject {
  return { ...line.event, event: line.kind, telovix: line.telovix };
}

function fill(wanted: Wanted, truth: Truth): JsonObject {
  return typeof wanted === "function" ? wanted(truth) : wanted;
}

export function pidOf(line: Line): number {
  const process = line.event["process"];
  return process !== null && typeof process === "object" && !Array.isArray(process)
    ? Number((process as JsonObject)["pid"])
    : 0;
}

const linesOf = (run: Run, truth: Truth, all: readonly Line[]): readonly Line[] =>
  run.anyProcess === true ? all : all.filter((line) => pidOf(line) === truth.pid);

/** Is what is wrong only that too little was told? */
export function isMissed(c: Case, truths: readonly (Truth | undefined)[], all: readonly Line[]): boolean {
  return c.runs.every((run, i) => {
    const truth = truths[i];
    if (truth === undefined || truth.hung === true) return false;
    return checkRun(run, truth, all, false).length === 0 || linesOf(run, truth, all).length < run.events.length;
  });
}

/** What is wrong with one run; empty when nothing is. `degraded`: the engine has said that it could do no better. */
export function checkRun(run: Run, truth: Truth | undefined, all: readonly Line[], degraded: boolean): string[] {
  if (truth === undefined) return ["act said nothing of it"];
  if (truth.hung === true) return ["the run hung"];
  const lines = linesOf(run, truth, all);
  const wanted = run.events.map((w) => fill(w, truth));
  const faults: string[] = [];
  if (run.among === true) {
    for (const w of wanted) {
      if (!lines.some((line) => contains(whole(line), w))) faults.push(`not told: ${text(w)}; told: ${told(lines)}`);
    }
  } else if (lines.length !== wanted.length) {
    faults.push(`${lines.length} events, not ${wanted.length}: ${told(lines)}`);
  } else {
    lines.forEach((line, i) => {
      if (!contains(whole(line), wanted[i] as JsonObject))
        faults.push(`event ${i + 1} is ${told([line])}, not ${text(wanted[i] as JsonObject)}`);
    });
  }
  for (const n of run.never ?? []) {
    const found = lines.find((line) => contains(whole(line), fill(n, truth)));
    if (found !== undefined) faults.push(`must not be told: ${told([found])}`);
  }
  faults.push(...checkEffect(run, truth, degraded).map((fault) => `${fault}; told: ${told(lines)}`));
  return faults;
}

function checkEffect(run: Run, truth: Truth, degraded: boolean): string[] {
  const holds = (effect: Run["effect"]): boolean =>
    effect === undefined || contains(truth as unknown as JsonObject, effect as JsonObject);
  if (run.effect === undefined || holds(run.effect)) return [];
  if (degraded && run.weaker !== undefined && holds(run.weaker)) return [];
  const { ret, errno, signal, extra } = truth;
  return [`it ended with ${text({ ret, errno, signal, extra })}, not ${text(run.effect as JsonObject)}`];
}

/** All runs of a case. The faults name the run by what it did. */
export function checkCase(
  c: Case,
  truths: readonly (Truth | undefined)[],
  lines: readonly Line[],
  degraded: boolean,
): string[] {
  return c.runs.flatMap((run, i) =>
    checkRun(run, truths[i], lines, degraded).map((fault) => `${run.act.join(" ")}: ${fault}`),
  );
}

function text(value: Json): string {
  return JSON.stringify(value);
}

/** Events as a reader needs them: without the process. */
function told(lines: readonly Line[]): string {
  const shown = lines.slice(0, 3).map((line) => {
    const { process: _process, parent: _parent, ...rest } = whole(line);
    return text(rest).slice(0, 600);
  });
  return `[${shown.join(", ")}${lines.length > 3 ? ` and ${lines.length - 3} more` : ""}]`;
}
